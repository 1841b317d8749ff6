#include "midillama/gguf/tokenizer.h"

#include "gguf/bpe_json.h"
#include "midillama/core/error.h"
#include "midillama/text/utf8.h"

#include <fmt/format.h>

#include <algorithm>

namespace midillama::gguf {
namespace {

constexpr const char* kKindKey = "tokenizer.ggml.model";
constexpr const char* kChatTemplateKey = "tokenizer.chat_template";

TokenizerParts parts_of(const File& file, const Vocabulary& vocabulary) {
  const auto kind = file.text(kKindKey);
  if (kind == "gpt2") return byte_level_parts(file, vocabulary);
  if (kind == "llama") return character_level_parts(file, vocabulary);
  throw InputError(file.path(), kKindKey, kind ? fmt::format("\"{}\" is not supported, gpt2 and llama are", *kind) : "is missing");
}

OrderedJson special_piece(const std::string& spelling, int sequence) {
  return {{"SpecialToken", {{"id", spelling}, {"type_id", sequence}}}};
}

// What puts bos and eos around a text; null where nothing does.
OrderedJson frame(const Vocabulary& vocabulary, std::optional<text::TokenId> bos, std::optional<text::TokenId> eos) {
  if (!bos && !eos) return nullptr;
  OrderedJson single = OrderedJson::array(), pair = OrderedJson::array(), tokens = OrderedJson::object();
  for (const int sequence : {0, 1}) {
    const auto add = [&](const OrderedJson& piece) {
      if (sequence == 0) single.push_back(piece);
      pair.push_back(piece);
    };
    if (bos) add(special_piece(vocabulary.spelling(*bos), sequence));
    add({{"Sequence", {{"id", sequence == 0 ? "A" : "B"}, {"type_id", sequence}}}});
    if (eos) add(special_piece(vocabulary.spelling(*eos), sequence));
  }
  for (const auto id : {bos, eos}) {
    if (!id) continue;
    const std::string spelling = vocabulary.spelling(*id);
    tokens[spelling] = {{"id", spelling}, {"ids", {*id}}, {"tokens", {spelling}}};
  }
  return {{"type", "TemplateProcessing"}, {"single", single}, {"pair", pair}, {"special_tokens", tokens}};
}

OrderedJson post_processor(const OrderedJson& step, const OrderedJson& frame) {
  if (step.is_null() || frame.is_null()) return step.is_null() ? frame : step;
  return {{"type", "Sequence"}, {"processors", {step, frame}}};
}

OrderedJson config_of(const File& file, const Vocabulary& vocabulary) {
  OrderedJson config = {{"tokenizer_class", "PreTrainedTokenizerFast"}, {"clean_up_tokenization_spaces", false}};
  for (const auto& [name, key] : {std::pair("bos", "bos_token"), std::pair("eos", "eos_token"), std::pair("unknown", "unk_token"),
                                  std::pair("padding", "pad_token")}) {
    if (const auto id = vocabulary.special(name)) config[key] = vocabulary.spelling(*id);
  }
  if (const auto chat = file.text(kChatTemplateKey)) {
    std::string repaired;
    config["chat_template"] = text::valid_utf8(*chat, repaired);
  }
  return config;
}

}  // namespace

TokenizerFiles read_tokenizer(const File& file) {
  const Vocabulary vocabulary(file);
  TokenizerParts parts = parts_of(file, vocabulary);
  TokenizerFiles files;
  files.vocab_size = static_cast<std::int64_t>(vocabulary.tokens().size());
  files.bos = vocabulary.special("bos");
  files.pad = vocabulary.special("padding");
  for (const char* name : {"eos", "eot", "eom"}) {
    const auto id = vocabulary.special(name);
    if (id && std::ranges::find(files.eos, *id) == files.eos.end()) files.eos.push_back(*id);
  }
  const bool adds_bos = file.flag("tokenizer.ggml.add_bos_token").value_or(parts.adds_bos);
  const bool adds_eos = file.flag("tokenizer.ggml.add_eos_token").value_or(false);
  const OrderedJson around = frame(vocabulary, adds_bos ? files.bos : std::nullopt, adds_eos ? vocabulary.special("eos") : std::nullopt);
  files.tokenizer = {{"version", "1.0"},
                     {"truncation", nullptr},
                     {"padding", nullptr},
                     {"added_tokens", vocabulary.added_tokens()},
                     {"normalizer", parts.normalizer},
                     {"pre_tokenizer", parts.pre_tokenizer},
                     {"post_processor", post_processor(parts.post_processor, around)},
                     {"decoder", parts.decoder}};
  files.tokenizer["model"] = std::move(parts.model);
  files.config = config_of(file, vocabulary);
  return files;
}

}  // namespace midillama::gguf
