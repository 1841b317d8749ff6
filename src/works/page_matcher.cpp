#include "midillama/works/page_matcher.h"

#include "midillama/text/utf8.h"
#include "midillama/works/page_text.h"
#include "midillama/works/words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <glib.h>

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <map>
#include <optional>

namespace midillama::works {
namespace {

constexpr std::size_t kMostSearched = 8;   // naming words
constexpr std::size_t kDigitsOfAYear = 4;  // a bare number of so many is a word like others ("1812")
constexpr std::size_t kWordsOfAList = 60;  // of an opening, in which it says that it may refer to several things

// Of titles in the languages that composers use: articles, prepositions, and what keys are called.
const std::set<std::string> kFunctionWords = {
    "a",   "al",  "and", "at",   "au",  "aux", "by",       "con",   "das",    "de",     "del",   "della",  "dem",  "den",   "der",
    "des", "di",  "die", "du",   "e",   "el",  "en",       "et",    "for",    "from",   "fur",   "gli",    "i",    "il",    "im",
    "in",  "la",  "las", "le",   "les", "lo",  "los",      "no",    "of",     "on",     "op",    "par",    "per",  "posth", "pour",
    "sur", "the", "to",  "um",   "und", "von", "with",     "y",     "zu",     "zum",    "zur",   "as",     "ces",  "cis",   "dis",
    "dur", "es",  "fis", "flat", "ges", "gis", "maggiore", "major", "majeur", "mineur", "minor", "minore", "moll", "sharp"};

// Before surnames.
const std::set<std::string> kParticles = {"da", "de", "del", "della", "den", "der", "des", "di", "dos",
                                          "du", "la", "le",  "of",    "the", "van", "von", "zu"};
const std::set<std::string> kAfterNames = {"ii", "iii", "iv", "jr", "jun", "junior", "sen", "senior", "sr"};
const std::set<std::string> kNobody = {"anon", "anonym", "anonymous", "trad", "traditional", "unknown"};

// Kinds of music and what plays it, which titles have in brackets ("(piano)", "(ballet)"), without a plural's s.
const std::set<std::string> kMusic = {
    "adagio",       "air",         "aria",    "ballade",   "ballad",   "ballet",      "bagatelle",   "ballett",     "canon",
    "cantata",      "caprice",     "carol",   "folk",      "nursery",  "rhyme",       "traditional", "cello",       "chanson",
    "choral",       "chorale",     "choir",   "clarinet",  "clavier",  "composition", "concerto",    "dance",       "etude",
    "fantasia",     "fantasy",     "flute",   "four",      "fugue",    "guitar",      "hand",        "harpsichord", "impromptu",
    "instrumental", "intermezzo",  "jig",     "kantate",   "keyboard", "klavier",     "lied",        "lullaby",     "march",
    "mass",         "mazurka",     "melodie", "minuet",    "movement", "music",       "musical",     "musik",       "musique",
    "nocturne",     "oboe",        "opera",   "operetta",  "oper",     "oratorio",    "orchestra",   "orchester",   "orchestral",
    "orchestre",    "organ",       "orgel",   "orgue",     "overture", "piano",       "pianoforte",  "piece",       "poem",
    "polka",        "polonaise",   "prelude", "quartet",   "quintet",  "rag",         "ragtime",     "reel",        "requiem",
    "rhapsody",     "romance",     "rondo",   "sarabande", "scherzo",  "serenade",    "set",         "sextet",      "solo",
    "sonata",       "sonate",      "song",    "string",    "study",    "suite",       "symphonic",   "symphonie",   "symphony",
    "tarantella",   "tango",       "toccata", "trio",      "tune",     "two",         "variation",   "viola",       "violin",
    "violon",       "violoncello", "vocal",   "voice",     "walzer",   "waltz",       "waltze",      "work"};

// Words that a list's title begins with.
const std::set<std::string> kLists = {"list", "lista", "liste"};

// What numbers of titles count, as folded words spell it.
const std::map<std::string, std::string> kKinds = {
    {"op", "op"},       {"opp", "op"},    {"opus", "op"}, {"no", "no"}, {"nos", "no"},  {"nr", "no"},    {"num", "no"},
    {"number", "no"},   {"numero", "no"}, {"n", "no"},    {"k", "k"},   {"kv", "k"},    {"kochel", "k"}, {"bwv", "bwv"},
    {"buxwv", "buxwv"}, {"d", "d"},       {"hob", "hob"}, {"rv", "rv"}, {"hwv", "hwv"}, {"s", "s"},      {"woo", "woo"},
    {"l", "l"},         {"sz", "sz"},     {"bb", "bb"},   {"wv", "wv"}, {"wq", "wq"},   {"z", "z"},      {"twv", "twv"},
    {"fp", "fp"},       {"h", "h"},       {"b", "b"},     {"m", "m"},   {"r", "r"},     {"jb", "jb"},    {"p", "p"}};

const std::string* kind_of(const Word& word) {
  const auto found = kKinds.find(word.folded);
  return found == kKinds.end() ? nullptr : &found->second;
}

// Digits, and a letter at most ("27a").
bool is_number(const Word& word) {
  const auto digits = word.folded.find_first_not_of("0123456789");
  return digits == std::string::npos || (digits > 0 && digits + 1 == word.folded.size());
}

std::string value_of(const Word& word) {
  const auto first = word.folded.find_first_not_of('0');
  return first == std::string::npos ? "0" : word.folded.substr(first);
}

std::string stem(const Word& word) {
  return without_plural(word.folded);
}

std::vector<std::string> stems(const std::vector<Word>& words) {
  std::vector<std::string> result;
  std::ranges::transform(words, std::back_inserter(result), stem);
  return result;
}

std::set<std::string> stem_set(const std::vector<Word>& words) {
  const auto list = stems(words);
  return {list.begin(), list.end()};
}

bool is_catalogue_kind(const std::string& kind) {
  return !kind.empty() && kind != "no";
}

struct TitleParts {
  std::vector<Word> names;
  std::vector<TitleNumber> numbers;
};

TitleParts parts_of(const std::vector<Word>& words) {
  TitleParts parts;
  std::vector<Word> others;
  bool after_catalogue = false;  // directly
  const auto add_number = [&](const std::string& kind, const Word& word) {
    const bool is_catalogue = is_catalogue_kind(kind);
    parts.numbers.push_back({kind, value_of(word), after_catalogue && !is_catalogue});
    after_catalogue = is_catalogue;
  };
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string* kind = kind_of(words[i]);
    if (kind != nullptr && i + 1 < words.size() && is_number(words[i + 1])) {
      add_number(*kind, words[++i]);
    } else if (!is_number(words[i]) || value_of(words[i]).size() >= kDigitsOfAYear) {
      others.push_back(words[i]);
      after_catalogue = false;
    } else if (i > 0 || words.size() == 1) {
      add_number("", words[i]);
    }
  }
  std::set<std::string> known;
  const auto add = [&](const Word& word) {
    if (known.insert(stem(word)).second) parts.names.push_back(word);
  };
  for (const Word& word : others) {
    if (text::count_characters(word.folded) > 1 && !kFunctionWords.contains(word.folded)) add(word);
  }
  if (parts.names.empty() && parts.numbers.empty()) std::ranges::for_each(others, add);
  return parts;
}

// What a title has in brackets at its end, without them.
std::optional<std::string_view> qualifier_of(std::string_view title) {
  title = text::strip(title);
  const auto open = title.rfind('(');
  if (!title.ends_with(')') || open == std::string_view::npos || open == 0) return std::nullopt;
  return text::strip(title.substr(open + 1, title.size() - open - 2));
}

std::string_view without_qualifier(std::string_view title) {
  return qualifier_of(title) ? title.substr(0, title.rfind('(')) : title;
}

std::vector<Word> surname_of(std::string_view composer) {
  composer = without_qualifier(composer);
  std::vector<Word> words;
  if (const auto comma = composer.find(','); comma != std::string_view::npos) {
    words = words_of(composer.substr(0, comma));
    while (words.size() > 1 && kAfterNames.contains(words.back().folded)) words.pop_back();
    while (words.size() > 1 && kParticles.contains(words.front().folded)) words.erase(words.begin());
    return words;
  }
  // The last part between spaces: "Saint-Saëns" is one.
  for (std::string_view rest = text::strip(composer); !rest.empty();) {
    const auto space = rest.rfind(' ');
    words = words_of(space == std::string_view::npos ? rest : rest.substr(space + 1));
    const bool is_suffix = words.empty() || (words.size() == 1 && kAfterNames.contains(words.front().folded));
    if (!is_suffix || space == std::string_view::npos) break;
    rest = text::rstrip(rest.substr(0, space));
  }
  return words;
}

bool contains_in_order(const std::vector<std::string>& words, const std::vector<std::string>& wanted) {
  return !wanted.empty() && !std::ranges::search(words, wanted).empty();
}

bool contains_all(const std::set<std::string>& words, const std::vector<std::string>& wanted) {
  return std::ranges::all_of(wanted, [&](const std::string& word) { return words.contains(word); });
}

bool contains(const std::vector<Word>& words, const TitleNumber& number) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!is_number(words[i]) || value_of(words[i]) != number.value) continue;
    const std::string* kind = i > 0 ? kind_of(words[i - 1]) : nullptr;
    if (number.kind.empty() || (kind != nullptr && *kind == number.kind)) return true;
  }
  return false;
}

