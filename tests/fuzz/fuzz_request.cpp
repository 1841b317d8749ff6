// Any bytes as the body of a request -> what is asked for. Refusals must be typed; what is accepted keeps to the limits.
#include "midillama/core/error.h"
#include "midillama/serve/request.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <variant>

namespace {

void require(bool holds, const char* promise) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace midillama::serve;
  const std::string body(data, data + size);
  const RequestLimits limits;
  const auto check = [&](const Asked& asked) {
    require(asked.max_new_tokens >= 1 && asked.max_new_tokens <= limits.most_new_tokens, "an answer has a length");
    require(asked.choices >= 1 && asked.choices <= limits.most_choices, "choices are bounded");
    require(asked.temperature >= 0 && asked.top_p > 0 && asked.top_p <= 1, "the sampling is possible");
    require(!asked.music || asked.music->note_count() > 0, "music has notes");
    require(asked.prompt || asked.conversation.messages.back().role == midillama::text::Role::user, "a question comes last");
  };
  try {
    check(read_chat_request(body, limits));
  } catch (const midillama::Error&) {
  }
  try {
    for (const Asked& asked : read_completion_request(body, limits)) check(asked);
  } catch (const midillama::Error&) {
  }
  try {
    for (const auto& input : read_embeddings_request(body, limits).inputs) {
      const auto* music = std::get_if<midillama::midi::Score>(&input);
      require(music == nullptr || music->note_count() > 0, "music has notes");
    }
  } catch (const midillama::Error&) {
  }
  return 0;
}
