#include "midillama/corpus/collections.h"

#include "midillama/records/words.h"

#include <array>
#include <charconv>

namespace midillama::corpus {
namespace {

struct Chapter {
  int first;
  int last;
  std::string_view dance;
};
constexpr std::array<Chapter, 4> kONeillChapters = {
    {{701, 1115, "jig"}, {1116, 1175, "slip jig"}, {1176, 1555, "reel"}, {1556, 1737, "hornpipe"}}};

struct Country {
  std::string_view collection;
  std::string_view name;
};
constexpr std::array<Country, 5> kCountries = {{{"oneills1850", "Ireland"},
                                                {"ryansMammoth", "United States"},
                                                {"airdsAirs", "Scotland"},
                                                {"northumbrianminstrelsyopus", "England"},
                                                {"americanfifeopus", "United States"}}};

}  // namespace

std::optional<std::string> country_of_collection(std::string_view collection) {
  for (const auto& [name, country] : kCountries) {
    if (name == collection) return std::string(country);
  }
  return std::nullopt;
}

std::optional<std::string> dance_of_chapter(const AbcTune& tune) {
  const auto book = records::plain_words(tune.field('B'));
  constexpr std::string_view kBook = "oneills ";
  if (book.compare(0, kBook.size(), kBook) != 0) return std::nullopt;
  int number = 0;
  const char* end = book.data() + book.size();
  if (std::from_chars(book.data() + kBook.size(), end, number).ptr != end) return std::nullopt;  // "O'Neill's 1001 Gems"
  for (const auto& chapter : kONeillChapters) {
    if (number >= chapter.first && number <= chapter.last) return std::string(chapter.dance);
  }
  return std::nullopt;
}

bool states_mode(std::string_view collection) {
  return collection != "essenFolksong";
}

}  // namespace midillama::corpus
