// The chat template of a model directory (chat_template.jinja, or the key chat_template of tokenizer_config.json) as a prompt template.
//
// The template, a program in Jinja, is run on conversations of marked messages, and what it writes between the marks is the text of a turn.
// So ids equal those of Hugging Face's apply_chat_template, with two differences: white space around a message is removed whatever the
// template says, and a system message that it has no place for comes before the first question. What the template seeks in a message (a
// thinking block, say) is refused there by PromptTemplate.
#pragma once

#include "midillama/text/prompt.h"
#include "midillama/text/tokenizer.h"

#include <filesystem>

namespace midillama::text {

// The turns of the known families: llama3, chatml, llama2 and mistral, told by the special tokens that they write. The music comes right
// after the header of the first user turn, or where a header has no line of its own, before it. ConfigError (key prompt.template), saying
// what to write instead, where the directory has no chat template, it is of another family, is not understood, looks into messages
// otherwise than for a given text, or does not write every turn alike, in conversations of up to eight turns and of forty.
PromptText read_chat_template(const std::filesystem::path& directory, const Tokenizer& tokenizer);

}  // namespace midillama::text
