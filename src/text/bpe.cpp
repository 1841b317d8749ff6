#include "text/bpe.h"

#include "midillama/text/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <functional>

namespace midillama::text {
namespace {

// Longer pieces are merged with a queue.
constexpr std::size_t kShort = 96;
// The buffers of longer pieces, in bytes, are not kept.
constexpr std::size_t kLongest = 1 << 16;

std::uint64_t pair_of(Symbol left, Symbol right) {
  return std::uint64_t{left} << 32 | right;
}

std::size_t mix(std::uint64_t pair) {
  pair *= 0x9E3779B97F4A7C15;
  return static_cast<std::size_t>(pair ^ pair >> 32);
}

std::size_t table_size(std::size_t entries) {
  return std::bit_ceil(2 * entries + 1);
}

std::uint32_t hash_of(std::string_view bytes) {
  return static_cast<std::uint32_t>(std::hash<std::string_view>()(bytes));
}

}  // namespace

MergeTable::MergeTable(std::span<const Merge> merges) : slots_(table_size(merges.size()), Slot{}) {
  const std::size_t mask = slots_.size() - 1;
  for (const Merge& merge : merges) {
    const std::uint64_t pair = pair_of(merge.left, merge.right);
    std::size_t slot = mix(pair) & mask;
    while (slots_[slot].found.merged != kNoSymbol && slots_[slot].pair != pair) slot = (slot + 1) & mask;
    slots_[slot] = {pair, {merge.rank, merge.merged}};
  }
}

MergeTable::Found MergeTable::find(Symbol left, Symbol right) const {
  const std::uint64_t pair = pair_of(left, right);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t slot = mix(pair) & mask; slots_[slot].found.merged != kNoSymbol; slot = (slot + 1) & mask) {
    if (slots_[slot].pair == pair) return slots_[slot].found;
  }
  return {};
}

TokenTable::TokenTable(std::span<const std::string> tokens) : slots_(table_size(tokens.size()), Slot{0, kNoSymbol, 0, 0}) {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t id = 0; id < tokens.size(); ++id) {
    if (tokens[id].empty()) continue;
    const std::uint32_t hash = hash_of(tokens[id]);
    std::size_t slot = hash & mask;
    while (slots_[slot].id != kNoSymbol) slot = (slot + 1) & mask;
    slots_[slot] = {hash, static_cast<Symbol>(id), static_cast<std::uint32_t>(bytes_.size()),
                    static_cast<std::uint32_t>(tokens[id].size())};
    bytes_ += tokens[id];
  }
}

Symbol TokenTable::find(std::string_view token) const {
  const std::uint32_t hash = hash_of(token);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t slot = hash & mask; slots_[slot].id != kNoSymbol; slot = (slot + 1) & mask) {
    const auto& [of, id, begin, size] = slots_[slot];
    if (of == hash && std::string_view(bytes_).substr(begin, size) == token) return id;
  }
  return kNoSymbol;
}

Bpe::Bpe(std::vector<std::string> tokens, std::span<const Merge> merges, BpeOptions options)
    : tokens_(std::move(tokens)), table_(tokens_), merges_(merges), options_(options), whole_(tokens_.size(), options.whole_tokens_first) {
  for (std::size_t byte = 0; byte < bytes_.size(); ++byte) {
    const char text = static_cast<char>(byte);
    bytes_[byte] = table_.find(options.characters ? fmt::format("<0x{:02X}>", byte) : std::string(1, text));
  }
  if (options.whole_tokens_first) return;
  Scratch scratch;
  for (std::size_t id = 0; id < tokens_.size(); ++id) {
    if (tokens_[id].empty()) continue;
    merge(tokens_[id], scratch);
    whole_[id] = scratch.symbols.size() == 1 && scratch.symbols.front() == id;
  }
}

void Bpe::encode(std::string_view piece, std::vector<TokenId>& ids, Scratch& scratch) const {
  if (const Symbol token = table_.find(piece); token != kNoSymbol && whole_[token]) {
    ids.push_back(token);
    return;
  }
  merge(piece, scratch);
  ids.insert(ids.end(), scratch.symbols.begin(), scratch.symbols.end());
  if (piece.size() > kLongest) scratch = {};
}

