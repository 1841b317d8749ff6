// Any bytes as a JSON schema -> a grammar -> answers. Errors must be typed; every answer that is drawn at random within its budget ends,
// parses, has no key twice, and is accepted again byte by byte.
#include "midillama/core/json_reader.h"
#include "midillama/core/random.h"
#include "midillama/grammar/matcher.h"

#include <bit>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace {

using namespace midillama;

void require(bool holds, const char* promise) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

// Bytes, and tokens that go through several states of a JSON text.
class Tokens final : public text::Tokenizer {
 public:
  std::vector<text::TokenId> encode(std::string_view) const override { return {}; }
  std::string decode(std::span<const text::TokenId>) const override { return {}; }
  std::string token_bytes(text::TokenId id) const override {
    return id < 256 ? std::string(1, static_cast<char>(id)) : kMore[static_cast<std::size_t>(id) - 256];
  }
  std::int64_t vocab_size() const override { return 256 + static_cast<std::int64_t>(std::size(kMore)); }
  std::optional<text::TokenId> bos_id() const override { return std::nullopt; }
  std::optional<text::TokenId> eos_id() const override { return vocab_size() - 1; }
  std::optional<text::TokenId> token_id(std::string_view) const override { return std::nullopt; }
  std::string token(text::TokenId id) const override { return token_bytes(id); }

 private:
  static constexpr const char* kMore[] = {"{\"", "\":", "\",\"", "\"}",  "[[[[", "]]",   "}}",      "true",  "12",   "0.",   "-1", "e1",
                                          "\\u", "ab",  "\xC3",  "\x80", "\": ", ", \"", "\\ud83d", "\\\"}", "a\":", "\"\"", "{}", ""};
};

const std::shared_ptr<const grammar::Vocabulary>& vocabulary() {
  static const auto made = std::make_shared<const grammar::Vocabulary>(Tokens(), std::vector{*Tokens().eos_id()});
  return made;
}

std::string walk(const std::shared_ptr<const grammar::Grammar>& grammar, std::int64_t budget, std::uint64_t seed) {
  grammar::Matcher matcher(grammar);
  Random random(seed);
  std::string text;
  for (; budget > 0 && !matcher.is_finished(); --budget) {
    const auto mask = matcher.allowed(budget);
    std::vector<text::TokenId> ids;
    for (text::TokenId id = 0; id < vocabulary()->size(); ++id) {
      if ((mask[static_cast<std::size_t>(id) / 64] >> (id % 64) & 1) != 0) ids.push_back(id);
    }
    const text::TokenId id = ids[random.below(ids.size())];
    if (id == vocabulary()->stop_ids().front()) break;
    matcher.accept(id);
    text += vocabulary()->bytes(id);
  }
  require(matcher.is_complete(), "an answer is whole within its budget");
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::int64_t kLongest = 400;
  try {
    const auto schema = parse_ordered_json(std::string_view(reinterpret_cast<const char*>(data), size), "schema");
    const auto grammar = grammar::json_schema(schema, vocabulary());
    if (grammar->shortest() > kLongest) return 0;
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      std::string text;
      try {
        text = walk(grammar, grammar->shortest() + static_cast<std::int64_t>(40 * seed), seed + size);
      } catch (const Error& error) {
        require(false, error.what());
      }
      require(OrderedJson::accept(text), "an answer is JSON");
      require(!repeated_key(text), "no key comes twice");
      grammar::Matcher again(grammar);
      for (const char byte : text) again.accept(static_cast<unsigned char>(byte));
      require(again.is_complete(), "an answer is one of the grammar's");
    }
  } catch (const Error&) {
  }
  return 0;
}