// "… may refer to", "can also refer to"
bool is_list_of_pages(const std::vector<Word>& opening) {
  static const std::set<std::string> kMay = {"may", "can", "could", "might"};
  const auto is = [&](std::size_t i, const char* word) { return i < opening.size() && opening[i].text == word; };
  for (std::size_t i = 0; i < std::min(opening.size(), kWordsOfAList); ++i) {
    const std::size_t verb = is(i + 1, "also") ? i + 2 : i + 1;
    if (kMay.contains(opening[i].text) && is(verb, "refer") && is(verb + 1, "to")) return true;
  }
  return false;
}

std::string joined(const std::vector<Word>& words) {
  std::vector<std::string> texts;
  std::ranges::transform(words, std::back_inserter(texts), &Word::text);
  return fmt::format("{}", fmt::join(texts, " "));
}

// The words that are there of each kind, fewer and fewer.
std::vector<std::string> searches_for(const std::vector<Word>& surname, std::vector<Word> names, const std::vector<TitleNumber>& numbers) {
  if (names.empty() && numbers.empty()) return {};
  if (names.size() > kMostSearched) names.resize(kMostSearched);
  std::vector<std::string> values;
  std::ranges::transform(numbers, std::back_inserter(values), &TitleNumber::value);
  const std::string who = joined(surname), what = joined(names), counts = fmt::format("{}", fmt::join(values, " "));
  const auto longest = std::ranges::max_element(names, {}, [](const Word& word) { return word.folded.size(); });
  std::vector<std::string> searches;
  const auto add = [&](std::initializer_list<std::string> parts) {
    std::string search;
    for (const std::string& part : parts) {
      if (!part.empty()) search += (search.empty() ? "" : " ") + part;
    }
    if (!search.empty() && std::ranges::find(searches, search) == searches.end()) searches.push_back(search);
  };
  add({who, what, counts});
  add({who, what});
  add({what});
  if (!names.empty()) add({who, longest->text});
  add({who});
  return searches;
}

}  // namespace

