#include "midillama/works/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::works {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> folded(std::string_view text) {
  std::vector<std::string> result;
  for (const Word& word : words_of(text)) result.push_back(word.folded);
  return result;
}

TEST(Words, CaseAndAccentsDoNotCount) {
  EXPECT_THAT(folded("Antonín DVOŘÁK"), ElementsAre("antonin", "dvorak"));
  EXPECT_EQ(words_of("DVOŘÁK").front().text, "dvořák");
  EXPECT_THAT(folded("Dvor\u030ca\u0301k"), ElementsAre("dvorak")) << "letters and accents apart";
  EXPECT_THAT(folded("Händel Haendel Handel Grieg's GRIEG’S Łódź Søren Straße"),
              ElementsAre("handel", "handel", "handel", "grieg", "grieg", "lodz", "soren", "strasse"));
  EXPECT_THAT(folded("Чайковский 夜想曲"), ElementsAre("чаиковскии", "夜想曲"));
}

TEST(Words, NumbersAreWords) {
  EXPECT_THAT(folded("Op.27, No.2"), ElementsAre("op", "27", "no", "2"));
  EXPECT_THAT(folded("Op27 №2 n°3 27a"), ElementsAre("op", "27", "no", "2", "n", "3", "27a"));
  EXPECT_THAT(folded("C♯-minor (K.331/300i)"), ElementsAre("c", "minor", "k", "331", "300i"));
}

TEST(Words, ApostrophesPartThem) {
  EXPECT_THAT(folded("L'isle d’automne's"), ElementsAre("l", "isle", "d", "automne"));
  EXPECT_THAT(folded("'s sing' 'sing'"), ElementsAre("s", "sing", "sing"));
}

TEST(Words, OfAnything) {
  EXPECT_THAT(words_of(""), IsEmpty());
  EXPECT_THAT(words_of(" \n♯–“”"), IsEmpty());
  EXPECT_THAT(folded("a\xff"
                     "b"),
              ElementsAre("a", "b"))
      << "no UTF-8";
}

TEST(Words, PluralsAreOneWithTheirSingular) {
  EXPECT_EQ(without_plural("nocturnes"), "nocturne");
  for (const char* word : {"nocturne", "bass", "les", "s", ""}) EXPECT_EQ(without_plural(word), word);
}

}  // namespace
}  // namespace midillama::works
