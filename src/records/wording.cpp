#include "midillama/records/wording.h"

#include "midillama/core/error.h"
#include "midillama/text/casefold.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

namespace midillama::records {
namespace {

// Whether it is spoken with a vowel at its beginning: "Irish", "E major", "F sharp minor", "8/8", "11"; not "European", "one-step".
bool begins_with_a_vowel(std::string_view noun) {
  const std::string words = text::casefold(noun);
  const std::string_view first = std::string_view(words).substr(0, words.find_first_of(" /-"));
  const auto is_one_of = [](std::string_view letters, char c) { return letters.find(c) != std::string_view::npos; };
  if (first.empty()) return false;
  if (first.size() == 1 && !is_one_of("0123456789", first[0])) return is_one_of("aefhilmnorsx", first[0]);  // a letter's own name
  if (first[0] == '8' || first == "11" || first == "18") return true;
  const bool is_glide = first.starts_with("eu") || first.starts_with("uni") || first.starts_with("one");
  return is_one_of("aeiou", first[0]) && !is_glide;
}

std::string with_article(const std::string& noun) {
  return (begins_with_a_vowel(noun) ? "an " : "a ") + noun;
}

// "{the origin|somewhere}", taken apart.
struct Field {
  std::string_view article;  // "a", "the" or nothing
  std::string_view tag;
  std::optional<std::string_view> fallback;
};

Field parse_field(std::string_view text) {
  Field field;
  if (const auto bar = text.find('|'); bar != std::string_view::npos) {
    field.fallback = text.substr(bar + 1);
    text = text.substr(0, bar);
  }
  for (const std::string_view article : {"a", "the"}) {
    if (text.starts_with(article) && text.substr(article.size()).starts_with(' ')) {
      field.article = article;
      text.remove_prefix(article.size() + 1);
      break;
    }
  }
  field.tag = text;
  return field;
}

std::string in_sentence(const Tag& tag, const std::string& value) {
  for (const auto& known : tag.values) {
    if (known.value == value && !known.in_sentence.empty()) return known.in_sentence;
  }
  return value;
}

// What stands for a field; nothing where its fact is not known.
std::optional<std::string> field_text(std::string_view text, const Facts& facts, const Tags& tags) {
  const auto field = parse_field(text);
  const auto fact = facts.find(std::string(field.tag));
  const auto* tag = tags.find(field.tag);
  if (fact != facts.end()) {
    if (field.article == "a") return with_article(fact->second);
    return field.article == "the" && tag != nullptr ? in_sentence(*tag, fact->second) : fact->second;
  }
  if (field.fallback) return std::string(*field.fallback);
  if (field.article == "a" && tag != nullptr && !tag->otherwise.empty()) return with_article(tag->otherwise);
  return std::nullopt;
}

// Of a wording: a text as it stands or a field's, and which pair of brackets it stands in, counted from 1 on; 0: in none.
struct Piece {
  std::string_view text;
  bool is_field = false;
  int bracket = 0;
};

std::vector<Piece> pieces_of(std::string_view wording) {
  const auto wrong = [&](const std::string& what) { return Error(fmt::format("\"{}\": {}", wording, what)); };
  std::vector<Piece> pieces;
  int brackets = 0;
  bool within = false;
  for (std::size_t at = 0; at < wording.size();) {
    const std::string_view rest = wording.substr(at);
    if (rest.front() == '{') {
      const auto close = rest.find_first_of("{}[]", 1);
      if (close == std::string_view::npos || rest[close] != '}') throw wrong("a '{' is not closed");
      pieces.push_back({rest.substr(1, close - 1), true, within ? brackets : 0});
      at += close + 1;
    } else if (rest.front() == '[') {
      if (within) throw wrong("brackets stand within brackets, or a '[' is not closed");
      within = true, ++brackets, ++at;
    } else if (rest.front() == ']') {
      if (!within) throw wrong("a ']' closes nothing");
      within = false, ++at;
    } else if (rest.front() == '}') {
      throw wrong("a '}' closes nothing");
    } else {
      const auto length = std::min(rest.find_first_of("{}[]"), rest.size());
      pieces.push_back({rest.substr(0, length), false, within ? brackets : 0});
      at += length;
    }
  }
  if (within) throw wrong("a '[' is not closed");
  return pieces;
}

}  // namespace

std::optional<std::string> fill_known(std::string_view wording, const Facts& facts, const Tags& tags) {
  std::string out;
  std::size_t before_bracket = 0;
  int bracket = 0, left_out = 0;
  for (const Piece& piece : pieces_of(wording)) {
    if (piece.bracket != 0 && piece.bracket == left_out) continue;
    if (piece.bracket != std::exchange(bracket, piece.bracket)) before_bracket = out.size();
    const auto text = piece.is_field ? field_text(piece.text, facts, tags) : std::string(piece.text);
    if (text) {
      out += *text;
    } else if (piece.bracket == 0) {
      return std::nullopt;
    } else {
      out.resize(before_bracket);
      left_out = piece.bracket;
    }
  }
  if (!out.empty()) out[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(out[0])));
  return out;
}

std::string fill(std::string_view wording, const Facts& facts, const Tags& tags) {
  if (auto text = fill_known(wording, facts, tags)) return std::move(*text);
  throw Error(fmt::format("\"{}\" needs a fact that is not known", wording));
}

std::vector<std::string> named_tags(std::string_view wording) {
  std::vector<std::string> tags;
  for (const Piece& piece : pieces_of(wording)) {
    if (!piece.is_field) continue;
    std::string tag(parse_field(piece.text).tag);
    if (std::ranges::find(tags, tag) == tags.end()) tags.push_back(std::move(tag));
  }
  return tags;
}

}  // namespace midillama::records