PageMatcher::PageMatcher(const Work& work) {
  const std::vector<Word> composer = words_of(work.composer);
  const bool is_known = !composer.empty() && !std::ranges::all_of(composer, [](const Word& word) { return kNobody.contains(word.folded); });
  const std::vector<Word> surname = is_known ? surname_of(work.composer) : std::vector<Word>{};
  surname_ = stems(surname);
  composer_words_ = stem_set(composer);

  const std::vector<Word> title = words_of(work.title);
  const TitleParts parts = parts_of(title);
  names_ = stems(parts.names);
  numbers_ = parts.numbers;
  title_words_ = stem_set(title);
  required_ = surname_.empty() ? names_ : surname_;
  searches_ = searches_for(surname, parts.names, numbers_);
}

bool PageMatcher::is_titled(std::string_view title) const {
  const TitleParts parts = parts_of(words_of(without_qualifier(title)));
  const auto names = stems(parts.names);
  return std::ranges::is_permutation(names, names_) && std::ranges::is_permutation(parts.numbers, numbers_);
}

bool PageMatcher::allows_title(std::string_view title) const {
  const std::vector<Word> words = words_of(title);
  if (surname_.empty() && !is_titled(title)) return false;
  if (!words.empty() && kLists.contains(words.front().folded) && !title_words_.contains(stem(words.front()))) return false;
  if (const auto qualifier = qualifier_of(title); qualifier && !allows_qualifier(words_of(*qualifier))) return false;
  const std::vector<TitleNumber> numbers = parts_of(words).numbers;
  return std::ranges::all_of(numbers, [&](const TitleNumber& number) { return allows(number); }) && !is_of_composer(title);
}

