// Which pages of an encyclopedia are about a work of music: those that name its composer and the work.
//
//  1. The composer's surname is in the page's title or in its first sentence (works/page_text.h). Articles on a kind of music ("A waltz
//     is a dance.") and lists of pages of one name ("Waltz refers to:") name composers further down.
//  2. Every naming word of the work's title is in the page's title or in its opening: all words but articles, prepositions, single
//     letters, words of keys ("major") and numbers. Where the work's opus or catalogue number is there, half of them are enough, for
//     titles are shortened and translated.
//  3. Every number of the work's title is somewhere in the page, with what it counts: "Op. 27", "No. 2", "BWV 846". One that does not
//     say what it counts may stand alone there, too. A number at the title's beginning counts the pieces of a set ("12 Études") and is
//     no name.
//  4. The page's title has no other number of a kind that the work's title has ("No. 13" where "No. 14" is looked for; the "No. 2" of
//     "Op. 27 No. 2" is of another kind), and nor is the first opus or catalogue number in title and opening another. What the title
//     ends with in brackets has the composer's surname, or no words but those of the work's title, numbers, keys, kinds of music and
//     instruments ("(piano)"): else the page is about something else ("(Fauré)", "(film)", "(disambiguation)").
//  5. The page is not one about the composer, whose title has only words of the composer's name, or ends with the surname and has no
//     naming word of the work ("Works by Claude Debussy"), and no list ("List of berceuses", "may refer to").
//
// Where nobody knows the composer (none, "anonymous", "traditional", "unknown"), the page's title, without what it has in brackets,
// must be the work's, the same naming words and numbers, and its first sentence does not end with a colon, as a list's does.
//
// Words are compared as works/words.h folds them, and without a plural's s.
#pragma once

#include "midillama/works/files.h"
#include "midillama/works/words.h"

#include <compare>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::works {

// A number in a title, and what it counts: "op", "no", "bwv", …; empty where the title does not say.
struct TitleNumber {
  std::string kind;
  std::string value;
  bool is_part = false;  // of the opus or catalogue number before it
  bool operator==(const TitleNumber&) const = default;
};

// How much of a work's title is in a page's: pages are read in this order, the least first.
struct Distance {
  std::size_t missing = 0;  // of the work's naming words and numbers
  std::size_t foreign = 0;  // words of the page's title that are neither the work's nor the composer's
  auto operator<=>(const Distance&) const = default;
};

class PageMatcher {
 public:
  explicit PageMatcher(const Work& work);

  // Words to search for, fewer and fewer: all of surname, naming words and numbers; without the numbers; the naming words alone; surname
  // and longest word; the surname alone. Empty where the work has no title to look for.
  const std::vector<std::string>& searches() const { return searches_; }

  // Folded words without plural that are all in the title or opening of a page about the work.
  const std::vector<std::string>& required_words() const { return required_; }

  // Rules 4 and 5, as far as the title tells.
  bool allows_title(std::string_view title) const;
  // Rules 1, 2, 4 and 5. A text that begins with the opening will do.
  bool allows_opening(std::string_view title, std::string_view text) const;
  // All rules.
  bool is_about(std::string_view title, std::string_view text) const;

  Distance distance(std::string_view title) const;

 private:
  bool is_titled(std::string_view title) const;
  bool is_of_composer(std::string_view title) const;
  bool is_by_composer(std::string_view title, std::string_view opening) const;
  bool allows_qualifier(const std::vector<Word>& words) const;
  bool allows(const TitleNumber& number) const;
  bool allows_first_of(const std::vector<TitleNumber>& numbers) const;

  std::vector<std::string> surname_;      // in order; empty where nobody knows the composer
  std::set<std::string> composer_words_;  // of the whole name
  std::vector<std::string> names_;        // naming words, each once
  std::vector<TitleNumber> numbers_;
  std::set<std::string> title_words_;  // all of the title's
  std::vector<std::string> required_;
  std::vector<std::string> searches_;
};

}  // namespace midillama::works
