// A tokenizer.json of BERT's kind.
#include "text/special_names.h"
#include "text/tokenizer_file.h"
#include "text/tokens_beside.h"
#include "text/word_piece.h"

#include <fmt/format.h>

#include <algorithm>

namespace midillama::text {
namespace {

constexpr std::size_t kLongestWord = 100;  // of files that do not say

class WordPieceReader : public TokenizerFile {
 public:
  using TokenizerFile::TokenizerFile;

  WordPieceModel model() {
    read_vocabulary("WordPiece");
    const Json& model = member(root_, "model");
    WordPieceModel result;
    result.tokens = spellings();
    if (!member(model, "continuing_subword_prefix").is_null()) result.prefix = text(model, "continuing_subword_prefix", "model");
    const std::string unknown = text(model, "unk_token", "model");
    const auto id = find(unknown, {});
    if (!id) fail("model.unk_token", fmt::format("\"{}\" is not in the vocabulary", unknown));
    result.unknown = *id;
    result.longest_word = longest_word(model);
    result.normalizer = normalizer();
    if (type_of(member(root_, "pre_tokenizer")) != "BertPreTokenizer") {
      fail("pre_tokenizer.type",
           fmt::format("\"{}\" is not supported with \"WordPiece\", \"BertPreTokenizer\" is", type_of(member(root_, "pre_tokenizer"))));
    }
    result.cleans_up = cleans_up(result.prefix);
    result.added = added_tokens();
    const SpecialNames names = find_special_names(file_, root_, [&](const std::string& name) { return find(name, result.added); });
    result.bos = names.bos;
    result.eos = names.eos;
    return result;
  }

 private:
  std::size_t longest_word(const Json& model) const {
    const Json& value = member(model, "max_input_chars_per_word");
    if (value.is_null()) return kLongestWord;
    if (!value.is_number_unsigned()) fail("model.max_input_chars_per_word", "a number of characters was expected");
    return value.get<std::size_t>();
  }

  BertNormalizer normalizer() const {
    const auto directory = std::filesystem::path(file_).parent_path();
    const Json config = file_beside(directory, "tokenizer_config.json");
    if (is_bert_tokenizer(directory, config)) return normalizer_of_class(config);
    const Json& step = member(root_, "normalizer");
    if (type_of(step) != "BertNormalizer") {
      fail("normalizer.type", fmt::format("\"{}\" is not supported with \"WordPiece\", \"BertNormalizer\" is", type_of(step)));
    }
    BertNormalizer normalizer;
    normalizer.cleans = flag(step, "clean_text", "normalizer", true);
    normalizer.parts_ideographs = flag(step, "handle_chinese_chars", "normalizer", true);
    normalizer.lowers = flag(step, "lowercase", "normalizer", true);
    normalizer.strips_accents = flag(step, "strip_accents", "normalizer", normalizer.lowers);
    return normalizer;
  }

  // Whether transformers loads the directory as its own class of tokenizer, which makes the normalizer itself and leaves the file's.
  static bool is_bert_tokenizer(const std::filesystem::path& directory, const Json& config) {
    const Json& name = member(config, "tokenizer_class");
    if (name.is_null()) return member(file_beside(directory, "config.json"), "model_type") == "bert";
    return name == "BertTokenizer" || name == "BertTokenizerFast";
  }

  BertNormalizer normalizer_of_class(const Json& config) const {
    const auto flag_of = [&](const char* key, bool otherwise) {
      const Json& value = member(config, key);
      if (value.is_null()) return otherwise;
      if (!value.is_boolean()) fail(key, "of tokenizer_config.json must be true or false");
      return value.get<bool>();
    };
    BertNormalizer normalizer;
    normalizer.lowers = flag_of("do_lower_case", true);
    normalizer.parts_ideographs = flag_of("tokenize_chinese_chars", true);
    normalizer.strips_accents = flag_of("strip_accents", normalizer.lowers);
    return normalizer;
  }

  bool cleans_up(const std::string& prefix) const {
    const Json& decoder = member(root_, "decoder");
    if (type_of(decoder) != "WordPiece" || text(decoder, "prefix", "decoder") != prefix) {
      fail("decoder", fmt::format("is not supported: \"WordPiece\" with the model's prefix {} is", prefix));
    }
    return flag(decoder, "cleanup", "decoder", true);
  }
};

}  // namespace

std::unique_ptr<Tokenizer> load_word_piece(const std::filesystem::path& file, Json root) {
  return std::make_unique<WordPieceTokenizer>(WordPieceReader(file, std::move(root)).model());
}

}  // namespace midillama::text
