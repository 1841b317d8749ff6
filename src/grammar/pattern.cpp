#include "grammar/pattern.h"

#include "grammar/place.h"
#include "midillama/text/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

namespace midillama::grammar {
namespace {

constexpr std::int64_t kMostRepeats = 100'000;
constexpr int kMostGroups = 200;  // in each other
constexpr char32_t kLastCodePoint = 0x10FFFF;

// Characters that surely match, and such that surely do not: readers differ on the others.
struct Class {
  CharacterSet yes, no;

  explicit Class(const CharacterSet& set) : yes(set), no(~set) {}
  Class(CharacterSet surely, CharacterSet surely_not) : yes(std::move(surely)), no(std::move(surely_not)) {}

  Class operator|(const Class& other) const { return {yes | other.yes, no & other.no}; }
  Class operator~() const { return {no, yes}; }
};

const CharacterSet kAscii = {{0, 0x7F}};
const CharacterSet kDigits = {{'0', '9'}};
const CharacterSet kWord = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
const CharacterSet kWithoutOtherDigits = {{0, 0x65F}, {0x3000, 0x9FFF}, {0xAC00, 0xD7A3}};  // Latin, Greek, Cyrillic, CJK, Hangul and more
const CharacterSet kSpaces = {{'\t', '\r'},     {' ', ' '},       {0xA0, 0xA0},     {0x1680, 0x1680}, {0x2000, 0x200A},
                              {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}};
const CharacterSet kSpacesOfSome = {{0x1C, 0x1F}, {0x85, 0x85}, {0xFEFF, 0xFEFF}};
const CharacterSet kLineEnds = {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}};

Class shorthand(char32_t letter) {
  switch (letter) {
    case 'd':
      return {kDigits, ~kDigits & kWithoutOtherDigits};
    case 'w':
      return {kWord, ~kWord & kAscii};
    case 's':
      return {kSpaces, ~(kSpaces | kSpacesOfSome)};
    default:
      return ~shorthand(letter + ('a' - 'A'));  // \D, \W and \S
  }
}

struct Part {
  enum class Kind { characters, sequence, choice, repeated, start, end } kind;
  CharacterSet set = {};
  std::vector<Part> parts = {};
  std::int64_t fewest = 1;
  std::optional<std::int64_t> most = {};  // nothing: any number
};

// What a text is asked for from its beginning on: that it matches, or that it does not.
struct Question {
  Part part;
  bool is_negated = false;
};

class PatternReader {
 public:
  PatternReader(std::string_view pattern, TextMachine& machine, std::string place)
      : rest_(pattern), machine_(machine), place_(std::move(place)) {}

  // The pattern itself comes last.
  std::vector<Question> read() {
    std::vector<Question> questions;
    const std::string_view whole = rest_;
    if (take("^")) {
      while (rest_.starts_with("(?!") || rest_.starts_with("(?=")) questions.push_back(assertion());
    }
    if (questions.empty()) rest_ = whole;
    Part part = choice();
    if (!rest_.empty()) wrong("a \")\" closes nothing");
    if (!questions.empty()) {
      if (part.kind == Part::Kind::choice) refuse("\"|\" beside (?!…) or (?=…), without a group,");
      part = {.kind = Part::Kind::sequence, .parts = {{.kind = Part::Kind::start}, std::move(part)}};
    }
    questions.push_back({std::move(part)});
    return questions;
  }

 private:
  [[noreturn]] void refuse(std::string_view what) const { fail(place_, fmt::format("{} is not supported in a pattern", what)); }
  [[noreturn]] void wrong(std::string_view what) const { fail(place_, fmt::format("is no regular expression: {}", what)); }

  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  Question assertion() {
    const bool is_negated = rest_[2] == '!';
    rest_.remove_prefix(3);
    is_negated_ = is_negated;
    Part part = choice();
    is_negated_ = false;
    if (!take(")")) wrong("a group has no \")\"");
    return {{.kind = Part::Kind::sequence, .parts = {{.kind = Part::Kind::start}, std::move(part)}}, is_negated};
  }

  Part choice() {
    Part part{.kind = Part::Kind::choice};
    do {
      part.parts.push_back(sequence());
    } while (take("|"));
    return part.parts.size() == 1 ? std::move(part.parts.front()) : part;
  }

  Part sequence() {
    Part part{.kind = Part::Kind::sequence};
    while (!rest_.empty() && rest_.front() != '|' && rest_.front() != ')') part.parts.push_back(repeated());
    return part;
  }

