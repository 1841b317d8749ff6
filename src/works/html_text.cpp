#include "works/html_text.h"

#include "midillama/core/ascii.h"
#include "midillama/text/utf8.h"
#include "midillama/works/page_text.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <optional>

namespace midillama::works {
namespace {

// Elements that are left out with all that is in them, by name or by a class.
constexpr std::string_view kLeftOut[] = {"script", "style", "table", "figure", "head"};
constexpr std::string_view kLeftOutClasses[] = {"reference", "references", "mw-editsection", "noprint",
                                                "noexcerpt", "navbox",     "hatnote",        "toc"};
constexpr std::string_view kParagraphs[] = {"p", "div", "ul", "ol", "dl", "blockquote", "section"};
constexpr std::string_view kLines[] = {"br", "li", "dt", "dd", "tr"};
constexpr std::string_view kRaw[] = {"script", "style"};  // hold no tags but their own end
constexpr std::string_view kVoid[] = {"br", "img", "hr", "input", "link", "meta", "wbr", "col", "source"};

template <std::size_t n>
bool is_among(const std::string_view (&names)[n], std::string_view name) {
  return std::ranges::find(names, name) != std::end(names);
}

struct NamedCharacter {
  std::string_view name;
  char32_t character;
};
constexpr NamedCharacter kNamed[] = {{"amp", '&'},  {"lt", '<'},          {"gt", '>'},          {"quot", '"'},        {"apos", '\''},
                                     {"nbsp", ' '}, {"ndash", U'\u2013'}, {"mdash", U'\u2014'}, {"hellip", U'\u2026'}};

struct Tag {
  std::string name;  // in lower case
  std::string_view attributes;
  bool opens = true;
};

// The tag that begins `text` with '<', and where it ends; nothing where there is none.
std::optional<Tag> take_tag(std::string_view& text) {
  std::size_t at = 1;
  const bool opens = at >= text.size() || text[at] != '/';
  if (!opens) ++at;
  const std::size_t name_begin = at;
  const auto is_letter = [](char c) { return lower_ascii(c) >= 'a' && lower_ascii(c) <= 'z'; };
  if (at == text.size() || !is_letter(text[at])) return std::nullopt;
  while (at < text.size() && (is_letter(text[at]) || (text[at] >= '0' && text[at] <= '9'))) ++at;
  Tag tag{lower_ascii(std::string(text.substr(name_begin, at - name_begin))), {}, opens};
  const std::size_t attributes = at;
  for (char quote = 0; at < text.size() && (quote != 0 || text[at] != '>'); ++at) {
    if (quote != 0) {
      if (text[at] == quote) quote = 0;
    } else if (text[at] == '"' || text[at] == '\'') {
      quote = text[at];
    }
  }
  if (at == text.size()) return std::nullopt;
  tag.attributes = text.substr(attributes, at - attributes);
  text.remove_prefix(at + 1);
  return tag;
}

bool has_class(std::string_view attributes, std::string_view name) {
  constexpr std::string_view kClass = "class=\"";
  const auto begin = attributes.find(kClass);
  if (begin == std::string_view::npos) return false;
  std::string_view classes = attributes.substr(begin + kClass.size());
  classes = classes.substr(0, classes.find('"'));
  while (!classes.empty()) {
    const auto end = classes.find(' ');
    if (classes.substr(0, end) == name) return true;
    classes.remove_prefix(end == std::string_view::npos ? classes.size() : end + 1);
  }
  return false;
}

bool is_left_out(const Tag& tag) {
  return is_among(kLeftOut, tag.name) || std::ranges::any_of(kLeftOutClasses, [&](auto name) { return has_class(tag.attributes, name); });
}

// "&#91;", "&amp;" at the front of `text`; nothing where it is another '&'.
std::optional<char32_t> take_reference(std::string_view& text) {
  constexpr std::size_t kLongestName = 10;
  const auto end = text.substr(0, kLongestName).find(';');
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view name = text.substr(1, end - 1);
  std::optional<char32_t> character;
  if (name.starts_with('#')) {
    const bool is_hexadecimal = name.size() > 1 && lower_ascii(name[1]) == 'x';
    name.remove_prefix(is_hexadecimal ? 2 : 1);
    std::uint32_t value = 0;
    const auto [stop, error] = std::from_chars(name.data(), name.data() + name.size(), value, is_hexadecimal ? 16 : 10);
    const bool is_character = value > 0 && value <= 0x10FFFF && (value < 0xD800 || value > 0xDFFF);
    if (error == std::errc{} && stop == name.data() + name.size() && is_character) character = static_cast<char32_t>(value);
  } else if (const auto* found = std::ranges::find(kNamed, name, &NamedCharacter::name); found != std::end(kNamed)) {
    character = found->character;
  }
  if (character) text.remove_prefix(end + 1);
  return character;
}

bool is_heading(std::string_view name) {
  return name.size() == 2 && name[0] == 'h' && name[1] >= '1' && name[1] <= '6';
}

class Reader {
 public:
  std::string read(std::string_view html) {
    for (rest_ = html; !rest_.empty();) {
      if (rest_.starts_with("<!--")) {
        const auto end = rest_.find("-->");
        rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 3);
      } else if (rest_.front() == '<') {
        read_tag();
      } else {
        read_character();
      }
    }
    return tidy_text(text_);
  }

 private:
  void read_tag() {
    const auto tag = take_tag(rest_);
    if (!tag) return read_character();
    if (!left_out_.empty()) {
      if (tag->name == left_out_ && !is_among(kVoid, tag->name)) depth_ += tag->opens ? 1 : -1;
      if (depth_ == 0) left_out_.clear();
    } else if (tag->opens && is_left_out(*tag) && !is_among(kVoid, tag->name)) {
      left_out_ = tag->name;
      depth_ = 1;
      if (is_among(kRaw, tag->name)) rest_.remove_prefix(std::min(rest_.size(), rest_.find("</" + tag->name)));
    } else if (is_heading(tag->name)) {
      const std::string marks(static_cast<std::size_t>(tag->name[1] - '0'), '=');
      text_ += tag->opens ? "\n\n" + marks + " " : " " + marks + "\n\n";
    } else if (is_among(kParagraphs, tag->name)) {
      text_ += "\n\n";
    } else if (is_among(kLines, tag->name) && (tag->opens || tag->name == "tr")) {
      text_ += "\n";
    }
  }

  // White space of a source is a single space.
  void read_character() {
    const auto reference = rest_.front() == '&' ? take_reference(rest_) : std::nullopt;
    const char32_t c = reference ? *reference : text::take_code_point(rest_);
    if (!left_out_.empty()) return;
    if (!text::is_space(c)) {
      text::append_utf8(text_, c);
    } else if (!text_.empty() && text_.back() != ' ' && text_.back() != '\n') {
      text_ += ' ';
    }
  }

  std::string_view rest_;
  std::string text_;
  std::string left_out_;  // the element that is left out now
  int depth_ = 0;         // elements of its name that are open
};

}  // namespace

std::string text_of_html(std::string_view html) {
  return Reader().read(html);
}

}  // namespace midillama::works
