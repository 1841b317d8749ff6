#include "grammar/texts.h"

#include "midillama/text/utf8.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

namespace midillama::grammar {
namespace {

constexpr char32_t kLastCodePoint = 0x10FFFF;
constexpr char32_t kFirstSurrogate = 0xD800, kLastSurrogate = 0xDFFF;

// Characters that have a backslash before a letter in a JSON string.
constexpr std::array<std::pair<char32_t, char>, 7> kEscapes = {
    {{'"', '"'}, {'\\', '\\'}, {'\b', 'b'}, {'\f', 'f'}, {'\n', 'n'}, {'\r', 'r'}, {'\t', 't'}}};

// As they are, within a JSON string: the longest UTF-8 sequences of one length each.
constexpr std::array<CharacterSet::Range, 7> kUnescaped = {{{0x20, 0x21},
                                                            {0x23, 0x5B},
                                                            {0x5D, 0x7F},
                                                            {0x80, 0x7FF},
                                                            {0x800, kFirstSurrogate - 1},
                                                            {kLastSurrogate + 1, 0xFFFF},
                                                            {0x10000, kLastCodePoint}}};

std::string utf8(char32_t code_point) {
  std::string text;
  text::append_utf8(text, code_point);
  return text;
}

}  // namespace

// --- Characters

CharacterSet::CharacterSet(std::initializer_list<Range> ranges) {
  for (const Range& range : ranges) {
    CharacterSet one;
    one.ranges_ = {range};
    *this = *this | one;
  }
}

CharacterSet CharacterSet::operator|(const CharacterSet& other) const {
  std::vector<Range> all;
  std::ranges::merge(ranges_, other.ranges_, std::back_inserter(all), {}, &Range::low, &Range::low);
  CharacterSet result;
  for (const Range& range : all) {
    if (!result.ranges_.empty() && range.low <= result.ranges_.back().high + 1)
      result.ranges_.back().high = std::max(result.ranges_.back().high, range.high);
    else
      result.ranges_.push_back(range);
  }
  return result;
}

CharacterSet CharacterSet::operator~() const {
  CharacterSet result;
  char32_t next = 0;
  for (const Range& range : ranges_) {
    if (range.low > next) result.ranges_.push_back({next, range.low - 1});
    next = range.high + 1;
  }
  if (next <= kLastCodePoint) result.ranges_.push_back({next, kLastCodePoint});
  return result;
}

CharacterSet CharacterSet::operator&(const CharacterSet& other) const {
  return ~(~*this | ~other);
}

bool CharacterSet::contains(char32_t character) const {
  const auto range = std::ranges::lower_bound(ranges_, character, {}, &Range::high);
  return range != ranges_.end() && range->low <= character;
}

// --- Writing a machine down

TextMachine::State TextMachine::add_state() {
  charge(2);
  nodes_.emplace_back();
  return static_cast<State>(nodes_.size() - 1);
}

void TextMachine::add_byte(State from, std::uint8_t low, std::uint8_t high, State to, bool begins_character) {
  charge(1);
  nodes_[from].bytes.push_back({low, high, begins_character, to});
}

void TextMachine::add_empty(State from, State to, When when) {
  charge(1);
  nodes_[from].empties.push_back({when, to});
}

void TextMachine::add_characters(State from, const CharacterSet& set, State to) {
  for (const CharacterSet::Range& range : set.ranges()) {
    for (const CharacterSet::Range& plain : kUnescaped) {
      const char32_t low = std::max(range.low, plain.low), high = std::min(range.high, plain.high);
      if (low <= high) add_range(from, low, high, to);
    }
  }
  std::optional<State> after_backslash;
  for (const auto& [character, letter] : kEscapes) {
    if (!set.contains(character)) continue;
    if (!after_backslash) {
      after_backslash = add_state();
      add_byte(from, '\\', '\\', *after_backslash, true);
    }
    add_byte(*after_backslash, static_cast<std::uint8_t>(letter), static_cast<std::uint8_t>(letter), to);
  }
}

void TextMachine::add_range(State from, char32_t low, char32_t high, State to) {
  add_sequences(from, utf8(low), utf8(high), to, true);
}

// Sequences of as many bytes, from the first to the last.
void TextMachine::add_sequences(State from, std::string_view low, std::string_view high, State to, bool begins_character) {
  auto first = static_cast<std::uint8_t>(low.front()), last = static_cast<std::uint8_t>(high.front());
  if (low.size() == 1) return add_byte(from, first, last, to, begins_character);
  const auto add = [&](std::uint8_t from_byte, std::uint8_t to_byte, std::string_view rest_low, std::string_view rest_high) {
    const State between = add_state();
    add_byte(from, from_byte, to_byte, between, begins_character);
    add_sequences(between, rest_low, rest_high, to, false);
  };
  const std::string least(low.size() - 1, '\x80'), greatest(low.size() - 1, '\xBF');
  if (first == last) return add(first, last, low.substr(1), high.substr(1));
  if (low.substr(1) != least) {
    add(first, first, low.substr(1), greatest);
    ++first;
  }
  if (high.substr(1) != greatest) {
    add(last, last, least, high.substr(1));
    --last;
  }
  if (first <= last) add(first, last, least, greatest);
}

// --- Making it such that a byte leads to one state

class Determinizer {
 public:
  using State = TextMachine::State;
  using Demand = TextMachine::Demand;

