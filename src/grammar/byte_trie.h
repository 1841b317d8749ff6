// Tokens by their bytes, so that a walk looks at what several begin with once.
#pragma once

#include "midillama/text/tokenizer.h"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::grammar {

struct TokenBytes {
  std::string bytes;  // never empty
  text::TokenId id;
};

// A tree whose nodes lie in the order of a walk: a node is followed by those that continue it, siblings come in the order of their bytes.
class ByteTrie {
 public:
  struct Node {
    std::uint8_t byte;
    std::uint32_t depth;              // bytes before this one
    std::uint32_t end;                // the node after all that continue this one
    std::uint32_t first_id, last_id;  // in ids(), of the tokens that end here
  };

  explicit ByteTrie(std::vector<TokenBytes> tokens);

  std::span<const Node> nodes() const { return nodes_; }
  // The first of the nodes without one before them whose byte is not less.
  std::size_t root(std::uint8_t byte) const { return roots_[byte]; }
  // More than one where several tokens are spelled alike.
  std::span<const text::TokenId> ids(const Node& node) const {
    return std::span(ids_).subspan(node.first_id, node.last_id - node.first_id);
  }
  // Those that are spelled so.
  std::span<const text::TokenId> ids_of(std::string_view bytes) const;

  // Calls `visit(ids, bytes)` for every beginning of a text that is a token, the shortest first, with the bytes that it has.
  template <typename Visit>
  void for_each_beginning(std::string_view text, const Visit& visit) const {
    std::size_t node = text.empty() ? 0 : root(static_cast<std::uint8_t>(text.front())), end = nodes_.size();
    for (std::size_t at = 0; at < text.size(); ++at) {
      const auto byte = static_cast<std::uint8_t>(text[at]);
      while (node < end && nodes_[node].byte < byte) node = nodes_[node].end;
      if (node == end || nodes_[node].byte != byte) return;
      if (nodes_[node].first_id < nodes_[node].last_id) visit(ids(nodes_[node]), at + 1);
      end = nodes_[node].end;
      ++node;
    }
  }

 private:
  std::vector<Node> nodes_;
  std::array<std::uint32_t, 256> roots_{};
  std::vector<text::TokenId> ids_;
};

}  // namespace midillama::grammar
