// Any bytes as tokenizer.json -> a tokenizer -> ids and text. Errors must be typed; a tokenizer that is accepted gives ids of its
// vocabulary only, and takes every id that it has.
#include "input_file.h"
#include "midillama/core/log.h"
#include "midillama/text/tokenizer.h"

#include <cstdio>
#include <cstdlib>

namespace {

void require(bool holds, const char* promise) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

constexpr const char* kTexts[] = {"", "It is a reel in G major, isn't it?\n\n  Yes 6/8 <|eot_id|>", "Grüße \xff\xfe \xe2\x82",
                                  "aaaaaaaaaaaaaaaaaaaaaaaa"};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace midillama;
  static const bool quiet = (log::set_level(log::Level::error), true);
  (void)quiet;
  try {
    const auto tokenizer = text::load_tokenizer(fuzz::as_file(data, size, "tokenizer.json"));
    for (const char* text : kTexts) {
      const auto ids = tokenizer->encode(text);
      for (const auto id : ids) require(id >= 0 && id < tokenizer->vocab_size(), "ids are of the vocabulary");
      (void)tokenizer->decode(ids);
    }
    for (text::TokenId id = 0; id < std::min<text::TokenId>(tokenizer->vocab_size(), 512); ++id) (void)tokenizer->token(id);
  } catch (const Error&) {
  }
  return 0;
}
