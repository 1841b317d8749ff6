#include "midillama/core/file.h"
#include "text/byte_alphabet.h"
#include "text/byte_level.h"
#include "text/character_level.h"
#include "text/special_names.h"
#include "text/tokenizer_file.h"
#include "text/tokens_beside.h"
#include "text/word_piece.h"

#include <fmt/format.h>

namespace midillama::text {
namespace {

class ByteLevelReader : public TokenizerFile {
 public:
  using TokenizerFile::TokenizerFile;

  ByteLevelModel model() {
    if (!member(root_, "normalizer").is_null()) {
      fail("normalizer",
           fmt::format("\"{}\" is not supported: byte-level BPE takes the text as it is", type_of(member(root_, "normalizer"))));
    }
    if (flag(member(root_, "model"), "byte_fallback", "model", false)) {
      fail("model.byte_fallback", "is not supported: this is no byte-level BPE");
    }
    check_decoder();
    read_vocabulary();
    ByteLevelModel result;
    result.tokens = bytes_of_tokens();
    result.merges = merges();
    result.options = options();
    result.added = added_tokens();
    read_pre_tokenizer(member(root_, "pre_tokenizer"), "pre_tokenizer", result.pre_tokenizer);
    if (!byte_level_) fail("pre_tokenizer", "the step \"ByteLevel\" is missing: this is no byte-level BPE");
    result.names = find_special_names(file_, root_, [&](const std::string& name) { return find(name, result.added); });
    return result;
  }

 private:
  void check_decoder() const {
    const std::string type = type_of(member(root_, "decoder"));
    if (!member(root_, "decoder").is_null() && type != "ByteLevel")
      fail("decoder.type", fmt::format("\"{}\" is not supported, \"ByteLevel\" is", type));
  }

  // A spelling beyond the alphabet, like that of some special tokens, never comes out of the model.
  std::vector<std::string> bytes_of_tokens() const {
    std::vector<std::string> bytes;
    for (const std::string& spelling : spellings()) bytes.push_back(from_byte_alphabet(spelling).value_or(""));
    return bytes;
  }

  // ByteLevel turns bytes into the alphabet, so nothing can follow it.
  void read_pre_tokenizer(const Json& step, const std::string& place, PreTokenizer& result) {
    const std::string type = type_of(step);
    if (byte_level_) fail(place, "\"ByteLevel\" must be the last step");
    if (type == "Sequence") {
      const Json& steps = list(step, "pretokenizers", place + ".pretokenizers");
      for (std::size_t i = 0; i < steps.size(); ++i) read_pre_tokenizer(steps[i], fmt::format("{}.pretokenizers[{}]", place, i), result);
    } else if (type == "ByteLevel") {
      byte_level_ = true;
      if (adds_prefix_space(step, place)) result.add_prefix_space();
      if (flag(step, "use_regex", place, true)) result.add_split(kGpt2Pattern, PreTokenizer::Keep::all);
    } else if (type == "Split") {
      read_split(step, place, result);
    } else if (type == "Digits") {
      result.add_split(flag(step, "individual_digits", place, false) ? kDigit : kDigits, PreTokenizer::Keep::all);
    } else {
      fail(place + ".type", fmt::format("\"{}\" is not supported: \"ByteLevel\", \"Digits\", \"Split\" and \"Sequence\" are", type));
    }
  }

  // Two classes of transformers make this step anew, by what the configuration beside the file says.
  bool adds_prefix_space(const Json& step, const std::string& place) const {
    const Json config = file_beside(directory(), "tokenizer_config.json");
    const Json& name = member(config, "tokenizer_class");
    const bool made_anew =
        name == "GPT2Tokenizer" || name == "GPT2TokenizerFast" || name == "RobertaTokenizer" || name == "RobertaTokenizerFast";
    if (made_anew && place == "pre_tokenizer") return flag(config, "add_prefix_space", "tokenizer_config.json", false);
    return flag(step, "add_prefix_space", place, true);
  }

  void read_split(const Json& step, const std::string& place, PreTokenizer& result) const {
    const std::string behavior = text(step, "behavior", place);
    if (behavior != "Isolated" && behavior != "Removed") {
      fail(place + ".behavior", fmt::format("\"{}\" is not supported, \"Isolated\" and \"Removed\" are", behavior));
    }
    const Json& pattern = member(step, "pattern");
    const bool regex = !member(pattern, "Regex").is_null();
    const std::string spelled =
        regex ? text(pattern, "Regex", place + ".pattern") : literal_pattern(text(pattern, "String", place + ".pattern"));
    const bool invert = flag(step, "invert", place, false);
    using Keep = PreTokenizer::Keep;
    try {
      result.add_split(spelled, behavior == "Isolated" ? Keep::all : invert ? Keep::matches : Keep::gaps);
    } catch (const Error& error) {
      fail(place + ".pattern", error.what());
    }
  }

  bool byte_level_ = false;
};

bool has_byte_level_step(const Json& root) {
  return member(root, "pre_tokenizer").dump().find("\"ByteLevel\"") != std::string::npos;
}

}  // namespace

bool is_byte_level(const std::filesystem::path& file) {
  const Json root = read_json(file);
  return member(member(root, "model"), "byte_fallback") != true && has_byte_level_step(root);
}

std::unique_ptr<Tokenizer> load_tokenizer_json(const std::filesystem::path& file) {
  Json root = read_json(file);
  if (type_of(member(root, "model")) == "WordPiece") return load_word_piece(file, std::move(root));
  if (member(member(root, "model"), "byte_fallback") == true && !has_byte_level_step(root))
    return load_character_level(file, std::move(root));
  return std::make_unique<ByteLevelTokenizer>(ByteLevelReader(file, std::move(root)).model());
}

}  // namespace midillama::text
