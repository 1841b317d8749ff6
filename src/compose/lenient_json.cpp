#include "midillama/compose/lenient_json.h"

#include "midillama/chat/call.h"
#include "midillama/core/error.h"
#include "midillama/core/json_reader.h"
#include "midillama/core/printable.h"
#include "midillama/text/utf8.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace midillama::compose {
namespace {

constexpr std::size_t kDeepest = 32;  // lists and objects in each other: a piece has three

template <typename Number>
std::optional<Number> number_of(std::string_view word) {
  if (word.starts_with('+')) word.remove_prefix(1);
  Number number{};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return number;
}

constexpr const char* kRepeated = "keys that are there twice (the last is kept)";

// Reads the object that begins at a place of a text.
class ObjectReader {
 public:
  ObjectReader(std::string_view text, std::size_t begin, Counts& forgiven) : text_(text), forgiven_(forgiven), at_(begin) {}

  Json read() { return object(0); }
  // Where it has come to.
  std::size_t at() const { return at_; }

 private:
  void forgive(const char* what) { ++forgiven_[what]; }

  bool is_at_end() const { return at_ == text_.size(); }
  bool comes(std::string_view what) const { return text_.substr(at_).starts_with(what); }

  [[noreturn]] void complain() const {
    std::string valid;
    const std::string_view there = text_.substr(at_, 20);
    throw Error(fmt::format("byte {} of the answer: \"{}\" is nothing that belongs there", at_, printable(text::valid_utf8(there, valid))));
  }

  // To what counts: behind white space, comments and dots that stand for more of the same.
  void pass_space() {
    while (!is_at_end()) {
      if (std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) {
        ++at_;
      } else if (comes("#") || comes("//")) {
        pass_comment("\n");
      } else if (comes("/*")) {
        pass_comment("*/");
      } else if (comes("...") || comes("…")) {
        forgive("an ellipsis");
        at_ += 3;  // both have three bytes
      } else {
        return;
      }
    }
  }

  void pass_comment(std::string_view end) {
    forgive("comments");
    const std::size_t found = text_.find(end, at_);
    at_ = found == std::string_view::npos ? text_.size() : found + end.size();
  }

  // Whether a list or object ends here; what ends it is passed.
  bool ends(char bracket) {
    pass_space();
    if (is_at_end()) {
      if (!is_cut_) forgive("an end that is missing");
      is_cut_ = true;
      return true;
    }
    if (std::string_view("]})").find(text_[at_]) == std::string_view::npos) return false;
    if (text_[at_] != bracket) forgive("brackets that do not match");
    ++at_;
    return true;
  }

  // Calls `part` for each part of a list or object, whose opening bracket comes.
  template <typename Part>
  void parts(char bracket, Part&& part) {
    ++at_;
    bool is_first = true, has_comma = false;
    for (; !ends(bracket); is_first = false) {
      if (!is_first && !has_comma) forgive("commas that are missing");
      if (text_[at_] == ',') {
        forgive("commas too many");
        ++at_;
        has_comma = true;
        continue;
      }
      part();
      pass_space();
      has_comma = comes(",");
      if (has_comma) ++at_;
    }
    if (has_comma && !is_cut_) forgive("commas too many");
  }

  // Nothing where one of its own values is cut: nobody knows what it was to be.
  std::optional<Json> list(char bracket, std::size_t depth) {
    Json values = Json::array();
    bool is_whole = true;
    parts(bracket, [&] {
      const bool is_plain = std::string_view("[({").find(text_[at_]) == std::string_view::npos;
      if (auto one = value(depth + 1)) {
        values.push_back(*std::move(one));
      } else if (is_plain) {
        is_whole = false;
      }
    });
    return is_whole ? std::optional(std::move(values)) : std::nullopt;
  }

  Json object(std::size_t depth) {
    Json members = Json::object();
    parts('}', [&] {
      const auto key = value(depth + 1);
      pass_space();
      if (is_at_end()) return;
      if (!key || !key->is_string() || !comes(":")) complain();
      ++at_;
      pass_space();
      if (is_at_end()) return;
      auto member = value(depth + 1);
      if (!member) return;
      const auto [known, is_new] = members.emplace(key->get<std::string>(), *member);
      if (is_new) return;
      forgive(kRepeated);
      *known = *std::move(member);
    });
    return members;
  }

  // Nothing where it is cut.
  std::optional<Json> value(std::size_t depth) {
    if (depth > kDeepest) throw Error(fmt::format("the answer has more than {} lists in each other", kDeepest));
    const char first = text_[at_];
    if (first == '{') return object(depth);
    if (first == '[') return list(']', depth);
    if (first == '(') return forgive("tuples"), list(')', depth);
    if (first == '"') return quoted('"');
    if (first == '\'') return forgive("single quotes"), quoted('\'');
    return word();
  }

