#include "midillama/corpus/abc.h"

#include "midillama/core/ascii.h"
#include "midillama/core/replace_all.h"
#include "midillama/corpus/labels.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <ranges>
#include <set>
#include <span>

namespace midillama::corpus {
namespace {

// Also of the mark that DOS put at the end of a file.
std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\x1a";
  const auto first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

std::string_view without_comment(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '%' && (i == 0 || line[i - 1] != '\\')) return trim(line.substr(0, i));
  }
  return trim(line);
}

struct Field {
  char letter;
  std::string_view value;
};

// A letter and a colon; but "A:|" and "z::" are music.
std::optional<Field> line_field(std::string_view line) {
  if (line.size() < 2 || !std::isalpha(static_cast<unsigned char>(line[0]))) return std::nullopt;
  const auto colon = line.find_first_not_of(' ', 1);
  if (colon == std::string_view::npos || line[colon] != ':') return std::nullopt;
  const bool may_be_note = std::string_view("ABCDEFGabcdefgxz").find(line[0]) != std::string_view::npos;
  const char next = colon + 1 < line.size() ? line[colon + 1] : ' ';
  if (may_be_note && (next == '|' || next == ':')) return std::nullopt;
  return Field{line[0], trim(line.substr(colon + 1))};
}

// The word of a directive, "%%begintext obeylines" or "%% BeginText": "begintext"; empty for other lines.
std::string directive(std::string_view line) {
  if (!line.starts_with("%%")) return "";
  line = trim(line.substr(2));
  return lower_ascii(line.substr(0, line.find_first_of(" \t")));
}

// The line after the block of text or of another language that begins here, "%%begintext" to "%%endtext": what is in it is no music,
// whatever it looks like. `begin` itself where none begins, or where it has no end.
std::size_t end_of_block(std::span<const std::string_view> lines, std::size_t begin) {
  constexpr std::string_view kBegin = "begin", kKinds[] = {"text", "ps", "svg", "ml"};
  const auto word = directive(lines[begin]);
  if (!word.starts_with(kBegin) || std::ranges::find(kKinds, std::string_view(word).substr(kBegin.size())) == std::end(kKinds))
    return begin;
  const auto end = "end" + word.substr(kBegin.size());
  for (std::size_t i = begin + 1; i < lines.size(); ++i) {
    if (directive(lines[i]) == end) return i + 1;
  }
  return begin;
}

// Without white space at their ends.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    const auto line = text.substr(begin, end - begin);
    lines.push_back(trim(line));
    begin = end + 1;
  }
  return lines;
}

// The header of a file: a block of fields, comments and directives at its beginning.
std::vector<std::string_view> file_header(std::span<const std::string_view> lines) {
  constexpr std::string_view kInherited = "ABCDFGHILMmNORrSUZ";
  std::vector<std::string_view> header;
  for (const auto line : lines) {
    if (line.empty() && !header.empty()) break;
    const auto text = without_comment(line);
    if (text.empty()) continue;
    const auto field = line_field(text);
    if (!field || field->letter == 'X') break;
    if (kInherited.find(field->letter) != std::string_view::npos) header.push_back(text);
  }
  return header;
}

// What the file's header says and the tune's own does not.
void inherit(AbcTune& tune, std::span<const std::string_view> header) {
  const std::vector<std::pair<char, std::string>> own(tune.fields.begin(),
                                                      tune.fields.begin() + static_cast<std::ptrdiff_t>(tune.fields_before_music));
  for (const auto line : header | std::views::reverse) {
    const auto field = line_field(line);
    if (std::ranges::any_of(own, [&](const auto& stated) { return stated.first == field->letter; })) continue;
    tune.fields.insert(tune.fields.begin() + 1, {field->letter, std::string(field->value)});
    tune.lines.insert(tune.lines.begin() + 1, std::string(line));
    ++tune.fields_before_music;
  }
}

// Calls `visit` with every inline field "[M:3/4]" of a music line.
template <typename Visit>
void for_each_inline_field(std::string_view line, Visit&& visit) {
  for (std::size_t open = line.find('['); open != std::string_view::npos; open = line.find('[', open + 1)) {
    const auto close = line.find(']', open);
    if (close == std::string_view::npos) return;
    if (const auto field = line_field(line.substr(open + 1, close - open - 1))) visit(*field);
  }
}

void add_line(AbcTune& tune, std::string_view line) {
  tune.lines.emplace_back(line);
  const auto text = without_comment(line);
  const auto add = [&](const Field& field) { tune.fields.emplace_back(field.letter, field.value); };
  if (const auto field = line_field(text)) {
    add(*field);
    if (!tune.music_begun) tune.fields_before_music = tune.fields.size();
  } else {
    tune.music_begun = tune.music_begun || (!text.empty() && tune.distinct_values('K') > 0);
    for_each_inline_field(text, add);
  }
}

