#include "midillama/core/file.h"
#include "text/byte_alphabet.h"
#include "text/byte_level.h"
#include "text/special_names.h"

#include <fmt/format.h>

#include <algorithm>

namespace midillama::text {
namespace {

constexpr TokenId kMaxTokens = 1 << 24;

// `object[key]`, null where it is absent.
const Json& member(const Json& object, const std::string& key) {
  static const Json null;
  if (!object.is_object()) return null;
  const auto found = object.find(key);
  return found == object.end() ? null : *found;
}

std::string type_of(const Json& object) {
  const Json& type = member(object, "type");
  return type.is_string() ? type.get<std::string>() : "";
}

// Files of the first versions name no type.
bool is_bpe(const Json& model) {
  return type_of(model) == "BPE" || (member(model, "type").is_null() && member(model, "merges").is_array());
}

// Reads one file; every function throws an InputError that names the key.
class Reader {
 public:
  explicit Reader(const std::filesystem::path& file) : file_(file.string()), root_(read_json(file)) {}

  ByteLevelModel model() {
    const Json& model = member(root_, "model");
    if (!is_bpe(model)) fail("model.type", fmt::format("\"{}\" is not supported, \"BPE\" is", type_of(model)));
    if (!member(root_, "normalizer").is_null()) {
      fail("normalizer",
           fmt::format("\"{}\" is not supported: byte-level BPE takes the text as it is", type_of(member(root_, "normalizer"))));
    }
    check_unsupported(model);
    check_decoder();
    read_vocabulary(model);
    ByteLevelModel result;
    result.tokens = bytes_of_tokens();
    result.merges = merges(model);
    result.options = options(model);
    result.added = added_tokens();
    read_pre_tokenizer(member(root_, "pre_tokenizer"), "pre_tokenizer", result.pre_tokenizer);
    if (!byte_level_) fail("pre_tokenizer", "the step \"ByteLevel\" is missing: this is no byte-level BPE");
    const auto [bos, eos] = find_special_names(file_, root_, [&](const std::string& name) { return find(name, result.added); });
    result.bos = bos;
    result.eos = eos;
    return result;
  }

 private:
  [[noreturn]] void fail(const std::string& key, const std::string& what) const { throw InputError(file_, key, what); }

  bool flag(const Json& object, const std::string& key, const std::string& place, bool absent) const {
    const Json& value = member(object, key);
    if (value.is_null()) return absent;
    if (!value.is_boolean()) fail(place + "." + key, "true or false was expected");
    return value.get<bool>();
  }

  // An absent list is an empty one.
  const Json& list(const Json& object, const std::string& key, const std::string& place) const {
    static const Json empty = Json::array();
    const Json& value = member(object, key);
    if (value.is_null()) return empty;
    if (!value.is_array()) fail(place, "a list was expected");
    return value;
  }

  std::string text(const Json& object, const std::string& key, const std::string& place) const {
    return json_get<std::string>(object, key, file_, place);
  }

  static bool is_id(const Json& value) { return value.is_number_integer() && value >= 0 && value < kMaxTokens; }

  void check_unsupported(const Json& model) const {
    for (const char* affix : {"continuing_subword_prefix", "end_of_word_suffix"}) {
      const Json& value = member(model, affix);
      if (!value.is_null() && value != "") fail(fmt::format("model.{}", affix), "is not supported in byte-level BPE");
    }
    if (flag(model, "byte_fallback", "model", false)) fail("model.byte_fallback", "is not supported: this is no byte-level BPE");
    const Json& dropout = member(model, "dropout");
    if (!dropout.is_null() && dropout != 0) fail("model.dropout", "is not supported: it makes token ids random");
  }

  void check_decoder() const {
    const std::string type = type_of(member(root_, "decoder"));
    if (!member(root_, "decoder").is_null() && type != "ByteLevel")
      fail("decoder.type", fmt::format("\"{}\" is not supported, \"ByteLevel\" is", type));
  }

  void read_vocabulary(const Json& model) {
    const Json& vocabulary = member(model, "vocab");
    if (!vocabulary.is_object() || vocabulary.empty()) fail("model.vocab", "an object of tokens and ids was expected");
    for (const auto& [spelling, value] : vocabulary.items()) {
      if (!is_id(value))
        fail(fmt::format("model.vocab[\"{}\"]", spelling), fmt::format("a token id from 0 to {} was expected", kMaxTokens - 1));
      const auto id = value.get<std::size_t>();
      if (id >= spellings_.size()) spellings_.resize(id + 1);
      if (!spellings_[id].empty())
        fail(fmt::format("model.vocab[\"{}\"]", spelling), fmt::format("the id is that of \"{}\" too", spellings_[id]));
      spellings_[id] = spelling;
    }
    table_.emplace(spellings_);
  }