void Bpe::merge(std::string_view piece, Scratch& scratch) const {
  start(piece, scratch);
  scratch.symbols.size() <= kShort ? merge_short(scratch) : merge_long(scratch);
}

bool Bpe::append_character(std::string_view character, std::vector<Symbol>& symbols) const {
  if (const Symbol symbol = options_.characters ? table_.find(character) : kNoSymbol; symbol != kNoSymbol) {
    symbols.push_back(symbol);
    return true;
  }
  const std::size_t before = symbols.size();
  for (const char byte : character) symbols.push_back(bytes_[static_cast<unsigned char>(byte)]);
  const bool known = std::find(symbols.begin() + static_cast<std::ptrdiff_t>(before), symbols.end(), kNoSymbol) == symbols.end();
  if (!known) symbols.resize(before);
  return known;
}

void Bpe::start(std::string_view piece, Scratch& scratch) const {
  auto& symbols = scratch.symbols;
  symbols.clear();
  bool after_unknown = false;
  while (!piece.empty()) {
    std::size_t size = 1;
    while (options_.characters && size < piece.size() && is_continuation(piece[size])) ++size;
    const bool known = append_character(piece.substr(0, size), symbols);
    if (!known && options_.unknown != kNoSymbol && !(after_unknown && options_.fuse_unknown)) symbols.push_back(options_.unknown);
    after_unknown = !known;
    piece.remove_prefix(size);
  }
  scratch.merges.clear();
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    scratch.merges.push_back(i + 1 < symbols.size() ? merges_.find(symbols[i], symbols[i + 1]) : MergeTable::Found());
  }
}

void Bpe::merge_short(Scratch& scratch) const {
  auto& [symbols, merges, previous, next, queue] = scratch;
  while (symbols.size() > 1) {
    const auto best = std::ranges::min_element(merges, {}, &MergeTable::Found::rank);
    if (best->merged == kNoSymbol) return;
    const auto at = static_cast<std::size_t>(best - merges.begin());
    symbols[at] = best->merged;
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    merges.erase(best + 1);
    merges[at] = at + 1 < symbols.size() ? merges_.find(symbols[at], symbols[at + 1]) : MergeTable::Found();
    if (at > 0) merges[at - 1] = merges_.find(symbols[at - 1], symbols[at]);
  }
}

// The symbols form a linked list; the queue holds rank and place of every pair that can be merged, outdated ones too.
void Bpe::merge_long(Scratch& scratch) const {
  auto& [symbols, merges, previous, next, queue] = scratch;
  const auto count = static_cast<std::uint32_t>(symbols.size());
  previous.resize(count);
  next.resize(count);
  queue.clear();
  const auto offer = [&merges = merges, &queue = queue](std::uint32_t place) {  // named: clang 14 captures no bindings by default
    if (merges[place].merged == kNoSymbol) return;
    queue.push_back(std::uint64_t{merges[place].rank} << 32 | place);
    std::ranges::push_heap(queue, std::greater());
  };
  for (std::uint32_t i = 0; i < count; ++i) {
    previous[i] = i - 1;
    next[i] = i + 1;
    offer(i);
  }
  while (!queue.empty()) {
    std::ranges::pop_heap(queue, std::greater());
    const auto rank = static_cast<std::uint32_t>(queue.back() >> 32);
    const auto place = static_cast<std::uint32_t>(queue.back());
    queue.pop_back();
    if (symbols[place] == kNoSymbol || merges[place].rank != rank) continue;
    const std::uint32_t eaten = next[place];
    symbols[place] = merges[place].merged;
    symbols[eaten] = kNoSymbol;
    next[place] = next[eaten];
    if (next[place] < count) previous[next[place]] = place;
    merges[place] = next[place] < count ? merges_.find(symbols[place], symbols[next[place]]) : MergeTable::Found();
    offer(place);
    if (place == 0) continue;
    const std::uint32_t before = previous[place];
    merges[before] = merges_.find(symbols[before], symbols[place]);
    offer(before);
  }
  std::erase(symbols, kNoSymbol);
}

}  // namespace midillama::text