  Part repeated() {
    Part one = term();
    const bool is_assertion = one.kind == Part::Kind::start || one.kind == Part::Kind::end;
    Part part{.kind = Part::Kind::repeated};
    if (take("*")) {
      part.fewest = 0;
    } else if (take("?")) {
      part.fewest = 0;
      part.most = 1;
    } else if (take("{")) {
      read_counts(part);
    } else if (!take("+")) {
      return one;
    }
    if (is_assertion) wrong("^ and $ cannot be repeated");
    take("?");  // it matches the same texts
    if (!rest_.empty() && std::string_view("*+?{").find(rest_.front()) != std::string_view::npos)
      wrong("what is repeated is repeated again");
    part.parts.push_back(std::move(one));
    return part;
  }

  // After the brace: m}, m,} or m,n}.
  void read_counts(Part& part) {
    part.fewest = number();
    part.most = part.fewest;
    if (take(",")) part.most = rest_.starts_with('}') ? std::nullopt : std::optional(number());
    if (!take("}")) wrong("a \"}\" was expected after {m,n");
    if (part.most && *part.most < part.fewest) wrong("the numbers of {m,n} are out of order");
  }

  std::int64_t number() {
    std::int64_t value = 0;
    std::size_t digits = 0;
    for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; ++digits, rest_.remove_prefix(1)) {
      value = value * 10 + (rest_.front() - '0');
      if (value > kMostRepeats) refuse(fmt::format("a number above {}", kMostRepeats));
    }
    if (digits == 0) wrong("a number was expected after {");
    return value;
  }

  Part term() {
    machine_.charge(2);
    if (take("^")) return {.kind = Part::Kind::start};
    if (take("$")) return {.kind = Part::Kind::end};
    if (take("(")) return group();
    if (take(".")) return characters(is_negated_ ? ~CharacterSet{{'\n', '\n'}} : ~kLineEnds);
    if (take("[")) return characters(matching(bracket()));
    if (take("\\")) return characters(matching(escape(false)));
    if (const char next = rest_.front(); next == '*' || next == '+' || next == '?' || next == '{' || next == '}' || next == ']')
      wrong(fmt::format("\"{}\" has nothing before it, or no \\", next));
    const char32_t character = text::take_code_point(rest_);
    return characters({{character, character}});
  }

  // What surely matches; in what must not match, what may.
  CharacterSet matching(const Class& set) const { return is_negated_ ? ~set.no : set.yes; }

  static Part characters(CharacterSet set) { return {.kind = Part::Kind::characters, .set = std::move(set)}; }

  Part group() {
    if (take("?")) {
      const bool has_name = rest_.size() > 1 && rest_[0] == '<' && rest_[1] != '=' && rest_[1] != '!';
      if (has_name) {
        const std::size_t end = rest_.find('>');
        if (end == std::string_view::npos) wrong("a group's name has no end");
        rest_.remove_prefix(end + 1);
      } else if (!take(":")) {
        refuse(fmt::format("\"(?{}\"", rest_.starts_with('<') ? shown(rest_.substr(0, 2)) : std::string(rest_.substr(0, 1))));
      }
    }
    if (++groups_ > kMostGroups) refuse(fmt::format("more than {} groups in each other", kMostGroups));
    Part part = choice();
    if (!take(")")) wrong("a group has no \")\"");
    --groups_;
    return part;
  }

  // After the bracket.
  Class bracket() {
    const bool is_negated = take("^");
    Class result{CharacterSet()};
    while (!take("]")) {
      if (rest_.empty()) wrong("a class has no \"]\"");
      machine_.charge(1 + result.yes.ranges().size());
      const auto first = class_member();
      if (rest_.starts_with('-') && rest_.size() > 1 && rest_[1] != ']') {
        rest_.remove_prefix(1);
        const auto last = class_member();
        if (!first.character || !last.character) wrong("a range of a class begins and ends with characters");
        if (*first.character > *last.character) wrong("a range of a class is out of order");
        result = result | Class(CharacterSet{{*first.character, *last.character}});
      } else {
        result = result | first.set;
      }
    }
    return is_negated ? ~result : result;
  }

  struct Member {
    Class set;
    std::optional<char32_t> character;
  };
  Member class_member() {
    if (!take("\\")) {
      const char32_t character = text::take_code_point(rest_);
      return {Class(CharacterSet{{character, character}}), character};
    }
    Class set = escape(true);
    const auto ranges = set.yes.ranges();
    const bool is_one = ranges.size() == 1 && ranges.front().low == ranges.front().high;
    const std::optional<char32_t> character = is_one ? std::optional(ranges.front().low) : std::nullopt;
    return {std::move(set), character};
  }

