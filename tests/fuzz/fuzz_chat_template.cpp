// Any bytes as chat_template.jinja -> a prompt template -> ids. Errors must be typed; a template that is accepted writes every message of a
// conversation as a turn of its own.
#include "input_file.h"
#include "midillama/text/chat_template.h"

#include <cstdio>
#include <cstdlib>

namespace {

void require(bool holds, const char* promise) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

const midillama::text::Tokenizer& tokenizer() {
  static const auto loaded = midillama::text::load_tokenizer("tests/golden/text/chat/chatml");
  return *loaded;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace midillama;
  using text::Role;
  constexpr std::int64_t kLongest = 1 << 24, kMusicTokens = 1;
  const auto file = fuzz::as_file(data, size, "chat_template.jinja");
  try {
    const text::PromptTemplate prompt(text::read_chat_template(file.parent_path(), tokenizer()), tokenizer());
    const auto one = prompt.encode({{{Role::user, "Which key?"}, {Role::assistant, "G major."}}}, kLongest, kMusicTokens);
    const auto two = prompt.encode(
        {{{Role::user, "Which key?"}, {Role::assistant, "G major."}, {Role::user, "Which key?"}, {Role::assistant, "G major."}}}, kLongest,
        kMusicTokens);
    require(text::count_targets(one.labels) > 0, "an answer carries loss");
    require(text::count_targets(two.labels) > text::count_targets(one.labels), "every answer carries loss");
    require(two.input_ids.size() > one.input_ids.size(), "a turn more is longer");
    require(one.music_position <= static_cast<std::int64_t>(one.input_ids.size()), "the music has a place");
  } catch (const Error&) {
  }
  return 0;
}