  // A spelling beyond the alphabet, like that of some special tokens, never comes out of the model.
  std::vector<std::string> bytes_of_tokens() const {
    std::vector<std::string> bytes;
    for (const std::string& spelling : spellings_) bytes.push_back(from_byte_alphabet(spelling).value_or(""));
    return bytes;
  }

  std::vector<Merge> merges(const Json& model) const {
    const Json& pairs = list(model, "merges", "model.merges");
    std::vector<Merge> merges;
    merges.reserve(pairs.size());
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      const auto [left, right] = split(pairs[i]);
      const Merge merge = {table_->find(left), table_->find(right), table_->find(left + right), static_cast<std::uint32_t>(i)};
      if (left.empty() || right.empty() || std::max({merge.left, merge.right, merge.merged}) == kNoSymbol) {
        fail(fmt::format("model.merges[{}]", i),
             fmt::format("two tokens that together are a token were expected, not {}", pairs[i].dump()));
      }
      merges.push_back(merge);
    }
    return merges;
  }

  // "left right" or ["left", "right"]; two empty strings where it is neither.
  static std::pair<std::string, std::string> split(const Json& merge) {
    if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) return {merge[0], merge[1]};
    if (!merge.is_string()) return {};
    const auto& both = merge.get_ref<const std::string&>();
    const std::size_t space = both.find(' ');
    if (space == std::string::npos) return {};
    return {both.substr(0, space), both.substr(space + 1)};
  }

  std::optional<TokenId> find(const std::string& name, const std::vector<AddedToken>& added) const {
    if (const auto token = std::ranges::find(added, name, &AddedToken::content); token != added.end()) return token->id;
    const Symbol id = table_->find(name);
    return id == kNoSymbol ? std::nullopt : std::optional<TokenId>(id);
  }

  BpeOptions options(const Json& model) const {
    BpeOptions options;
    options.whole_tokens_first = flag(model, "ignore_merges", "model", false);
    options.fuse_unknown = flag(model, "fuse_unk", "model", false);
    if (member(model, "unk_token").is_null()) return options;
    const std::string unknown = text(model, "unk_token", "model");
    options.unknown = table_->find(unknown);
    if (options.unknown == kNoSymbol) fail("model.unk_token", fmt::format("\"{}\" is not in the vocabulary", unknown));
    return options;
  }

  std::vector<AddedToken> added_tokens() const {
    std::vector<AddedToken> added;
    const Json& tokens = list(root_, "added_tokens", "added_tokens");
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const std::string place = fmt::format("added_tokens[{}]", i);
      AddedToken token;
      token.content = text(tokens[i], "content", place);
      const Symbol known = table_->find(token.content);
      if (known == kNoSymbol && !is_id(member(tokens[i], "id")))
        fail(place + ".id", fmt::format("a token id from 0 to {} was expected", kMaxTokens - 1));
      token.id = known == kNoSymbol ? member(tokens[i], "id").get<TokenId>() : TokenId{known};
      token.special = flag(tokens[i], "special", place, false);
      token.single_word = flag(tokens[i], "single_word", place, false);
      token.lstrip = flag(tokens[i], "lstrip", place, false);
      token.rstrip = flag(tokens[i], "rstrip", place, false);
      token.normalized = flag(tokens[i], "normalized", place, !token.special);
      added.push_back(std::move(token));
    }
    return added;
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
      if (flag(step, "add_prefix_space", place, true)) result.add_prefix_space();
      if (flag(step, "use_regex", place, true)) result.add_split(kGpt2Pattern, PreTokenizer::Keep::all);
    } else if (type == "Split") {
      read_split(step, place, result);
    } else {
      fail(place + ".type", fmt::format("\"{}\" is not supported: \"ByteLevel\", \"Split\" and \"Sequence\" are", type));
    }
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

  std::string file_;
  Json root_;
  std::vector<std::string> spellings_;  // of the model's tokens by id
  std::optional<TokenTable> table_;     // of spellings_
  bool byte_level_ = false;
};

}  // namespace

bool is_byte_level(const std::filesystem::path& file) {
  const Json root = read_json(file);
  const Json& model = member(root, "model");
  return is_bpe(model) && member(model, "byte_fallback") != true &&
         member(root, "pre_tokenizer").dump().find("\"ByteLevel\"") != std::string::npos;
}

std::unique_ptr<Tokenizer> load_tokenizer_json(const std::filesystem::path& file) {
  return std::make_unique<ByteLevelTokenizer>(Reader(file).model());
}

}  // namespace midillama::text
