#include "gguf/bpe_json.h"
#include "midillama/core/error.h"
#include "midillama/core/log.h"
#include "midillama/text/patterns.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace midillama::gguf {
namespace {

constexpr const char* kPreKey = "tokenizer.ggml.pre";
constexpr const char* kMergesKey = "tokenizer.ggml.merges";
constexpr std::string_view kDefault = "default";

OrderedJson split(std::string_view pattern) {
  return {{"type", "Split"}, {"pattern", {{"Regex", pattern}}}, {"behavior", "Isolated"}, {"invert", false}};
}

// The step that writes bytes in their alphabet, after cutting as GPT-2 does if wanted.
OrderedJson byte_level(bool cuts) {
  return {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", cuts}};
}

OrderedJson llama3_steps() {
  return {split(text::kLlama3Pattern), byte_level(false)};
}

OrderedJson smollm_steps() {
  return {{{"type", "Digits"}, {"individual_digits", true}}, byte_level(true)};
}

OrderedJson gpt2_steps() {
  return OrderedJson::array({byte_level(true)});
}

// What llama.cpp does where a model's own way is not known.
OrderedJson default_steps() {
  return {split(R"([\p{P}\$\+<=>\^~\|]+)"), split(text::kGpt2Pattern), split(R"(\p{N}+)"), split(R"([0-9][0-9][0-9])"), byte_level(false)};
}

struct Pre {
  std::string_view name;
  OrderedJson (*steps)();
  bool takes_whole_tokens = false;  // a piece that is a token is not merged
  bool adds_bos = false;            // where the file does not say
};
constexpr auto kPres = std::to_array<Pre>({{"llama-bpe", llama3_steps, true, true},
                                           {"llama3", llama3_steps, true, true},
                                           {"llama-v3", llama3_steps, true, true},
                                           {"smollm", smollm_steps},
                                           {"gpt-2", gpt2_steps},
                                           {kDefault, default_steps}});

const Pre& pre_of(const File& file) {
  const auto name = file.text(kPreKey);
  if (!name)
    log::warning("{}: {} is missing; texts are cut as llama.cpp does by default, which may not be the model's way", file.path(), kPreKey);
  const auto found = std::ranges::find(kPres, name.value_or(kDefault), &Pre::name);
  if (found != kPres.end()) return *found;
  std::vector<std::string_view> names;
  for (const Pre& pre : kPres) names.push_back(pre.name);
  throw InputError(file.path(), kPreKey,
                   fmt::format("\"{}\" is not supported; {} are: get the model's own directory in Hugging Face layout instead", *name,
                               fmt::join(names, ", ")));
}

OrderedJson merges_of(const File& file, const Vocabulary& vocabulary) {
  const auto lines = file.texts(kMergesKey);
  if (!lines) throw InputError(file.path(), kMergesKey, "is missing");
  OrderedJson merges = OrderedJson::array();
  for (std::size_t i = 0; i < lines->size(); ++i) {
    const std::string_view line = (*lines)[i];
    const std::size_t space = line.find(' ', 1);
    const bool is_pair = space != std::string_view::npos && space + 1 < line.size();
    const std::string left(line.substr(0, space)), right(is_pair ? line.substr(space + 1) : "");
    if (!is_pair || !vocabulary.find(left) || !vocabulary.find(right) || !vocabulary.find(left + right)) {
      throw InputError(file.path(), fmt::format("{}[{}]", kMergesKey, i), "must be two tokens that together are a token");
    }
    merges.push_back({left, right});
  }
  return merges;
}

}  // namespace

TokenizerParts byte_level_parts(const File& file, const Vocabulary& vocabulary) {
  const Pre& pre = pre_of(file);
  TokenizerParts parts;
  const OrderedJson steps = pre.steps();
  parts.pre_tokenizer = steps.size() == 1 ? steps[0] : OrderedJson{{"type", "Sequence"}, {"pretokenizers", steps}};
  parts.post_processor = byte_level(true);
  parts.decoder = byte_level(true);
  parts.model = {{"type", "BPE"},
                 {"dropout", nullptr},
                 {"unk_token", nullptr},
                 {"continuing_subword_prefix", nullptr},
                 {"end_of_word_suffix", nullptr},
                 {"fuse_unk", false},
                 {"byte_fallback", false},
                 {"ignore_merges", pre.takes_whole_tokens},
                 {"vocab", vocabulary.to_json()},
                 {"merges", merges_of(file, vocabulary)}};
  parts.adds_bos = pre.adds_bos;
  return parts;
}

}  // namespace midillama::gguf
