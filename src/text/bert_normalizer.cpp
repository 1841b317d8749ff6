#include "text/bert_normalizer.h"

#include "midillama/text/utf8.h"

#include <glib.h>

#include <algorithm>
#include <iterator>
#include <span>

namespace midillama::text {
namespace {

struct Range {
  char32_t first, last;
};
struct ValuedRange {
  char32_t first, last;
  int value;
};

#include "text/bert_characters.inc"

// Characters with a decomposition that the reference's version of Unicode does not know.
constexpr Range kNewComposites[] = {{0x105C9, 0x105C9}, {0x105E4, 0x105E4}, {0x11383, 0x11383}, {0x11385, 0x11385}, {0x1138E, 0x1138E},
                                    {0x11391, 0x11391}, {0x113C5, 0x113C8}, {0x11938, 0x11938}, {0x16121, 0x16128}, {0x16D68, 0x16D6A}};

constexpr char32_t kCapitalIWithDot = 0x130;  // the one capital whose small letter is two characters

template <typename T, std::size_t n>
const T* find(const T (&table)[n], char32_t c) {
  const auto row = std::ranges::upper_bound(table, c, {}, &T::first);
  return row != std::begin(table) && c <= std::prev(row)->last ? std::prev(row) : nullptr;
}

template <std::size_t n>
bool is_in(const Range (&table)[n], char32_t c) {
  return find(table, c) != nullptr;
}

bool is_white_space(char32_t c) {
  return is_space(c) && (c < 0x1C || c > 0x1F);
}

std::u32string code_points(std::string_view text) {
  std::u32string result;
  while (!text.empty()) result += take_code_point(text);
  return result;
}

std::u32string cleaned(std::u32string_view text) {
  std::u32string result;
  for (const char32_t c : text) {
    if (!is_in(kRemoved, c)) result += is_white_space(c) ? U' ' : c;
  }
  return result;
}

std::u32string with_parted_ideographs(std::u32string_view text) {
  std::u32string result;
  for (const char32_t c : text) {
    const bool is_ideograph = is_in(kIdeographs, c);
    if (is_ideograph) result += U' ';
    result += c;
    if (is_ideograph) result += U' ';
  }
  return result;
}

std::u32string decomposed(std::u32string_view text) {
  std::u32string result;
  for (const char32_t c : text) {
    gunichar parts[G_UNICHAR_MAX_DECOMPOSITION_LENGTH];
    if (is_in(kNewComposites, c)) {
      result += c;
      continue;
    }
    const gsize count = g_unichar_fully_decompose(c, FALSE, parts, std::size(parts));
    result.append(parts, parts + count);
  }
  return result;
}

int combining_class(char32_t c) {
  if (const ValuedRange* mark = find(kOrderedMarks, c)) return mark->value;
  return is_in(kAccents, c) ? g_unichar_combining_class(c) : 0;
}

// Marks that follow each other are sorted by their class.
void order_marks(std::u32string& text) {
  const auto is_mark = [](char32_t c) { return combining_class(c) != 0; };
  for (auto begin = text.begin(); (begin = std::find_if(begin, text.end(), is_mark)) != text.end();) {
    const auto end = std::find_if_not(begin, text.end(), is_mark);
    std::stable_sort(begin, end, [](char32_t a, char32_t b) { return combining_class(a) < combining_class(b); });
    begin = end;
  }
}

std::u32string without_accents(std::u32string_view text) {
  std::u32string result = decomposed(text);
  order_marks(result);
  std::erase_if(result, [](char32_t c) { return is_in(kAccents, c); });
  return result;
}

std::u32string lowered(std::u32string_view text) {
  std::u32string result;
  for (const char32_t c : text) {
    const ValuedRange* odd = find(kOddCapitals, c);
    if (c == kCapitalIWithDot) {
      result += U"i\u0307";
    } else {
      result += odd != nullptr ? static_cast<char32_t>(static_cast<int>(c) + odd->value) : static_cast<char32_t>(g_unichar_tolower(c));
    }
  }
  return result;
}

}  // namespace

std::string BertNormalizer::normalize(std::string_view text) const {
  std::u32string characters = code_points(text);
  if (cleans) characters = cleaned(characters);
  if (parts_ideographs) characters = with_parted_ideographs(characters);
  if (strips_accents) characters = without_accents(characters);
  if (lowers) characters = lowered(characters);
  std::string result;
  for (const char32_t c : characters) append_utf8(result, c);
  return result;
}

void split_bert_words(std::string_view text, const std::function<void(std::string_view word)>& receive) {
  std::size_t begin = 0;
  const auto end_word = [&](std::size_t end) {
    if (begin < end) receive(text.substr(begin, end - begin));
  };
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t at = text.size() - rest.size();
    const char32_t c = take_code_point(rest);
    const std::size_t next = text.size() - rest.size();
    const bool is_mark = is_in(kPunctuation, c);
    if (!is_mark && !is_white_space(c)) continue;
    end_word(at);
    if (is_mark) receive(text.substr(at, next - at));
    begin = next;
  }
  end_word(text.size());
}

}  // namespace midillama::text
