#include "midillama/works/evidence.h"

#include <gtest/gtest.h>

namespace midillama::works {
namespace {

constexpr const char* kText =
    "The Nocturne in E-flat major, Op.\u00a09 No.\u00a02, was composed in 1830\u20131832.\nHe called it \u201ca walk by night\u201d; it "
    "isn\u2019t\tsad. "
    "Dvo\u0159\u00e1k heard it.";

TEST(Evidence, IsFoundHoweverSpacesAndQuotesAreWritten) {
  const FoldedText text(kText);
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
    EXPECT_EQ(text.find(quote).has_value(), std::string(quote) != "he called it") << quote;
}

TEST(Evidence, OfOtherWordsOrTooFewIsNot) {
  const FoldedText text(kText);
  for (const char* quote : {"", ".", "the", "sad", "E-flat major", "was composed in 1831", "as composed in 1830", "He called it a walk",
                            "it is sad", "\u2026", "\"\"", "Dvo\u0159\u00e1k heard i", "vo\u0159\u00e1k heard it"})
    EXPECT_FALSE(text.find(quote)) << quote;
  EXPECT_FALSE(FoldedText("").find("a b c"));
}

TEST(Evidence, OfScriptsWithoutSpacesIsCountedByLetters) {
  const FoldedText chinese("这首夜曲由肖邦于1830年创作。它属于浪漫主义风格。");
  for (const char* quote :
       {"它属于浪漫主义风格。", "它属于浪漫主义风格", "…这首夜曲由肖邦于1830年创作", "「它属于浪漫主义风格｡」", "肖邦于1830年创作"})
    EXPECT_TRUE(chinese.find(quote)) << quote;
  for (const char* quote : {"它属于古典主义风格。", "浪漫主义", "。", "1830", "这首夜曲由肖邦于183", "830年创作。它属于浪漫"})
    EXPECT_FALSE(chinese.find(quote)) << quote;
  EXPECT_TRUE(FoldedText("\u300c夜想曲\u300dはショパンが作曲した。静かな曲である。").find("静かな曲である。"));
  EXPECT_TRUE(FoldedText("\u300c夜想曲\u300dはショパンが作曲した。").find("\u201c夜想曲\u201dはショパンが"));
  EXPECT_FALSE(FoldedText("静かな曲て\u3099ある。").find("静かな曲て")) << "parts a letter and its mark";
  EXPECT_TRUE(FoldedText("เพลงนี้เศร้ามาก").find("เพลงนี้เศร้า"));
  EXPECT_FALSE(FoldedText("이 곡은 조용하다.").find("곡은 조용하다")) << "Korean has spaces";
  EXPECT_TRUE(FoldedText("이 곡은 조용하다.").find("이 곡은 조용하다"));
}

TEST(Evidence, OfAnyScriptEndsAtPunctuation) {
  EXPECT_TRUE(FoldedText("Эта пьеса грустна\u2026 И всё").find("Эта пьеса грустна"));
  EXPECT_TRUE(FoldedText("\u00bfEs un vals triste?").find("Es un vals triste"));
  EXPECT_FALSE(FoldedText("Эта пьеса грустная").find("Эта пьеса грустна"));
}

TEST(Evidence, IsFoundWhereItStandsInTheTextAsGiven) {
  for (const char* given :
       {"It\u2212is  a \u201awaltz\u2032", "It\u2012is\u00a0a \u201bwal\u00adtz\u203a", "\ufeffIt-is\n\t a 'wa\u200bltz'"}) {
    const std::string before = " \u201f\u2033 \u5348 ", text = before + given + " \n";
    const auto place = FoldedText(text).find("It-is a 'waltz");
    ASSERT_TRUE(place) << given;
    const std::string found = text.substr(place->begin, place->end - place->begin);
    EXPECT_TRUE(text.substr(0, place->begin).starts_with(before)) << found;
    EXPECT_TRUE(found.starts_with("It") && found.ends_with("z")) << found;
  }
  EXPECT_EQ(FoldedText("  one two three \n").find("one two three"), (Place{2, 15}));
  EXPECT_EQ(FoldedText("one two three").find("one two three"), (Place{0, 13}));
}

TEST(Evidence, FoldingIsTheSameTwice) {
  const std::string once = FoldedText(kText).text();
  EXPECT_EQ(FoldedText(once).text(), once);
  EXPECT_EQ(FoldedText(" \u00a0a\u00ad\u200bb \n").text(), "ab");
  EXPECT_EQ(FoldedText(" \t\n").text(), "");
}

}  // namespace
}  // namespace midillama::works
