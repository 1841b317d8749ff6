#include "midillama/compose/lenient_json.h"

#include "midillama/chat/call.h"
#include "midillama/core/error.h"
#include "midillama/core/json_reader.h"
#include "midillama/text/utf8.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>
#include <string>

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

class LenientReader {
 public:
  LenientReader(std::string_view text, Counts& forgiven) : text_(text), forgiven_(forgiven) {}

  Json read() {
    pass_thoughts();
    const std::size_t begin = text_.find('{', at_);
    if (begin == std::string_view::npos) throw Error("there is no object in the answer");
    const std::string_view before = text::strip(text_.substr(at_, begin - at_));
    if (!before.empty()) forgive(before.starts_with("```") ? chat::kBlockOfCode : "words before the JSON");
    at_ = begin;
    Json object = value(0);
    std::string_view after = text::strip(text_.substr(at_));
    while (after.starts_with('`')) after.remove_prefix(1);
    if (!text::strip(after).empty()) forgive("words after the JSON");
    return object;
  }

 private:
  void forgive(const char* what) { ++forgiven_[what]; }

  void pass_thoughts() {
    constexpr std::string_view kEnd = "</think>";
    const std::size_t end = text_.rfind(kEnd);
    if (end == std::string_view::npos) return;
    forgive(chat::kThoughts);
    at_ = end + kEnd.size();
  }

  bool is_at_end() const { return at_ == text_.size(); }
  bool comes(std::string_view what) const { return text_.substr(at_).starts_with(what); }

  [[noreturn]] void complain() const {
    std::string valid;
    const std::string_view there = text_.substr(at_, 20);
    throw Error(fmt::format("byte {} of the answer: \"{}\" is nothing that belongs there", at_, text::valid_utf8(there, valid)));
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

  Json list(char bracket, std::size_t depth) {
    Json values = Json::array();
    parts(bracket, [&] { values.push_back(value(depth + 1)); });
    return values;
  }

  Json object(std::size_t depth) {
    Json members = Json::object();
    parts('}', [&] {
      const Json key = value(depth + 1);
      pass_space();
      if (is_at_end()) return;
      if (!key.is_string() || !comes(":")) complain();
      ++at_;
      pass_space();
      if (!is_at_end()) members[key.get<std::string>()] = value(depth + 1);
    });
    return members;
  }

  Json value(std::size_t depth) {
    if (depth > kDeepest) throw Error(fmt::format("the answer has more than {} lists in each other", kDeepest));
    const char first = text_[at_];
    if (first == '{') return object(depth);
    if (first == '[') return list(']', depth);
    if (first == '(') return forgive("tuples"), list(')', depth);
    if (first == '"') return quoted('"');
    if (first == '\'') return forgive("single quotes"), quoted('\'');
    return word();
  }

  Json quoted(char quote) {
    std::string written;
    for (++at_; !is_at_end() && text_[at_] != quote; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      written += text_[at_];
    }
    if (!is_at_end()) ++at_;
    std::string valid;
    return std::string(text::valid_utf8(written, valid));
  }

  Json word() {
    const std::size_t begin = at_;
    at_ = std::min(text_.find_first_of(" \t\r\n,:[]{}()\"'#", at_), text_.size());
    const std::string_view word = text_.substr(begin, at_ - begin);
    if (word.empty()) complain();
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

}  // namespace

Json read_lenient_json(std::string_view text, Counts& forgiven) {
  Json json = parse_or_discard(text);
  return json.is_object() ? json : LenientReader(text, forgiven).read();
}

}  // namespace midillama::compose