  Determinizer(const TextMachine& machine, std::vector<Demand> demands, std::int64_t fewest)
      : machine_(machine),
        demands_(std::move(demands)),
        fewest_(fewest),
        may_end_(machine.nodes_.size()),
        demand_of_(machine.nodes_.size()) {
    std::ranges::sort(demands_, {}, &Demand::start);
    for (std::size_t i = 0; i < demands_.size(); ++i) mark_ends(demands_[i]);
    mark_demands();
  }

  // Quotes around the texts, or not.
  TextNode run(bool are_quoted) {
    const std::uint32_t outside = are_quoted ? add({}) : 0;
    std::vector<State> starts;
    for (const Demand& demand : demands_) starts.push_back(demand.start);
    const auto first = meeting_demands(closed(starts, true));
    if (!first) return {};
    const std::uint32_t inside = id_of({*first, 0});
    if (are_quoted) edges_[outside].push_back({'"', '"', false, inside});
    for (std::uint32_t i = inside; i < sets_.size(); ++i) follow(i);
    if (are_quoted) close();
    return pruned();
  }

 private:
  // What may have been reached: states of every demand, after so many characters (or more, where there are enough).
  struct Set {
    std::vector<State> states;
    std::int64_t characters = 0;
    auto operator<=>(const Set&) const = default;
  };

  std::uint32_t add(const Set& set) {
    machine_.charge(3 + set.states.size());
    sets_.push_back(set);
    edges_.emplace_back();
    return static_cast<std::uint32_t>(sets_.size() - 1);
  }

  std::uint32_t id_of(const Set& set) {
    const auto [found, is_new] = ids_.emplace(set, static_cast<std::uint32_t>(sets_.size()));
    if (is_new) add(set);
    return found->second;
  }

  // States from which a demand is met where the text ends.
  void mark_ends(const Demand& demand) {
    std::vector<std::vector<State>> before(machine_.nodes_.size());
    for (State state = 0; state < machine_.nodes_.size(); ++state) {
      for (const auto& empty : machine_.nodes_[state].empties) {
        if (empty.when != TextMachine::When::at_start) before[empty.to].push_back(state);
      }
    }
    std::vector<State> open = {demand.end};
    if (demand.rest) open.push_back(*demand.rest);
    while (!open.empty()) {
      const State state = open.back();
      open.pop_back();
      if (may_end_[state]) continue;
      may_end_[state] = true;
      open.insert(open.end(), before[state].begin(), before[state].end());
    }
  }

