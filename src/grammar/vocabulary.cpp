#include "midillama/grammar/vocabulary.h"

#include "grammar/token_tables.h"
#include "midillama/core/error.h"
#include "midillama/text/utf8.h"

#include <fmt/format.h>

#include <bitset>

namespace midillama::grammar {
namespace {

std::bitset<256> single_bytes(const std::vector<std::string>& bytes) {
  std::bitset<256> found;
  for (const std::string& token : bytes) {
    if (token.size() == 1) found.set(static_cast<unsigned char>(token[0]));
  }
  return found;
}

void require_ascii(const std::bitset<256>& single) {
  for (unsigned char c = ' '; c <= '~'; ++c) {
    if (!single[c]) throw Error(fmt::format("this tokenizer cannot write every JSON text: it has no token '{}'", static_cast<char>(c)));
  }
}

// Whether a character that was begun can always be ended byte by byte.
bool has_continuations(const std::bitset<256>& single) {
  for (std::size_t byte = 0x80; byte <= 0xBF; ++byte) {
    if (!single[byte]) return false;
  }
  return true;
}

}  // namespace

Vocabulary::Vocabulary(const text::Tokenizer& tokenizer, std::vector<text::TokenId> stop_ids)
    : stop_ids_(std::move(stop_ids)), drops_first_space_(tokenizer.drops_first_space()) {
  for (text::TokenId id = 0; id < tokenizer.vocab_size(); ++id) bytes_.push_back(tokenizer.token_bytes(id));
  for (const text::TokenId id : stop_ids_) {
    if (id < 0 || id >= size()) throw Error(fmt::format("there is no token {} to stop at: ids run from 0 to {}", id, size() - 1));
    bytes_[static_cast<std::size_t>(id)].clear();
  }
  const auto single = single_bytes(bytes_);
  require_ascii(single);
  std::vector<TokenBytes> tokens;
  for (text::TokenId id = 0; id < size(); ++id) {
    std::string& bytes = bytes_[static_cast<std::size_t>(id)];
    if (!has_continuations(single) && !text::is_valid_utf8(bytes)) bytes.clear();
    if (!bytes.empty()) tokens.push_back({bytes, id});
  }
  tables_ = std::make_unique<TokenTables>(tokens, size());
}

Vocabulary::~Vocabulary() = default;

}  // namespace midillama::grammar