  // After the backslash.
  Class escape(bool in_class) {
    if (rest_.empty()) wrong("it ends with a \\");
    const char32_t letter = text::take_code_point(rest_);
    const auto one = [](char32_t character) { return Class(CharacterSet{{character, character}}); };
    switch (letter) {
      case 'd':
      case 'D':
      case 'w':
      case 'W':
      case 's':
      case 'S':
        return shorthand(letter);
      case 't':
        return one('\t');
      case 'n':
        return one('\n');
      case 'r':
        return one('\r');
      case 'f':
        return one('\f');
      case 'v':
        return one('\v');
      case 'x':
        return one(hexadecimal(2));
      case 'u':
        return one(code_point());
      default:
        break;
    }
    const bool stands_for_itself = std::u32string_view(U"^$\\.*+?()[]{}|/").find(letter) != std::u32string_view::npos;
    if (stands_for_itself || (letter < 0x80 && letter > ' ' && !kWord.contains(letter))) return one(letter);
    std::string name = "\\";
    text::append_utf8(name, letter);
    refuse(fmt::format("{}{}", name, in_class ? " in a class" : ""));
  }

  // After \u: four digits, a pair of surrogates, or braces.
  char32_t code_point() {
    if (take("{")) {
      char32_t value = 0;
      for (int digits = 0; !take("}"); ++digits) {
        if (digits == 6) wrong("\\u{…} has more than six digits");
        value = value * 16 + hexadecimal(1);
      }
      if (value > kLastCodePoint) wrong("\\u{…} is beyond 10FFFF");
      return value;
    }
    const char32_t unit = hexadecimal(4);
    if (unit < 0xD800 || unit > 0xDBFF || !take("\\u")) return unit;
    return 0x10000 + ((unit - 0xD800) << 10) + (hexadecimal(4) & 0x3FF);
  }

  char32_t hexadecimal(int digits) {
    char32_t value = 0;
    for (int i = 0; i < digits; ++i) {
      const auto digit =
          rest_.empty() ? std::string_view::npos : std::string_view("0123456789abcdef").find(static_cast<char>(rest_.front() | 0x20));
      if (digit == std::string_view::npos || (digit > 9 && rest_.front() < 'A')) wrong("a hexadecimal digit is missing");
      value = value * 16 + static_cast<char32_t>(digit);
      rest_.remove_prefix(1);
    }
    return value;
  }

  std::string_view rest_;
  TextMachine& machine_;
  std::string place_;
  int groups_ = 0;
  bool is_negated_ = false;
};

using State = TextMachine::State;

// Where a text is that began in a state and that a part matches.
State add_part(TextMachine& machine, const Part& part, State from) {
  switch (part.kind) {
    case Part::Kind::characters: {
      const State to = machine.add_state();
      machine.add_characters(from, part.set, to);
      return to;
    }
    case Part::Kind::sequence: {
      const State own = machine.add_state();
      machine.add_empty(from, own);
      State to = own;
      for (const Part& one : part.parts) to = add_part(machine, one, to);
      return to;
    }
    case Part::Kind::choice: {
      const State to = machine.add_state();
      for (const Part& one : part.parts) machine.add_empty(add_part(machine, one, from), to);
      return to;
    }
    case Part::Kind::repeated:
      break;
    case Part::Kind::start:
    case Part::Kind::end: {
      const State to = machine.add_state();
      machine.add_empty(from, to, part.kind == Part::Kind::start ? TextMachine::When::at_start : TextMachine::When::at_end);
      return to;
    }
  }
  const Part& one = part.parts.front();
  for (std::int64_t i = 0; i < part.fewest; ++i) from = add_part(machine, one, from);
  const State to = machine.add_state();
  machine.add_empty(from, to);
  if (!part.most) {
    machine.add_empty(add_part(machine, one, to), to);
    return to;
  }
  for (std::int64_t i = part.fewest; i < *part.most; ++i) {
    from = add_part(machine, one, from);
    machine.add_empty(from, to);
  }
  return to;
}

State add_anything(TextMachine& machine) {
  const State any = machine.add_state();
  machine.add_characters(any, ~CharacterSet(), any);
  return any;
}

}  // namespace

std::vector<TextMachine::Demand> add_pattern(TextMachine& machine, std::string_view pattern, const std::string& place) {
  std::vector<TextMachine::Demand> demands;
  for (const Question& question : PatternReader(pattern, machine, place).read()) {
    const State start = add_anything(machine);
    const State found = add_part(machine, question.part, start);
    const State rest = add_anything(machine);
    machine.add_empty(found, rest);
    demands.push_back({.start = start, .end = rest, .rest = rest, .is_negated = question.is_negated});
  }
  return demands;
}

}  // namespace midillama::grammar
