#include "midillama/grammar/matcher.h"

#include "grammar/automaton.h"
#include "grammar/token_tables.h"
#include "midillama/core/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

namespace midillama::grammar {

class Matcher::State {
 public:
  explicit State(std::shared_ptr<const Grammar> grammar)
      : grammar_(std::move(grammar)),
        vocabulary_(grammar_->vocabulary()),
        automaton_(grammar_->schema(), vocabulary_.drops_first_space()),
        threads_{automaton_.start()},
        mask_(static_cast<std::size_t>(vocabulary_.size() + 63) / 64) {}

  std::span<const std::uint64_t> allowed(std::int64_t remaining) {
    std::ranges::fill(mask_, 0);
    steps_ = 0;
    if (remaining > 0) {
      for (const Thread thread : threads_) allow(thread, to_cost(remaining - 1));
    }
    if (is_complete()) {
      for (const text::TokenId id : vocabulary_.stop_ids()) set_bit(mask_, id);
    }
    if (std::ranges::all_of(mask_, [](std::uint64_t word) { return word == 0; }))
      throw Error(fmt::format("nothing can be written: the text needs {} tokens more, and {} remain", shortest(), remaining));
    return mask_;
  }

  void accept(text::TokenId id) {
    if (is_stop(id) && is_complete()) return;
    const std::string_view bytes = id < 0 || id >= vocabulary_.size() ? std::string_view() : vocabulary_.bytes(id);
    std::vector<Thread> next = bytes.empty() ? std::vector<Thread>() : after(bytes);
    if (next.empty()) throw Error(fmt::format("the grammar does not allow the token {} here", id));
    threads_ = std::move(next);
  }

  std::int64_t shortest() const { return least_cost(threads_); }
  bool is_complete() const {
    return std::ranges::any_of(threads_, [&](Thread thread) { return automaton_.is_complete(thread); });
  }

  bool is_finished() {
    if (!is_complete()) return false;
    const auto mark = automaton_.mark();
    stack_ = threads_;
    for (int byte = 0; byte < 256; ++byte) automaton_.advance(stack_, 0, threads_.size(), static_cast<std::uint8_t>(byte));
    automaton_.release(mark);
    return stack_.size() == threads_.size();
  }

 private:
  static constexpr std::size_t kMostSteps = 200'000;  // some milliseconds

  // The threads of a walk at one depth, and what was made before those after them.
  struct Depth {
    std::size_t begin, end;  // in stack_
    Automaton::Mark mark;
  };

  bool is_stop(text::TokenId id) const { return std::ranges::find(vocabulary_.stop_ids(), id) != vocabulary_.stop_ids().end(); }

  Cost least_cost(std::span<const Thread> threads) const {
    Cost least = kImpossible;
    for (const Thread thread : threads) least = std::min(least, automaton_.cost(thread));
    return least;
  }

  std::vector<Thread> after(std::string_view bytes) {
    std::vector<Thread> threads = threads_, next;
    for (const char byte : bytes) {
      next = threads;
      automaton_.advance(next, 0, next.size(), static_cast<std::uint8_t>(byte));
      threads.assign(next.begin() + static_cast<std::ptrdiff_t>(threads.size()), next.end());
    }
    return threads;
  }

  // Adds the tokens that can come in a thread where `left` more come after them.
  void allow(Thread thread, Cost left) {
    const TokenTables& tables = vocabulary_.tables();
    if (const auto text = automaton_.bound_text(thread)) return walk(tables.all, *text, left);
    const auto text = automaton_.free_text(thread, left);
    if (!text) return walk(tables.all, thread, left);
    const StringTokens& tokens = at(tables, text->place);
    add_within(tokens, *text);
    walk(tokens.others(), thread, left);
  }

  void add_within(const StringTokens& tokens, const Automaton::FreeText& text) {
    if (text.except.empty()) return tokens.add_within(text.fewest, text.most, mask_);
    Mask within(mask_.size());
    tokens.add_within(text.fewest, text.most, within);
    for (const std::string& except : text.except) {
      for (const text::TokenId id : vocabulary_.tables().all.ids_of(except)) clear_bit(within, id);
    }
    std::ranges::transform(mask_, within, mask_.begin(), std::bit_or());  // which other threads may allow
  }