  std::nullopt_t cut() {
    forgive("a value that is cut");
    return std::nullopt;
  }

  std::optional<Json> quoted(char quote) {
    std::string written;
    for (++at_; !is_at_end() && text_[at_] != quote; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      written += text_[at_];
    }
    if (is_at_end()) return cut();
    ++at_;
    std::string valid;
    return std::string(text::valid_utf8(written, valid));
  }

  std::optional<Json> word() {
    const std::size_t begin = at_;
    at_ = std::min(text_.find_first_of(" \t\r\n,:[]{}()\"'#", at_), text_.size());
    const std::string_view word = text_.substr(begin, at_ - begin);
    if (word.empty()) complain();
    if (is_at_end()) return cut();
    if (const auto whole = number_of<std::int64_t>(word)) return *whole;
    if (const auto number = number_of<double>(word); number && std::isfinite(*number)) return *number;
    if (word == "null" || word == "true" || word == "false") return word == "null" ? Json() : Json(word == "true");
    if (word == "None" || word == "True" || word == "False")
      return forgive("Python's words"), word == "None" ? Json() : Json(word == "True");
    if (!text::is_valid_utf8(word)) complain();
    return forgive("words without quotes"), std::string(word);
  }

  std::string_view text_;
  Counts& forgiven_;
  std::size_t at_ = 0;
  bool is_cut_ = false;  // before its end
};

// An object of a text, or why it is none.
struct Found {
  std::size_t begin = 0, end = 0;
  Json object = {};
  Counts forgiven = {};
  std::string problem = {};
};

Found object_at(std::string_view text, std::size_t begin) {
  Found found{.begin = begin};
  ObjectReader reader(text, begin, found.forgiven);
  try {
    found.object = reader.read();
  } catch (const Error& error) {
    found.problem = error.what();
  }
  found.end = reader.at();
  return found;
}

// The longest object from a place on: others are words with braces, drafts, examples.
Found longest_object(std::string_view text, std::size_t begin) {
  Found longest;
  while ((begin = text.find('{', begin)) != std::string_view::npos) {
    Found found = object_at(text, begin);
    begin = found.problem.empty() ? found.end : begin + 1;
    if (found.end - found.begin > longest.end - longest.begin) longest = std::move(found);
  }
  if (longest.end == 0) throw Error("there is no object in the answer");
  if (!longest.problem.empty()) throw Error(longest.problem);
  return longest;
}

std::size_t after_thoughts(std::string_view text, Counts& forgiven) {
  constexpr std::string_view kEnd = "</think>";
  const std::size_t end = text.rfind(kEnd);
  if (end == std::string_view::npos) return 0;
  ++forgiven[chat::kThoughts];
  return end + kEnd.size();
}

Json read_leniently(std::string_view text, Counts& forgiven) {
  text = text::rstrip(text);  // a number at its end is cut, whatever space follows
  const std::size_t begin = after_thoughts(text, forgiven);
  Found found = longest_object(text, begin);
  const std::string_view before = text::strip(text.substr(begin, found.begin - begin));
  if (!before.empty()) ++forgiven[before.starts_with("```") ? chat::kBlockOfCode : "words before the JSON"];
  std::string_view after = text::strip(text.substr(found.end));
  while (after.starts_with('`')) after.remove_prefix(1);
  if (!text::strip(after).empty()) ++forgiven["words after the JSON"];
  add(forgiven, found.forgiven);
  return std::move(found.object);
}

// Of JSON: the keys that an object has before.
std::int64_t count_repeated_keys(std::string_view json) {
  std::int64_t repeated = 0;
  std::vector<std::set<std::string>> open;
  const auto look = [&](int, Json::parse_event_t event, const Json& parsed) {
    if (event == Json::parse_event_t::object_start) open.emplace_back();
    if (event == Json::parse_event_t::key) repeated += open.back().insert(parsed.get<std::string>()).second ? 0 : 1;
    if (event == Json::parse_event_t::object_end) open.pop_back();
    return true;
  };
  return Json::parse(json, look, /*allow_exceptions=*/false).is_discarded() ? 0 : repeated;
}

}  // namespace

Json read_lenient_json(std::string_view text, Counts& forgiven) {
  Json json = parse_or_discard(text);
  if (!json.is_object()) return read_leniently(text, forgiven);
  if (const std::int64_t repeated = count_repeated_keys(text); repeated > 0) forgiven[kRepeated] += repeated;
  return json;
}

}  // namespace midillama::compose
