#include "corpus/foreign_words.h"

#include "midillama/records/stated_value.h"
#include "midillama/records/words.h"
#include "midillama/works/words.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <vector>

namespace midillama::corpus {
namespace {

using records::Facts;
using records::PlainWord;
using Sentence = std::vector<PlainWord>;

// Words that begin sentences, whoever has them in a name ("The Beatles").
constexpr std::array<std::string_view, 53> kFunctionWords = {
    "a",    "all",  "an",  "and",  "are",  "as",    "at",    "but",   "by",    "each", "for",  "from",  "he",   "her",
    "here", "his",  "how", "if",   "in",   "is",    "it",    "its",   "my",    "no",   "of",   "on",    "one",  "or",
    "our",  "she",  "so",  "some", "the",  "their", "then",  "there", "these", "they", "this", "those", "that", "to",
    "we",   "were", "was", "what", "when", "where", "which", "who",   "why",   "with", "you"};

// The first person, also with its verb: "I'm".
constexpr std::array<std::string_view, 5> kFirstPerson = {"i", "im", "ive", "id", "ill"};

struct Numeral {
  std::string_view word, digits;
  bool is_below_ten = false;
};
constexpr std::array<Numeral, 53> kNumerals = {{
    {"one", "1", true},      {"two", "2", true},     {"three", "3", true},   {"four", "4", true},   {"five", "5", true},
    {"six", "6", true},      {"seven", "7", true},   {"eight", "8", true},   {"nine", "9", true},   {"quarter", "4", true},
    {"quarters", "4", true}, {"eighth", "8", true},  {"eighths", "8", true}, {"ten", "10"},         {"eleven", "11"},
    {"twelve", "12"},        {"thirteen", "13"},     {"fourteen", "14"},     {"fifteen", "15"},     {"sixteen", "16"},
    {"seventeen", "17"},     {"eighteen", "18"},     {"nineteen", "19"},     {"twenty", "20"},      {"thirty", "30"},
    {"forty", "40"},         {"fifty", "50"},        {"sixty", "60"},        {"seventy", "70"},     {"eighty", "80"},
    {"ninety", "90"},        {"hundred", "100"},     {"thousand", "1000"},   {"tenth", "10th"},     {"eleventh", "11th"},
    {"twelfth", "12th"},     {"thirteenth", "13th"}, {"fourteenth", "14th"}, {"fifteenth", "15th"}, {"sixteenth", "16th"},
    {"seventeenth", "17th"}, {"eighteenth", "18th"}, {"nineteenth", "19th"}, {"twentieth", "20th"}, {"twenties", "20s"},
    {"thirties", "30s"},     {"forties", "40s"},     {"eighties", "80s"},    {"nineties", "90s"},   {"fifties", "50s"},
    {"sixties", "60s"},      {"seventies", "70s"},   {"dozen", "12"},
}};

// What music counts, beside the units of the tags.
constexpr std::array<std::string_view, 5> kCounted = {"beats", "time", "sharps", "flats", "century"};

constexpr std::array<std::string_view, 32> kDenials = {
    "not",   "no",       "never", "none",   "nobody", "nothing", "neither", "nor",    "cannot",  "hardly", "scarcely",
    "arent", "isnt",     "wasnt", "werent", "dont",   "doesnt",  "didnt",   "cant",   "couldnt", "wont",   "wouldnt",
    "shant", "shouldnt", "hasnt", "havent", "hadnt",  "aint",    "mustnt",  "neednt", "mightnt", "darent"};

bool contains(const auto& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

// A capital letter says nothing of a sentence's first word.
std::vector<Sentence> sentences_in(std::string_view text) {
  std::vector<Sentence> sentences;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(".!?:"), text.size() - 1);
    sentences.push_back(records::words_in(text.substr(0, end + 1)));
    text.remove_prefix(end + 1);
  }
  return sentences;
}

// In lower case and without accents.
std::string folded(const std::string& word) {
  const auto words = works::words_of(word);
  return words.empty() ? word : words.front().folded;
}

std::set<std::string> words_of(const Facts& facts) {
  std::set<std::string> words;
  for (const auto& [tag, value] : facts) {
    for (const auto& word : records::words_in(value)) words.insert(word.text);
  }
  return words;
}

// A value that a tag reads in a name which the facts do not have: "Viennese Classical" where the style is Classical.
bool is_read_by_a_tag(const std::string& word, const Facts& facts, const records::Tags& tags) {
  return std::ranges::any_of(tags.tags, [&](const records::Tag& tag) {
    const auto fact = facts.find(tag.name);
    return fact != facts.end() && std::ranges::any_of(tag.phrases, [&](const records::Alias& alias) {
             return alias.value == fact->second && records::contains_words(alias.words, word);
           });
  });
}

bool is_known_number(const std::string& digits, const Facts& facts, const records::Tags& tags) {
  return std::ranges::any_of(tags.tags, [&](const records::Tag& tag) {
    const auto fact = facts.find(tag.name);
    return tag.kind == "number" && fact != facts.end() && records::same_value(tag, digits, fact->second);
  });
}

bool is_digit(unsigned char c) {
  return std::isdigit(c) != 0;
}

bool has_digit(const std::string& word) {
  return std::ranges::any_of(word, is_digit);
}

const Numeral* numeral_of(std::string_view word) {
  const auto* found = std::ranges::find(kNumerals, word, &Numeral::word);
  return found == kNumerals.end() ? nullptr : found;
}

// The words from `at` on, at most so many, joined.
std::string words_from(const Sentence& sentence, std::size_t at, std::size_t count) {
  const auto begin = sentence.begin() + static_cast<std::ptrdiff_t>(std::min(at, sentence.size()));
  const auto end = begin + std::min(static_cast<std::ptrdiff_t>(count), sentence.end() - begin);
  return records::plain_words(Sentence(begin, end));
}

// Whether the word at `at` measures something: beside another number, or before a unit.
bool is_measure(const Sentence& sentence, std::size_t at, const std::set<std::string>& units) {
  const auto is_number = [&](std::size_t i) {
    return i < sentence.size() && (has_digit(sentence[i].text) || numeral_of(sentence[i].text) != nullptr);
  };
  if (is_number(at + 1) || (at > 0 && is_number(at - 1))) return true;
  const auto following = words_from(sentence, at + 1, sentence.size());
  return std::ranges::any_of(units, [&](const std::string& unit) { return records::is_word_at(following, 0, unit); });
}

}  // namespace

