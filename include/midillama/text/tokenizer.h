// Text to token ids and back, whatever the model directory holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::text {

using TokenId = std::int64_t;

// Tokenizers do not change once loaded: any number of threads may use one.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  // Plain text: what looks like a special token in it is text. No bos or eos is added. Invalid UTF-8 counts as U+FFFD.
  virtual std::vector<TokenId> encode(std::string_view text) const = 0;
  // The same for what follows other tokens of its text: without the space that some tokenizers put before a text's start and nowhere else.
  virtual std::vector<TokenId> encode_rest(std::string_view text) const { return encode(text); }
  // Special tokens are left out, and so are ids beyond the vocabulary: a model's embedding may be larger. Error for a negative id.
  virtual std::string decode(std::span<const TokenId> ids) const = 0;

  // The bytes that a token adds to a text: decode() gives those of its ids one after the other, without the space that drops_first_space()
  // speaks of, wherever this is valid UTF-8. Empty for special and unknown tokens, for ids beyond the vocabulary, and for every token of a
  // tokenizer whose texts are more than what its tokens add (WordPiece).
  virtual std::string token_bytes(TokenId) const { return {}; }
  // Whether decode() leaves out the space of a word at a text's start. A space that is a token for its byte stays.
  virtual bool drops_first_space() const { return false; }

  // Ids run from 0 to vocab_size() - 1, special tokens included.
  virtual std::int64_t vocab_size() const = 0;
  virtual std::optional<TokenId> bos_id() const = 0;
  virtual std::optional<TokenId> eos_id() const = 0;
  // Whether a text alone, as the model was trained on, begins with bos; encode() leaves it to its caller.
  virtual bool adds_bos() const { return bos_id().has_value(); }
  // The id of a token by its exact spelling ("<|eot_id|>", "</s>"), special tokens included.
  virtual std::optional<TokenId> token_id(std::string_view token) const = 0;
  // The spelling of one token, for people.
  virtual std::string token(TokenId id) const = 0;
};

// No token of a text stands for more bytes of it, unknown ones aside: what is longer than tokens may be is known before it is tokenized.
std::size_t longest_token(const Tokenizer& tokenizer);

// A directory decides by what it holds: tokenizer.json (byte-level BPE as GPT-2, RoBERTa and Llama-3 have it or BERT's WordPiece, equal to
// Hugging Face tokenizers; bos and eos are taken from tokenizer_config.json or special_tokens_map.json beside it, else from its
// post-processor or by their usual names), or tokenizer.model (a sentencepiece model, or a tiktoken rank file, which is read as Llama-3's).
// Where both are present and the tokenizer.json is not byte-level, the other counts. Also takes the path of one of these files. InputError,
// naming file and key or line, where there is none, it cannot be read or it asks for what is not supported.
std::unique_ptr<Tokenizer> load_tokenizer(const std::filesystem::path& path);

// Whether a sentencepiece model puts a space before a text.
enum class Prefix { as_the_model_says, none };

// A sentencepiece model file. Ids and decoded text equal those of Google's sentencepiece; bos and eos are those that the model itself
// names. InputError where it is damaged.
std::unique_ptr<Tokenizer> load_sentencepiece(const std::filesystem::path& file, Prefix prefix = Prefix::as_the_model_says);

// Trains a sentencepiece BPE model on texts and writes it to `file`. Ids: 0 <unk>, 1 <s>, 2 </s>, then 256 bytes, then at most as many
// pieces as make up `vocab_size` (fewer where the texts are small). Every UTF-8 text without U+2581 survives a round trip: nothing is
// normalised, unknown characters become bytes, digits and line breaks are tokens of their own. The same texts give the same file.
// InputError where there is no text or `vocab_size` is below bytes and characters.
void train_sentencepiece(std::span<const std::string> texts, std::int64_t vocab_size, const std::filesystem::path& file);

}  // namespace midillama::text