  static const StringTokens& at(const TokenTables& tables, Automaton::Place place) {
    switch (place) {
      case Automaton::Place::after_backslash:
        return tables.after_backslash;
      case Automaton::Place::before_last_digit:
        return tables.before_last_digit;
      case Automaton::Place::in_key:
        return tables.in_key;
      case Automaton::Place::in_string:
        break;
    }
    return tables.in_string;
  }

  void walk(const ByteTrie& trie, Thread thread, Cost left) { walk(trie, 0, trie.nodes().size(), thread, left); }

  // Among the nodes from `first` to `end`, which continue one node, or none.
  void walk(const ByteTrie& trie, std::size_t first, std::size_t end, Thread thread, Cost left) {
    const auto nodes = trie.nodes();
    if (first == end) return;
    const std::uint32_t depth_before = nodes[first].depth;
    stack_.assign(1, thread);
    depths_.assign(1, {0, 1, automaton_.mark()});
    for (std::size_t i = first; i < end;) {
      const ByteTrie::Node& node = nodes[i];
      depths_.resize(node.depth - depth_before + 1);
      const Depth depth = depths_.back();
      stack_.resize(depth.end);
      automaton_.release(depth.mark);
      automaton_.advance(stack_, depth.begin, depth.end, node.byte);
      if (stack_.size() == depth.end) {
        i = node.end;
        continue;
      }
      if (const auto ids = trie.ids(node); !ids.empty() && least_cost(std::span(stack_).subspan(depth.end)) <= left) add(ids);
      depths_.push_back({depth.end, stack_.size(), automaton_.mark()});
      ++i;
    }
    automaton_.release(depths_.front().mark);
  }

  // What keeps within the text needs nothing but its own states. Where many such texts are read side by side only tokens of one byte are
  // allowed in the last of them; its cost counts bytes.
  void walk(const ByteTrie& trie, const Automaton::BoundText& text, Cost left) {
    const auto nodes = trie.nodes();
    std::vector<TextNode::Reached> reached = {text.reached};  // by depths
    for (std::size_t i = 0; i < nodes.size();) {
      const ByteTrie::Node& node = nodes[i];
      reached.resize(node.depth + 1);
      const auto next = text.node->after(reached.back(), node.byte);
      if (!next) {
        i = node.end;
        continue;
      }
      const TextNode::State& state = text.node->states[next->state];
      if (plus(state.cost, text.after) <= left) add(trie.ids(node));
      if (state.is_end) walk(trie, i + 1, node.end, text.below, left);
      reached.push_back(*next);
      i = state.is_end || ++steps_ > kMostSteps ? node.end : i + 1;
    }
  }

  void add(std::span<const text::TokenId> ids) {
    for (const text::TokenId id : ids) set_bit(mask_, id);
  }

  std::shared_ptr<const Grammar> grammar_;
  const Vocabulary& vocabulary_;
  Automaton automaton_;
  std::vector<Thread> threads_;  // the ways in which the text can be read
  Mask mask_;
  std::size_t steps_ = 0;      // in patterns, of a mask
  std::vector<Thread> stack_;  // of a walk
  std::vector<Depth> depths_;
};

Matcher::Matcher(std::shared_ptr<const Grammar> grammar) : state_(std::make_unique<State>(std::move(grammar))) {}
Matcher::~Matcher() = default;

std::span<const std::uint64_t> Matcher::allowed(std::int64_t remaining) {
  return state_->allowed(remaining);
}

void Matcher::accept(text::TokenId id) {
  state_->accept(id);
}

std::int64_t Matcher::shortest() const {
  return state_->shortest();
}

bool Matcher::is_complete() const {
  return state_->is_complete();
}

bool Matcher::is_finished() {
  return state_->is_finished();
}

}  // namespace midillama::grammar
