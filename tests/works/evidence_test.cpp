#include "midillama/works/evidence.h"

#include <gtest/gtest.h>

namespace midillama::works {
namespace {

constexpr const char* kText =
    "The Nocturne in E-flat major, Op.\u00a09 No.\u00a02, was composed in 1830\u20131832.\nHe called it \u201ca walk by night\u201d; it "
    "isn\u2019t\tsad. "
    "Dvo\u0159\u00e1k heard it.";

TEST(Evidence, IsFoundHoweverSpacesAndQuotesAreWritten) {
  const std::string text = folded(kText);
  for (const char* quote : {
           "was composed in 1830-1832.",
           "Op. 9 No. 2, was composed",
           "He called it \"a walk by night\"",
           "he called it",  // case matters
           "it isn't sad",
           "  it   isn\u2019t\n sad  ",
           "\u201cit isn\u2019t sad.\u201d",
           "\u2026 called it \u00aba walk by night\u00bb \u2026",
           "Dvo\u0159\u00e1k heard it",
       })
    EXPECT_EQ(has_quote(text, quote), std::string(quote) != "he called it") << quote;
}

TEST(Evidence, OfOtherWordsOrTooFewIsNot) {
  const std::string text = folded(kText);
  for (const char* quote : {"", ".", "the", "sad", "E-flat major", "was composed in 1831", "as composed in 1830", "He called it a walk",
                            "it is sad", "\u2026", "\"\"", "Dvo\u0159\u00e1k heard i", "vo\u0159\u00e1k heard it"})
    EXPECT_FALSE(has_quote(text, quote)) << quote;
  EXPECT_FALSE(has_quote("", "a b c"));
}

TEST(Evidence, FoldingIsTheSameTwice) {
  const std::string once = folded(kText);
  EXPECT_EQ(folded(once), once);
  EXPECT_EQ(folded(" \u00a0a\u00ad\u200bb \n"), "ab");
  EXPECT_EQ(folded(" \t\n"), "");
}

}  // namespace
}  // namespace midillama::works
