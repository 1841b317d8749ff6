// Texts as machines of states: written down with choices ("nondeterministic"), then made such that a byte leads to one state.
#pragma once

#include "grammar/budget.h"
#include "grammar/schema.h"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace midillama::grammar {

// Code points, as ranges that are sorted and do not touch.
class CharacterSet {
 public:
  struct Range {
    char32_t low, high;
  };

  CharacterSet() = default;
  CharacterSet(std::initializer_list<Range> ranges);

  CharacterSet operator|(const CharacterSet& other) const;
  CharacterSet operator&(const CharacterSet& other) const;
  CharacterSet operator~() const;

  bool contains(char32_t character) const;
  std::span<const Range> ranges() const { return ranges_; }

 private:
  std::vector<Range> ranges_;
};

class TextMachine {
 public:
  using State = std::uint32_t;
  enum class When : std::uint8_t { always, at_start, at_end };  // of the text

  // What it and its result take is charged to the budget, to be found at a place.
  TextMachine(Budget& budget, std::string place) : budget_(budget), place_(std::move(place)) {}

  void charge(std::size_t amount) const { budget_.charge(static_cast<std::int64_t>(amount), "given texts and patterns", place_); }

  State add_state();
  // A byte from `low` to `high` leads from one state to the other; it is the first of a character or not.
  void add_byte(State from, std::uint8_t low, std::uint8_t high, State to, bool begins_character = false);
  // Nothing needs to be read between them.
  void add_empty(State from, State to, When when = When::always);
  // One of some characters, as they are written within a JSON string: in UTF-8; quotes, backslashes and \b, \f, \n, \r and \t with a
  // backslash; other control characters never.
  void add_characters(State from, const CharacterSet& set, State to);

  // A description that a text must agree with, or must not: its first state was added first, all others before the next demand's. From
  // `rest`, where there is one, every rest of a text agrees.
  struct Demand {
    State start, end;
    std::optional<State> rest = {};
    bool is_negated = false;
  };
  // JSON strings, quotes included, of at least so many characters that agree with every demand. No states where there are none.
  TextNode strings(const std::vector<Demand>& demands, std::int64_t fewest) const;
  // Texts that are read from a state to another, byte for byte.
  TextNode texts(State start, State end) const;

 private:
  friend class Determinizer;

  struct Byte {
    std::uint8_t low, high;
    bool begins_character;
    State to;
  };
  struct Empty {
    When when;
    State to;
  };
  struct Node {
    std::vector<Byte> bytes;
    std::vector<Empty> empties;
  };

  void add_range(State from, char32_t low, char32_t high, State to);
  void add_sequences(State from, std::string_view low, std::string_view high, State to, bool begins_character);

  Budget& budget_;
  std::string place_;
  std::vector<Node> nodes_;
};

// Given JSON values, spelled without white space. In lists and objects a space may come after each comma and colon.
TextNode given_texts(const std::set<std::string>& texts, Budget& budget, const std::string& place);

}  // namespace midillama::grammar
