#include "midillama/core/file.h"
#include "midillama/text/tokenizer.h"
#include "midillama/text/utf8.h"
#include "text/character_level.h"
#include "text/character_map.h"

#include <fmt/format.h>
#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include <set>
#include <unordered_map>

namespace midillama::text {
namespace {

namespace sp = ::sentencepiece;

// The field normalizer_spec {add_dummy_prefix: false}. What stands behind a serialized message is merged into it.
constexpr std::string_view kNoPrefix("\x1a\x02\x18\x00", 4);

class SentencePieceTokenizer final : public Tokenizer {
 public:
  SentencePieceTokenizer(const std::filesystem::path& file, Prefix prefix) : file_(file.string()) {
    const auto bytes = read_bytes(file);
    std::string model(bytes.begin(), bytes.end());
    if (const auto what = broken_character_map(model); !what.empty()) throw InputError(file_, "", "is not a sentencepiece model: " + what);
    if (prefix == Prefix::none) model += kNoPrefix;
    if (!processor_.LoadFromSerializedProto(model).ok()) throw InputError(file_, "", "is not a sentencepiece model, or is damaged");
    vocab_size_ = processor_.GetPieceSize();
    if (vocab_size_ == 0) throw InputError(file_, "", "is not a sentencepiece model: it has no pieces");
    for (int id = 0; id < vocab_size_; ++id) ids_.emplace(processor_.IdToPiece(id), id);
    drops_first_space_ = decode_drops_first_space();
  }

  std::vector<TokenId> encode(std::string_view text) const override {
    std::vector<int> ids;
    std::string repaired;
    const auto status = processor_.Encode(valid_utf8(text, repaired), &ids);
    if (!status.ok()) throw Error(fmt::format("{}: a text cannot be tokenized ({})", file_, status.ToString()));
    return {ids.begin(), ids.end()};
  }

  std::string decode(std::span<const TokenId> ids) const override {
    std::vector<int> narrow;
    narrow.reserve(ids.size());
    for (const TokenId id : ids) {
      if (id < vocab_size_) narrow.push_back(checked(id));
    }
    std::string text;
    const auto status = processor_.Decode(narrow, &text);
    if (!status.ok()) throw Error(fmt::format("{}: token ids cannot be decoded ({})", file_, status.ToString()));
    return text;
  }

  std::string token_bytes(TokenId id) const override {
    if (id < 0 || id >= vocab_size_) return "";
    const int piece = static_cast<int>(id);
    if (processor_.IsControl(piece) || processor_.IsUnknown(piece) || processor_.IsUnused(piece)) return "";
    const std::string& spelling = processor_.IdToPiece(piece);
    if (processor_.IsByte(piece)) return std::string(1, static_cast<char>(std::stoi(spelling.substr(3, 2), nullptr, 16)));
    return replaced(spelling, kMeta, " ");
  }
  bool drops_first_space() const override { return drops_first_space_; }

  std::int64_t vocab_size() const override { return vocab_size_; }
  std::optional<TokenId> bos_id() const override { return present(processor_.bos_id()); }
  std::optional<TokenId> eos_id() const override { return present(processor_.eos_id()); }

  std::optional<TokenId> token_id(std::string_view token) const override {
    const auto found = ids_.find(std::string(token));
    return found == ids_.end() ? std::nullopt : std::optional<TokenId>(found->second);
  }

  std::string token(TokenId id) const override { return processor_.IdToPiece(checked(id)); }

 private:
  static std::optional<TokenId> present(int id) { return id < 0 ? std::nullopt : std::optional<TokenId>(id); }

  int checked(TokenId id) const {
    if (id < 0 || id >= vocab_size_) throw Error(fmt::format("{}: there is no token {}: ids run from 0 to {}", file_, id, vocab_size_ - 1));
    return static_cast<int>(id);
  }

  // As a word shows, if there is one.
  bool decode_drops_first_space() const {
    for (TokenId id = 0; id < vocab_size_; ++id) {
      const std::string bytes = token_bytes(id);
      if (bytes.size() > 1 && bytes[0] == ' ' && bytes[1] != ' ') return !decode(std::vector{id}).starts_with(' ');
    }
    return false;
  }

  std::string file_;
  sp::SentencePieceProcessor processor_;
  std::int64_t vocab_size_ = 0;
  bool drops_first_space_ = false;
  std::unordered_map<std::string, TokenId> ids_;
};

// Hands the trainer one line of text after another. Texts are cut at line breaks, so that no piece spans one.
class LineIterator final : public sp::SentenceIterator {
 public:
  explicit LineIterator(std::span<const std::string> texts) {
    for (const std::string& text : texts) add_lines(text);
  }
  bool done() const override { return next_ >= lines_.size(); }
  void Next() override { ++next_; }
  const std::string& value() const override { return lines_[next_]; }
  sp::util::Status status() const override { return {}; }
  bool empty() const { return lines_.empty(); }
  std::size_t characters() const {
    std::set<char32_t> different;
    for (std::string_view line : lines_) {
      while (!line.empty()) different.insert(take_code_point(line));
    }
    return different.size();
  }

 private:
  void add_lines(std::string_view text) {
    while (!text.empty()) {
      const std::string_view line = text.substr(0, text.find('\n'));
      if (!line.empty()) lines_.emplace_back(line);
      text.remove_prefix(std::min(line.size() + 1, text.size()));
    }
  }

  std::vector<std::string> lines_;
  std::size_t next_ = 0;
};

std::unordered_map<std::string, std::string> trainer_options(std::int64_t vocab_size) {
  return {{"model_type", "bpe"},
          {"vocab_size", std::to_string(vocab_size)},
          {"hard_vocab_limit", "false"},
          {"byte_fallback", "true"},
          {"character_coverage", "1.0"},
          {"normalization_rule_name", "identity"},
          {"remove_extra_whitespaces", "false"},
          {"split_digits", "true"},
          {"max_sentence_length", "1000000"},
          {"num_threads", "1"},
          {"unk_id", "0"},
          {"bos_id", "1"},
          {"eos_id", "2"},
          {"pad_id", "-1"},
          {"minloglevel", "2"}};
}

}  // namespace

std::unique_ptr<Tokenizer> load_sentencepiece(const std::filesystem::path& file, Prefix prefix) {
  return std::make_unique<SentencePieceTokenizer>(file, prefix);
}

void train_sentencepiece(std::span<const std::string> texts, std::int64_t vocab_size, const std::filesystem::path& file) {
  LineIterator lines(texts);
  if (lines.empty()) throw InputError(file.string(), "", "no tokenizer can be trained: there is no text");
  std::string model;
  const auto status = sp::SentencePieceTrainer::Train(trainer_options(vocab_size), &lines, &model);
  constexpr std::size_t kBytesAndControls = 256 + 3;
  if (const auto least = status.ok() ? 0 : lines.characters() + kBytesAndControls; static_cast<std::size_t>(vocab_size) < least)
    throw InputError(file.string(), "",
                     fmt::format("no tokenizer of {} tokens can be trained: the texts' characters alone take {} (llm.pretrain.vocab_size)",
                                 vocab_size, least));
  if (!status.ok()) throw InputError(file.string(), "", "no tokenizer can be trained (" + status.ToString() + ")");
  write_atomically(file, model);
}

}  // namespace midillama::text
