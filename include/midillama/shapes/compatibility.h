// Whether decoder, tokenizer and prompt template belong together. Training, generation and the doctor ask the same questions.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/shapes/llama_config.h"
#include "midillama/text/prompt.h"
#include "midillama/text/tokenizer.h"

#include <cstdint>
#include <string>

namespace midillama::shapes {

enum class LlmKind { base, instruct };

// llm.kind, or where that is "auto" what the directory says: a chat model ends its turns with <|eot_id|> or <|im_end|> and therefore names
// it among the ids that end a text (eos of config.json, generation_config.json or the tokenizer). A chat template in tokenizer_config.json
// proves nothing: base models are published with one, too.
LlmKind llm_kind(const config::Llm& config, const LlamaConfig& llm, const text::Tokenizer& tokenizer);

// ConfigError (key prompt.template) where the template writes chat tokens (of Llama-3's format or ChatML) for a base
// model: their embeddings are untrained there, and frozen in every stage.
void require_trained_template(const config::Llm& config, const text::PromptTemplate& prompt, const LlamaConfig& llm,
                              const text::Tokenizer& tokenizer);

// What is wrong with a template in which no token ends an answer; empty where one does. A warning: generation may stop by other means.
std::string open_end(const text::PromptTemplate& prompt);

// InputError (llm.path) where the tokenizer has more ids than the decoder has embeddings, or where the decoder has a vocabulary that is
// known (Llama-3's, by its size; SmolLM2's, by its special ids) but the tokenizer not its special ids or not its ids for a known text.
void require_tokenizer(const config::Llm& config, const LlamaConfig& llm, const text::Tokenizer& tokenizer);

// The longest example that a stage takes: prompt.max_length, or the decoder's context where that is shorter.
std::int64_t longest_example(const config::Prompt& prompt, const LlamaConfig& llm);

}  // namespace midillama::shapes
