#include "midillama/shapes/compatibility.h"

#include "midillama/core/error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace midillama::shapes {
namespace {

constexpr std::string_view kEndOfTurn = "<|eot_id|>";
constexpr std::string_view kChatTokens[] = {"<|start_header_id|>", "<|end_header_id|>", kEndOfTurn};

constexpr std::int64_t kLlama3Vocabulary = 128256;
constexpr std::pair<std::string_view, text::TokenId> kLlama3Ids[] = {{"<|begin_of_text|>", 128000},
                                                                     {"<|end_of_text|>", 128001},
                                                                     {"<|start_header_id|>", 128006},
                                                                     {"<|end_header_id|>", 128007},
                                                                     {"<|eot_id|>", 128009}};
// As Meta's tokenizer (llama-models 0.3.0) encodes it: words, digits in groups, punctuation and a line's end.
constexpr std::string_view kLlama3Text = "It is in F sharp minor, 6/8, at 112.5 bpm.\nA gigue.";
constexpr text::TokenId kLlama3TextIds[] = {2181, 374, 304,  435, 17676, 9099,  11,  220, 21,  14,    23, 11,
                                            520,  220, 7261, 13,  20,    98824, 627, 32,  342, 22711, 13};

}  // namespace

LlmKind llm_kind(const config::Llm& config, const LlamaConfig& llm, const text::Tokenizer& tokenizer) {
  if (config.kind != "auto") return config.kind == "base" ? LlmKind::base : LlmKind::instruct;
  const auto end_of_turn = tokenizer.token_id(kEndOfTurn);
  if (!end_of_turn) return LlmKind::base;
  const bool named = tokenizer.eos_id() == end_of_turn || std::ranges::find(llm.eos_token_ids, *end_of_turn) != llm.eos_token_ids.end();
  return named ? LlmKind::instruct : LlmKind::base;
}

void require_trained_template(const config::Llm& config, const text::PromptTemplate& prompt, const LlamaConfig& llm,
                              const text::Tokenizer& tokenizer) {
  if (llm_kind(config, llm, tokenizer) == LlmKind::instruct) return;
  for (const std::string_view token : kChatTokens) {
    if (prompt.text().find(token) == std::string::npos) continue;
    throw ConfigError({fmt::format(
        "prompt.template: writes {}, but {} is a base model ({}), whose chat tokens are untrained: it would "
        "learn NaN or endless answers; plain is right for it (llm.kind=instruct overrides this)",
        token, config.path, config.kind == "base" ? "llm.kind says so" : fmt::format("{} does not end its texts", kEndOfTurn))});
  }
}

std::string open_end(const text::PromptTemplate& prompt) {
  if (prompt.has_end()) return "";
  return "prompt.template: no token comes after {answer}: a model that is trained with it never stops; put {eos} or the chat format's end "
         "there";
}

void require_tokenizer(const config::Llm& config, const LlamaConfig& llm, const text::Tokenizer& tokenizer) {
  if (tokenizer.vocab_size() > llm.vocab_size) {
    throw InputError(config.path, "",
                     fmt::format("the tokenizer has {} ids, but the decoder's vocab_size is {}: they do not belong together",
                                 tokenizer.vocab_size(), llm.vocab_size));
  }
  if (llm.vocab_size != kLlama3Vocabulary) return;
  std::vector<std::string> mistakes;
  for (const auto& [token, id] : kLlama3Ids) {
    const auto found = tokenizer.token_id(token);
    if (found != id) mistakes.push_back(fmt::format("{} is {}, must be {}", token, found ? std::to_string(*found) : "missing", id));
  }
  if (const auto ids = tokenizer.encode(kLlama3Text); !std::ranges::equal(ids, kLlama3TextIds)) {
    mistakes.push_back(
        fmt::format("\"{}\" gives [{}], must give [{}]", kLlama3Text, fmt::join(ids, ", "), fmt::join(kLlama3TextIds, ", ")));
  }
  if (!mistakes.empty()) {
    throw InputError(
        config.path, "",
        fmt::format("the decoder has Llama-3's vocabulary, but the tokenizer is not Llama-3's: {}", fmt::join(mistakes, "; ")));
  }
}

std::int64_t longest_example(const config::Prompt& prompt, const LlamaConfig& llm) {
  return std::min(prompt.max_length, llm.max_position_embeddings);
}

}  // namespace midillama::shapes
