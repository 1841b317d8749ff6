#include "metrics/porter.h"

#include "midillama/text/utf8.h"

#include <span>
#include <utility>

namespace midillama::metrics {
namespace {

using Text = std::u32string;
using View = std::u32string_view;

constexpr std::pair<std::string_view, std::string_view> kIrregular[] = {
    {"sky", "sky"},        {"skies", "sky"},       {"dying", "die"},        {"lying", "lie"},
    {"tying", "tie"},      {"news", "news"},       {"innings", "inning"},   {"inning", "inning"},
    {"outings", "outing"}, {"outing", "outing"},   {"cannings", "canning"}, {"canning", "canning"},
    {"howe", "howe"},      {"proceed", "proceed"}, {"exceed", "exceed"},    {"succeed", "succeed"}};

bool is_plain_vowel(char32_t c) {
  return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u';
}

// y is a consonant at the start and after a vowel, a vowel after a consonant.
bool is_consonant(View word, std::size_t i) {
  bool flip = false;
  for (; i > 0 && word[i] == 'y'; --i) flip = !flip;
  return !is_plain_vowel(word[i]) != flip;
}

// How often a consonant follows a vowel: m of [C](VC){m}[V].
int measure(View stem) {
  int count = 0;
  bool after_vowel = false;
  bool consonant = false;
  for (std::size_t i = 0; i < stem.size(); ++i) {
    consonant = stem[i] == 'y' ? i == 0 || !consonant : !is_plain_vowel(stem[i]);
    count += after_vowel && consonant;
    after_vowel = !consonant;
  }
  return count;
}

bool contains_vowel(View stem) {
  for (std::size_t i = 0; i < stem.size(); ++i) {
    if (is_plain_vowel(stem[i]) || (stem[i] == 'y' && !is_consonant(stem, i))) return true;
  }
  return false;
}

bool ends_with_double_consonant(View word) {
  return word.size() >= 2 && word.back() == word[word.size() - 2] && is_consonant(word, word.size() - 1);
}

// Consonant, vowel, consonant other than w, x, y; or a vowel and a consonant that are the whole word.
bool ends_cvc(View word) {
  const std::size_t n = word.size();
  if (n == 2) return !is_consonant(word, 0) && is_consonant(word, 1);
  return n >= 3 && is_consonant(word, n - 3) && !is_consonant(word, n - 2) && is_consonant(word, n - 1) && word[n - 1] != 'w' &&
         word[n - 1] != 'x' && word[n - 1] != 'y';
}

// Replaces `suffix` by `replacement` where what is before it has a measure above `minimum`.
struct Rule {
  View suffix, replacement;
};

View without(View word, View suffix) {
  return word.substr(0, word.size() - suffix.size());
}

void replace(Text& word, View suffix, View replacement) {
  word.replace(word.size() - suffix.size(), suffix.size(), replacement);
}

// The first rule whose suffix fits decides, whether or not its condition holds.
void apply(Text& word, std::span<const Rule> rules, int minimum) {
  for (const auto& [suffix, replacement] : rules) {
    if (!word.ends_with(suffix)) continue;
    if (measure(without(word, suffix)) > minimum) replace(word, suffix, replacement);
    return;
  }
}

void step_1a(Text& word) {
  if (word.ends_with(U"ies")) {
    replace(word, U"ies", word.size() == 4 ? U"ie" : U"i");
  } else if (word.ends_with(U"sses")) {
    replace(word, U"sses", U"ss");
  } else if (word.ends_with('s') && !word.ends_with(U"ss")) {
    word.pop_back();
  }
}

// What follows the removal of -ed or -ing.
void repair_1b(Text& word) {
  if (word.ends_with(U"at") || word.ends_with(U"bl") || word.ends_with(U"iz")) {
    word += U'e';
  } else if (ends_with_double_consonant(word)) {
    if (word.back() != 'l' && word.back() != 's' && word.back() != 'z') word.pop_back();
  } else if (measure(word) == 1 && ends_cvc(word)) {
    word += U'e';
  }
}

void step_1b(Text& word) {
  if (word.ends_with(U"ied")) return replace(word, U"ied", word.size() == 4 ? U"ie" : U"i");
  if (word.ends_with(U"eed")) {
    if (measure(without(word, U"eed")) > 0) word.pop_back();
    return;
  }
  for (const View suffix : {View(U"ed"), View(U"ing")}) {
    if (!word.ends_with(suffix) || !contains_vowel(without(word, suffix))) continue;
    replace(word, suffix, U"");
    return repair_1b(word);
  }
}

void step_1c(Text& word) {
  if (word.ends_with('y') && word.size() > 2 && is_consonant(word, word.size() - 2)) word.back() = 'i';
}

constexpr Rule kStep2[] = {{U"ational", U"ate"}, {U"tional", U"tion"}, {U"enci", U"ence"}, {U"anci", U"ance"}, {U"izer", U"ize"},
                           {U"bli", U"ble"},     {U"alli", U"al"},     {U"entli", U"ent"}, {U"eli", U"e"},     {U"ousli", U"ous"},
                           {U"ization", U"ize"}, {U"ation", U"ate"},   {U"ator", U"ate"},  {U"alism", U"al"},  {U"iveness", U"ive"},
                           {U"fulness", U"ful"}, {U"ousness", U"ous"}, {U"aliti", U"al"},  {U"iviti", U"ive"}, {U"biliti", U"ble"},
                           {U"fulli", U"ful"}};

void step_2(Text& word) {
  if (word.ends_with(U"alli") && measure(without(word, U"alli")) > 0) replace(word, U"alli", U"al");
  if (word.ends_with(U"logi")) {  // the l counts as part of the stem
    if (measure(without(word, U"ogi")) > 0) word.pop_back();
    return;
  }
  apply(word, kStep2, 0);
}

constexpr Rule kStep3[] = {{U"icate", U"ic"}, {U"ative", U""}, {U"alize", U"al"}, {U"iciti", U"ic"},
                           {U"ical", U"ic"},  {U"ful", U""},   {U"ness", U""}};

constexpr Rule kStep4[] = {{U"al", U""},   {U"ance", U""}, {U"ence", U""},  {U"er", U""},   {U"ic", U""},  {U"able", U""},
                           {U"ible", U""}, {U"ant", U""},  {U"ement", U""}, {U"ment", U""}, {U"ent", U""}, {U"ou", U""},
                           {U"ism", U""},  {U"ate", U""},  {U"iti", U""},   {U"ous", U""},  {U"ive", U""}, {U"ize", U""}};

void step_4(Text& word) {
  if (!word.ends_with(U"ion")) return apply(word, kStep4, 1);
  const View stem = without(word, U"ion");
  if (measure(stem) > 1 && (stem.back() == 's' || stem.back() == 't')) replace(word, U"ion", U"");
}

void step_5(Text& word) {
  if (word.ends_with('e')) {
    const View stem = without(word, U"e");
    const int m = measure(stem);
    if (m > 1 || (m == 1 && !ends_cvc(stem))) word.pop_back();
  }
  if (word.ends_with(U"ll") && measure(without(word, U"l")) > 1) word.pop_back();
}

}  // namespace

std::string porter_stem(std::string_view word) {
  for (const auto& [form, stem] : kIrregular) {
    if (word == form) return std::string(stem);
  }
  Text letters;
  for (std::string_view rest = word; !rest.empty();) letters += text::take_code_point(rest);
  if (letters.size() <= 2) return std::string(word);
  step_1a(letters);
  step_1b(letters);
  step_1c(letters);
  step_2(letters);
  apply(letters, kStep3, 0);
  step_4(letters);
  step_5(letters);
  std::string stem;
  for (const char32_t c : letters) text::append_utf8(stem, c);
  return stem;
}

}  // namespace midillama::metrics