  // A demand's states lie between its start and the next one's.
  void mark_demands() {
    for (std::size_t i = 0; i < demands_.size(); ++i) {
      const std::size_t end = i + 1 < demands_.size() ? demands_[i + 1].start : demand_of_.size();
      std::fill(demand_of_.begin() + demands_[i].start, demand_of_.begin() + static_cast<std::ptrdiff_t>(end), i);
    }
  }

  // With what is reached without reading.
  std::vector<State> closed(const std::vector<State>& from, bool is_at_start) {
    std::set<State> known(from.begin(), from.end());
    std::vector<State> open(known.begin(), known.end()), reached;
    while (!open.empty()) {
      const State state = open.back();
      open.pop_back();
      const auto& node = machine_.nodes_[state];
      if (!node.bytes.empty() || may_end_[state]) reached.push_back(state);
      for (const auto& empty : node.empties) {
        if (empty.when == TextMachine::When::at_end || (empty.when == TextMachine::When::at_start && !is_at_start)) continue;
        if (known.insert(empty.to).second) open.push_back(empty.to);
      }
    }
    std::ranges::sort(reached);
    return reached;
  }

  // Of each demand at least one, and only that from which all is well; nothing where one cannot be met any more.
  std::optional<std::vector<State>> meeting_demands(const std::vector<State>& states) const {
    std::vector<State> result;
    auto at = states.begin();
    for (std::size_t i = 0; i < demands_.size(); ++i) {
      const Demand& demand = demands_[i];
      const auto end = std::find_if(at, states.end(), [&](State state) { return demand_of_[state] != i; });
      const bool agrees = demand.rest && std::find(at, end, *demand.rest) != end;  // whatever follows
      if (demand.is_negated ? agrees : at == end) return std::nullopt;
      if (agrees)
        result.push_back(*demand.rest);
      else
        result.insert(result.end(), at, end);
      at = end;
    }
    return result;
  }

  bool is_met(const Set& set) const {
    if (set.characters < fewest_) return false;
    std::vector<bool> agrees(demands_.size());
    for (const State state : set.states) {
      if (may_end_[state]) agrees[demand_of_[state]] = true;
    }
    for (std::size_t i = 0; i < demands_.size(); ++i) {
      if (agrees[i] == demands_[i].is_negated) return false;
    }
    return true;
  }

  void follow(std::uint32_t id) {
    const Set set = sets_[id];  // a copy: the list grows
    std::set<std::uint16_t> cuts;
    for (const State state : set.states) {
      for (const auto& byte : machine_.nodes_[state].bytes) {
        cuts.insert(byte.low);
        cuts.insert(static_cast<std::uint16_t>(byte.high + 1));
      }
    }
    std::map<std::uint16_t, std::pair<std::vector<State>, bool>> after;  // by the first byte of those between two cuts
    for (const State state : set.states) {
      for (const auto& byte : machine_.nodes_[state].bytes) {
        for (auto cut = cuts.lower_bound(byte.low); *cut <= byte.high; ++cut) {
          after[*cut].first.push_back(byte.to);
          after[*cut].second = byte.begins_character;
        }
      }
    }
    for (const auto& [low, reached] : after) {
      const auto states = meeting_demands(closed(reached.first, false));
      if (!states) continue;
      const bool begins_character = reached.second;
      const std::uint32_t to = id_of({*states, std::min(fewest_, set.characters + (begins_character ? 1 : 0))});
      const auto high = static_cast<std::uint8_t>(*cuts.upper_bound(low) - 1);
      add_edge(edges_[id], {static_cast<std::uint8_t>(low), high, begins_character, to});
    }
  }

  void add_edge(std::vector<TextNode::Edge>& edges, const TextNode::Edge& edge) {
    if (!edges.empty() && edges.back().to == edge.to && edges.back().high + 1 == edge.low) {
      edges.back().high = edge.high;
    } else {
      machine_.charge(1);
      edges.push_back(edge);
    }
  }