bool PageMatcher::allows_qualifier(const std::vector<Word>& words) const {
  const auto is_of_music = [&](const Word& word) {
    return title_words_.contains(stem(word)) || kMusic.contains(stem(word)) || kFunctionWords.contains(word.folded) ||
           kind_of(word) != nullptr || is_number(word);
  };
  return contains_in_order(stems(words), surname_) || std::ranges::all_of(words, is_of_music);
}

bool PageMatcher::allows(const TitleNumber& number) const {
  const auto kind = [](const TitleNumber& any) { return any.kind.empty() ? std::string("no") : any.kind; };
  const auto is_alike = [&](const TitleNumber& own) { return kind(own) == kind(number) && own.is_part == number.is_part; };
  const auto is_same = [&](const TitleNumber& own) { return is_alike(own) && own.value == number.value; };
  return std::ranges::none_of(numbers_, is_alike) || std::ranges::any_of(numbers_, is_same);
}

bool PageMatcher::allows_first_of(const std::vector<TitleNumber>& numbers) const {
  const auto first = std::ranges::find_if(numbers, [](const TitleNumber& number) { return is_catalogue_kind(number.kind); });
  if (first == numbers.end()) return true;
  const auto part = std::next(first);
  return allows(*first) && (part == numbers.end() || !part->is_part || allows(*part));
}

bool PageMatcher::is_of_composer(std::string_view title) const {
  const std::vector<Word> words = words_of(without_qualifier(title));
  const std::set<std::string> known = stem_set(words);
  const std::vector<std::string> names = stems(parts_of(words).names);
  const bool has_only_the_name = !names.empty() && contains_all(composer_words_, names);
  if (has_only_the_name) return names_.empty() || !contains_all(known, names_);
  const std::vector<std::string> all = stems(words);
  const bool ends_with_surname =
      !surname_.empty() && all.size() >= surname_.size() && std::equal(surname_.rbegin(), surname_.rend(), all.rbegin());
  return ends_with_surname && std::ranges::none_of(names_, [&](const std::string& name) { return known.contains(name); });
}

bool PageMatcher::is_by_composer(std::string_view title, std::string_view opening) const {
  const std::string_view sentence = first_sentence_of(opening, title);
  if (surname_.empty()) return !sentence.ends_with(':');
  return contains_in_order(stems(words_of(title)), surname_) || contains_in_order(stems(words_of(sentence)), surname_);
}

bool PageMatcher::allows_opening(std::string_view title, std::string_view text) const {
  const std::string start = opening_of(text);
  std::vector<Word> words = words_of(title);
  const std::vector<Word> opening = words_of(start);
  if (is_list_of_pages(opening) || !is_by_composer(title, start)) return false;
  words.insert(words.end(), opening.begin(), opening.end());
  if (!allows_first_of(parts_of(words).numbers)) return false;
  const std::set<std::string> known = stem_set(words);
  const auto found = static_cast<std::size_t>(std::ranges::count_if(names_, [&](const std::string& name) { return known.contains(name); }));
  const bool is_in_catalogue =
      std::ranges::any_of(numbers_, [&](const TitleNumber& number) { return is_catalogue_kind(number.kind) && contains(words, number); });
  return is_in_catalogue ? 2 * found >= names_.size() : found == names_.size();
}

bool PageMatcher::is_about(std::string_view title, std::string_view text) const {
  if (!allows_title(title) || !allows_opening(title, text)) return false;
  std::vector<Word> words = words_of(title);
  const std::vector<Word> rest = words_of(text);
  words.insert(words.end(), rest.begin(), rest.end());
  return std::ranges::all_of(numbers_, [&](const TitleNumber& number) { return contains(words, number); });
}

Distance PageMatcher::distance(std::string_view title) const {
  const std::vector<Word> words = words_of(title);
  const std::set<std::string> known = stem_set(words);
  Distance distance;
  for (const std::string& name : names_) distance.missing += known.contains(name) ? 0 : 1;
  for (const TitleNumber& number : numbers_) distance.missing += contains(words, number) ? 0 : 1;
  for (const Word& word : words) {
    const bool is_own = title_words_.contains(stem(word)) || composer_words_.contains(stem(word)) || kFunctionWords.contains(word.folded);
    distance.foreign += is_own ? 0 : 1;
  }
  return distance;
}

}  // namespace midillama::works
