#include "grammar/byte_trie.h"

#include <algorithm>
#include <tuple>

namespace midillama::grammar {

ByteTrie::ByteTrie(std::vector<TokenBytes> tokens) {
  const auto key = [](const TokenBytes& token) { return std::tie(token.bytes, token.id); };
  std::ranges::sort(tokens, {}, key);
  std::vector<std::uint32_t> path;  // the nodes of the token before
  std::string_view before;
  const auto close_to = [&](std::size_t depth) {
    for (; path.size() > depth; path.pop_back()) nodes_[path.back()].end = static_cast<std::uint32_t>(nodes_.size());
  };
  for (const TokenBytes& token : tokens) {
    const auto [differs, old] = std::ranges::mismatch(token.bytes, before);
    close_to(static_cast<std::size_t>(differs - token.bytes.begin()));
    for (std::size_t i = path.size(); i < token.bytes.size(); ++i) {
      path.push_back(static_cast<std::uint32_t>(nodes_.size()));
      const auto no_id = static_cast<std::uint32_t>(ids_.size());
      nodes_.push_back({static_cast<std::uint8_t>(token.bytes[i]), static_cast<std::uint32_t>(i), 0, no_id, no_id});
    }
    ids_.push_back(token.id);
    nodes_[path.back()].last_id = static_cast<std::uint32_t>(ids_.size());
    before = token.bytes;
  }
  close_to(0);
  std::uint32_t root = 0;
  for (std::size_t byte = 0; byte < roots_.size(); ++byte) {
    while (root < nodes_.size() && nodes_[root].byte < byte) root = nodes_[root].end;
    roots_[byte] = root;
  }
}

std::span<const text::TokenId> ByteTrie::ids_of(std::string_view bytes) const {
  std::span<const text::TokenId> found;
  for_each_beginning(bytes, [&](std::span<const text::TokenId> ids, std::size_t size) {
    if (size == bytes.size()) found = ids;
  });
  return found;
}

}  // namespace midillama::grammar