bool is_part_order(std::string_view value) {
  return !value.empty() && std::all_of(value.begin(), value.end(), [](unsigned char c) {
    return std::isupper(c) || std::isdigit(c) || c == '.' || c == '(' || c == ')';
  });
}

// The field as abc2midi sees it; empty where it is left out.
std::string kept_field(const Field& field, bool in_header) {
  const std::string line = std::string(1, field.letter) + ":" + std::string(field.value);
  switch (field.letter) {
    case 'M':
    case 'L':
    case 'K':
    case 'V':
      return line;
    case 'P':
      return in_header && is_part_order(field.value) ? line : "";
    case 'Q':
      if (const auto tempo = plain_tempo(field.value)) return "Q:" + *tempo;
      return "";
    default:
      return "";
  }
}

// Letters that are neither notes nor rests stand for decorations and bowings, '.' and '~' for staccato and rolls.
bool is_decoration(char c) {
  return c == '.' || c == '~' || c == '`' || (c >= 'H' && c <= 'W') || (c >= 'h' && c <= 'w');
}

// Where the part of the line that begins at `at` and is left out ends; `at` itself where it is kept. No decoration's name has a space or a
// bar line in it: such a '!' breaks the line where it is printed, and what follows is music.
std::size_t skip_annotation(std::string_view line, std::size_t at) {
  if (line[at] != '"' && line[at] != '!') return at;
  const auto close = line.find(line[at], at + 1);
  if (close == std::string_view::npos) return at + 1;
  const bool is_break = line[at] == '!' && line.substr(at, close - at).find_first_of(" |") != std::string_view::npos;
  return is_break ? at + 1 : close + 1;
}

std::string bare_music(std::string_view line) {
  std::string out;
  for (std::size_t i = 0; i < line.size();) {
    const auto close = line[i] == '[' ? line.find(']', i) : std::string_view::npos;
    if (close != std::string_view::npos) {
      if (const auto field = line_field(line.substr(i + 1, close - i - 1))) {
        if (const auto kept = kept_field(*field, false); !kept.empty()) out += "[" + kept + "]";
        i = close + 1;
        continue;
      }
    }
    if (const auto end = skip_annotation(line, i); end != i) {
      i = end;
      continue;
    }
    if (!is_decoration(line[i])) out += line[i];
    ++i;
  }
  replace_all(out, "[|]", "|");  // an invisible bar line, which abc2midi takes for a chord
  return out;
}

}  // namespace

std::string AbcTune::field(char letter) const {
  for (const auto& [name, value] : fields) {
    if (name == letter && !value.empty()) return value;
  }
  return "";
}

std::string AbcTune::all_of(char letter) const {
  std::string values;
  for (const auto& [name, value] : fields) {
    if (name == letter && !value.empty()) values += (values.empty() ? "" : "; ") + value;
  }
  return values;
}

std::size_t AbcTune::distinct_values(char letter) const {
  std::set<std::string_view> values;
  for (const auto& [name, value] : fields) {
    if (name == letter) values.insert(value);
  }
  return values.size();
}

bool AbcTune::holds_throughout(char letter) const {
  const auto before_music = std::span(fields).first(fields_before_music);
  const bool stated = std::ranges::any_of(before_music, [&](const auto& field) { return field.first == letter; });
  return stated && distinct_values(letter) == 1;
}

std::vector<AbcTune> parse_tunebook(std::string_view text, const std::string& file) {
  std::vector<AbcTune> tunes;
  const auto lines = lines_of(text);
  bool in_tune = false;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (const auto after = end_of_block(lines, i); after > i) {
      i = after - 1;
      continue;
    }
    const auto line = lines[i];
    if (line.empty()) {
      in_tune = false;
      continue;
    }
    if (const auto field = line_field(line); field && field->letter == 'X') {
      tunes.push_back({file, i + 1, std::string(without_comment(field->value)), {}, {}, 0, false});
      in_tune = true;
    }
    if (in_tune) add_line(tunes.back(), line);
  }
  const auto header = file_header(lines);
  for (auto& tune : tunes) inherit(tune, header);
  return tunes;
}

std::string bare_melody(const AbcTune& tune) {
  std::string out = "X:1\n";
  bool in_header = true;
  for (const auto& written : tune.lines) {
    const auto line = without_comment(written);
    if (line.empty()) continue;
    if (const auto field = line_field(line)) {
      if (const auto kept = kept_field(*field, in_header); !kept.empty()) out += kept + '\n';
      if (field->letter == 'K') in_header = false;
    } else if (!in_header) {
      out += bare_music(line) + '\n';
    }
  }
  return out;
}

}  // namespace midillama::corpus
