#include "midillama/records/words.h"

#include <cctype>

namespace midillama::records {

std::string plain_words(std::string_view text) {
  std::string words;
  for (const char c : text) {
    if (c == '\'') continue;
    const bool part_of_word = std::isalnum(static_cast<unsigned char>(c)) || static_cast<unsigned char>(c) >= 0x80;
    if (part_of_word) {
      words += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else if (!words.empty() && words.back() != ' ') {
      words += ' ';
    }
  }
  if (!words.empty() && words.back() == ' ') words.pop_back();
  return words;
}

bool is_word_at(std::string_view text, std::size_t at, std::string_view words) {
  const auto end = at + words.size();
  return text.compare(at, words.size(), words) == 0 && (at == 0 || text[at - 1] == ' ') && (end >= text.size() || text[end] == ' ');
}

bool contains_words(std::string_view text, std::string_view words) {
  for (auto at = text.find(words); at != std::string_view::npos; at = text.find(words, at + 1)) {
    if (is_word_at(text, at, words)) return true;
  }
  return false;
}

bool ends_with_words(std::string_view text, std::string_view words) {
  return text.size() >= words.size() && is_word_at(text, text.size() - words.size(), words);
}

std::string tonic_name(char letter, char accidental) {
  std::string name(1, letter);
  if (accidental == '#') name += " sharp";
  if (accidental == 'b') name += " flat";
  return name;
}

}  // namespace midillama::records
