#include "midillama/records/wording.h"

#include "midillama/core/error.h"

#include <fmt/format.h>

#include <cctype>
#include <utility>

namespace midillama::records {
namespace {

std::string with_article(const std::string& noun) {
  const bool vowel = std::string_view("aeiou").find(noun.front()) != std::string_view::npos;
  return (vowel ? "an " : "a ") + noun;
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

std::size_t closing(std::string_view text, std::size_t open, char close) {
  const auto at = text.find(close, open);
  if (at == std::string_view::npos) throw Error(fmt::format("\"{}\": a '{}' is not closed", text, text[open]));
  return at;
}

// The text with its fields filled in; nothing where one of them is not known.
std::optional<std::string> fill_fields(std::string_view text, const Facts& facts, const Tags& tags) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '{') {
      out += text[i];
      continue;
    }
    const auto close = closing(text, i, '}');
    const auto value = field_text(text.substr(i + 1, close - i - 1), facts, tags);
    if (!value) return std::nullopt;
    out += *value;
    i = close;
  }
  return out;
}

}  // namespace

std::optional<std::string> fill_known(std::string_view wording, const Facts& facts, const Tags& tags) {
  std::string out;
  while (!wording.empty()) {
    const auto open = wording.find('[');
    const auto plain = fill_fields(wording.substr(0, open), facts, tags);
    if (!plain) return std::nullopt;
    out += *plain;
    if (open == std::string_view::npos) break;
    const auto close = closing(wording, open, ']');
    if (const auto optional = fill_fields(wording.substr(open + 1, close - open - 1), facts, tags)) out += *optional;
    wording.remove_prefix(close + 1);
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
  for (auto open = wording.find('['); open != std::string_view::npos; open = wording.find('[', open + 1)) {
    if (wording.substr(open + 1, closing(wording, open, ']') - open - 1).find('[') != std::string_view::npos)
      throw Error(fmt::format("\"{}\": brackets stand within brackets", wording));
  }
  for (auto open = wording.find('{'); open != std::string_view::npos; open = wording.find('{', open + 1)) {
    const auto close = closing(wording, open, '}');
    tags.emplace_back(parse_field(wording.substr(open + 1, close - open - 1)).tag);
  }
  return tags;
}

}  // namespace midillama::records
