#include "midillama/works/work_id.h"

#include <gtest/gtest.h>

namespace midillama::works {
namespace {

TEST(FoldedName, CaseAccentsAndPunctuationDoNotCount) {
  EXPECT_EQ(folded_name("  Trois  Études (de concert)! "), "trois etudes de concert");
  EXPECT_EQ(folded_name("Dvo\u0159\u00e1k, Anton\u00edn"), "dvorak antonin");
  EXPECT_EQ(folded_name("L\u2019Isle joyeuse"), folded_name("L'ISLE JOYEUSE"));
  EXPECT_EQ(folded_name("\u0141ukasz \u00d8ster, \u00c6gir \u0110or\u0111e"), "lukasz oster aegir dorde");
  EXPECT_EQ(folded_name("Gruß"), "gruss");
  EXPECT_EQ(folded_name("E\u0301tude"), folded_name("\u00c9tude")) << "composed or not";
}

TEST(FoldedName, OneWayToWriteNumbers) {
  for (const char* name : {"Op. 9 No. 2", "op.9, no.2", "Op9 Nr.2", "OPUS 9 #2", "Op. 9 N\u00b0 2", "Op. 9 \u2116 2", "Op. 9, Number 2"})
    EXPECT_EQ(folded_name(name), "op 9 no 2") << name;
  EXPECT_EQ(folded_name("BWV846a"), "bwv 846a");
  EXPECT_EQ(folded_name("Opus Clavicembalisticum"), "opus clavicembalisticum") << "a word like others where no number follows";
  EXPECT_EQ(folded_name("N"), "n");
}

TEST(FoldedName, SharpsAndFlatsAreToldFromNumbers) {
  EXPECT_EQ(folded_name("Prelude in C# minor"), "prelude in c sharp minor");
  EXPECT_EQ(folded_name("Prelude in C\u266f minor"), folded_name("Prelude in C-Sharp Minor"));
  EXPECT_EQ(folded_name("B\u266d major"), "b flat major");
  EXPECT_EQ(folded_name("Prelude #3 in G"), "prelude no 3 in g");
  EXPECT_EQ(folded_name("# and nothing"), "and nothing");
}

TEST(FoldedName, OtherScriptsKeepTheirMarks) {
  EXPECT_EQ(folded_name("\u041d\u043e\u043a\u0442\u044e\u0440\u043d"), "\u043d\u043e\u043a\u0442\u044e\u0440\u043d");
  EXPECT_NE(folded_name("\u304c"), folded_name("\u304b")) << "two syllables of Japanese";
}

TEST(FoldedName, BytesThatAreNoUtf8PartWords) {
  EXPECT_EQ(folded_name("a\xff\xfe"
                        "b"),
            "a b");
  EXPECT_EQ(folded_name(std::string("a\0b", 3)), "a");
}

TEST(WorkId, NeedsComposerAndTitle) {
  EXPECT_EQ(work_id("Fr\u00e9d\u00e9ric Chopin", "Nocturne, Op.9 No.2"), "frederic chopin: nocturne op 9 no 2");
  EXPECT_EQ(work_id("Chopin, Fr\u00e9d\u00e9ric", "Nocturne, Op.9 No.2"), "frederic chopin: nocturne op 9 no 2");
  EXPECT_EQ(work_id("Beethoven, Ludwig van", "F\u00fcr Elise"), work_id("Ludwig van Beethoven", "Fur Elise"));
  EXPECT_EQ(work_id("Lennon, McCartney, Harrison", "A"), "lennon mccartney harrison: a");
  EXPECT_EQ(work_id(",", "A"), "");
  EXPECT_EQ(work_id("", "Nocturne"), "");
  EXPECT_EQ(work_id("Chopin", "?!"), "");
}

}  // namespace
}  // namespace midillama::works