ForeignWords::ForeignWords(const records::Tags& tags) : tags_(tags), units_(kCounted.begin(), kCounted.end()) {
  for (const auto& tag : tags.tags) {
    for (const auto& unit : tag.units) units_.insert(records::plain_words(unit));
  }
}

void ForeignWords::add_composer(const std::string& name) {
  for (const auto& word : records::words_in(name)) {
    const auto plain = folded(word.text);
    if (word.capital && plain.size() > 1 && !contains(kFunctionWords, plain)) composers_.insert(plain);
  }
}

std::optional<std::string> ForeignWords::name_in(const std::string& text, const Facts& facts) const {
  const auto known = words_of(facts);
  const auto is_known = [&](const std::string& word) {
    return known.contains(word) || is_read_by_a_tag(word, facts, tags_) ||
           std::ranges::any_of(known, [plain = folded(word)](const std::string& other) { return folded(other) == plain; });
  };
  const auto is_composer = [&](const std::string& word) {  // "Chopin's" is "chopins"
    return composers_.contains(folded(word)) || composers_.contains(works::without_plural(folded(word)));
  };
  for (const auto& sentence : sentences_in(text)) {
    for (std::size_t i = 0; i < sentence.size(); ++i) {
      const auto& [word, capital] = sentence[i];
      if (!capital || contains(kFirstPerson, word) || units_.contains(word)) continue;
      if ((i > 0 || is_composer(word)) && !is_known(word)) return word;
    }
  }
  return std::nullopt;
}

std::optional<std::string> ForeignWords::number_in(const std::string& text, const Facts& facts, bool is_question) const {
  const auto known = words_of(facts);
  const auto is_known = [&](const std::string& word) { return known.contains(word) || is_known_number(word, facts, tags_); };
  for (const auto& sentence : sentences_in(text)) {
    for (std::size_t i = 0; i < sentence.size(); ++i) {
      const auto& word = sentence[i].text;
      if (is_known(word)) continue;
      if (has_digit(word)) {
        const bool is_short = word.size() <= 2 && std::ranges::all_of(word, is_digit);
        if (!is_question || !is_short || is_measure(sentence, i, units_)) return word;
      } else if (const auto* numeral = numeral_of(word); numeral != nullptr && !is_known(std::string(numeral->digits))) {
        if (!numeral->is_below_ten || is_measure(sentence, i, units_)) return word;
      }
    }
  }
  return std::nullopt;
}

std::optional<std::string> ForeignWords::denial_in(const std::string& text, const Facts& facts) const {
  for (const auto& sentence : sentences_in(text)) {
    for (std::size_t i = 0; i < sentence.size(); ++i) {
      if (!contains(kDenials, sentence[i].text)) continue;
      const auto denied = i == 0 ? words_from(sentence, 0, 3) : words_from(sentence, i - 1, 4);  // "was not published before"
      const bool is_a_fact_s =
          std::ranges::any_of(facts, [&](const auto& fact) { return records::contains_words(records::plain_words(fact.second), denied); });
      if (!is_a_fact_s) return sentence[i].text;
    }
  }
  return std::nullopt;
}

}  // namespace midillama::corpus