  // The quote at the end of a string.
  void close() {
    const auto inside = static_cast<std::uint32_t>(sets_.size());
    closed_ = add({});
    for (std::uint32_t i = 1; i < inside; ++i) {
      if (!is_met(sets_[i])) continue;
      const auto at = std::ranges::lower_bound(edges_[i], std::uint8_t{'"'}, {}, &TextNode::Edge::low);
      edges_[i].insert(at, {'"', '"', false, *closed_});
    }
  }

  bool is_end(std::uint32_t id) const { return closed_ ? id == *closed_ : is_met(sets_[id]); }

  // Without what leads to no end. The first state stays the first.
  TextNode pruned() const {
    std::vector<std::vector<std::uint32_t>> before(sets_.size());
    std::vector<std::uint32_t> open;
    for (std::uint32_t i = 0; i < sets_.size(); ++i) {
      for (const auto& edge : edges_[i]) before[edge.to].push_back(i);
      if (is_end(i)) open.push_back(i);
    }
    std::vector<bool> is_kept(sets_.size());
    while (!open.empty()) {
      const std::uint32_t i = open.back();
      open.pop_back();
      if (is_kept[i]) continue;
      is_kept[i] = true;
      open.insert(open.end(), before[i].begin(), before[i].end());
    }
    if (!is_kept[0]) return {};
    std::vector<std::uint32_t> names(sets_.size());
    std::uint32_t kept = 0;
    for (std::uint32_t i = 0; i < sets_.size(); ++i) {
      if (is_kept[i]) names[i] = kept++;
    }
    TextNode node;
    node.are_strings = closed_.has_value();
    for (std::uint32_t i = 0; i < sets_.size(); ++i) {
      if (!is_kept[i]) continue;
      node.states.push_back({.first_edge = static_cast<std::uint32_t>(node.edges.size()), .is_end = is_end(i)});
      for (const auto& edge : edges_[i]) {
        if (is_kept[edge.to]) node.edges.push_back({edge.low, edge.high, edge.begins_character, names[edge.to]});
      }
    }
    return node;
  }

  const TextMachine& machine_;
  std::vector<Demand> demands_;
  std::int64_t fewest_;  // characters
  std::vector<bool> may_end_;
  std::vector<std::size_t> demand_of_;
  std::map<Set, std::uint32_t> ids_;
  std::vector<Set> sets_;  // by the states of the result
  std::vector<std::vector<TextNode::Edge>> edges_;
  std::optional<std::uint32_t> closed_;  // after the last quote
};

TextNode TextMachine::strings(const std::vector<Demand>& demands, std::int64_t fewest) const {
  return Determinizer(*this, demands, fewest).run(true);
}

TextNode TextMachine::texts(State start, State end) const {
  return Determinizer(*this, {{.start = start, .end = end}}, 0).run(false);
}

TextNode given_texts(const std::set<std::string>& texts, Budget& budget, const std::string& place) {
  TextMachine machine(budget, place);
  const TextMachine::State start = machine.add_state(), end = machine.add_state();
  std::map<std::pair<TextMachine::State, char>, TextMachine::State> known;
  const auto after = [&](TextMachine::State state, char byte, bool may_be_left_out = false) {
    const auto [found, is_new] = known.try_emplace({state, byte});
    if (is_new) {
      found->second = machine.add_state();
      machine.add_byte(state, static_cast<std::uint8_t>(byte), static_cast<std::uint8_t>(byte), found->second);
      if (may_be_left_out) machine.add_empty(state, found->second);
    }
    return found->second;
  };
  for (const std::string& text : texts) {
    const bool has_parts = text.front() == '[' || text.front() == '{';
    bool in_string = false;
    TextMachine::State state = start;
    for (std::size_t i = 0; i < text.size(); ++i) {
      state = after(state, text[i]);
      if (in_string && text[i] == '\\') {
        state = after(state, text[++i]);
      } else if (text[i] == '"') {
        in_string = !in_string;
      } else if (has_parts && !in_string && (text[i] == ',' || text[i] == ':')) {
        state = after(state, ' ', true);
      }
    }
    machine.add_empty(state, end);
  }
  return machine.texts(start, end);
}

}  // namespace midillama::grammar
