#include "midillama/compose/vocabulary.h"

#include "midillama/core/file.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::compose {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::error_of;

TEST(Vocabulary, PaperAndGeneratorHave13GenresAnd25Styles) {
  for (const char* name : {"paper", "generator"}) {
    const Vocabulary vocabulary = read_vocabulary(name);
    EXPECT_EQ(vocabulary.genres.size(), 13u) << name;
    EXPECT_EQ(vocabulary.styles.size(), 25u) << name;
    EXPECT_EQ(vocabulary.moods.size(), 5u) << name;
  }
  EXPECT_EQ(piece_words(read_vocabulary("paper"), "Pop_Rock", "Big_Band"), "a Pop Rock song in Big Band style");
  EXPECT_EQ(piece_words(read_vocabulary("folk"), "slip jig", "lively"), "a slip jig for dancing, played in a lively way");
}

TEST(Vocabulary, AFileOfOnesOwnIsNamedByItsPath) {
  const TemporaryDirectory folder;
  const std::string file = (folder.path() / "mine.yaml").string();
  write_atomically(file, "piece: \"{genre}, {style}\"\ngenres: [a]\nstyles: [b]\nmoods: [c]\n");
  EXPECT_EQ(piece_words(read_vocabulary(file), "a", "b"), "a, b");
  write_atomically(file, "piece: a {genre}\ngenres: [a, b, a]\nstyles: []\nmoods: [c]\ncolours: [d]\n");
  EXPECT_THAT(error_of([&] { read_vocabulary(file); }), HasSubstr("colours"));
  write_atomically(file, "piece: a {genre}\ngenres: [a, b, a]\nstyles: []\nmoods: [c]\n");
  EXPECT_THAT(error_of([&] { read_vocabulary(file); }),
              AllOf(HasSubstr("mine.yaml: piece: must have {style}"), HasSubstr("genres: \"a\" is there twice"),
                    HasSubstr("styles: must not be empty")));
  write_atomically(file, "piece: \"{genre}, {style}\"\ngenres: [a]\nstyles: [b]\nmoods: [c]\ngenre_label: style\n");
  EXPECT_THAT(error_of([&] { read_vocabulary(file); }), HasSubstr("genre_label, style_label: must be two names"));
  EXPECT_THAT(error_of([] { read_vocabulary("none"); }), HasSubstr("compose.vocabulary: \"none\" — there is no configs/llm-midi"));
}

TEST(Vocabulary, NamesThatAreOneFolderAreRefused) {
  const TemporaryDirectory folder;
  const std::string file = (folder.path() / "mine.yaml").string();
  const auto refusal = [&](const std::string& genres, const std::string& styles) {
    write_atomically(file, "piece: \"{genre}, {style}\"\ngenres: [" + genres + "]\nstyles: [" + styles + "]\nmoods: [c]\n");
    return error_of([&] { read_vocabulary(file); });
  };
  EXPECT_THAT(refusal("日本, 音楽", "b"),
              HasSubstr("mine.yaml: genres, styles: \"日本\" with \"b\" and \"音楽\" with \"b\" have one folder name, _______b"));
  EXPECT_THAT(refusal("a, a b", "c, b c"), HasSubstr("\"a\" with \"b c\" and \"a b\" with \"c\" have one folder name, a_b_c"));
  EXPECT_EQ(refusal("日本, a", "b, c"), "no error");
}

TEST(Vocabulary, ChosenNamesKeepTheVocabularysOrder) {
  EXPECT_THAT(chosen_of({"a", "b", "c"}, {"c", "a"}, "compose.genres"), ElementsAre("a", "c"));
  EXPECT_THAT(chosen_of({"a", "b"}, {}, "compose.genres"), ElementsAre("a", "b"));
  EXPECT_THAT(error_of([] { chosen_of({"a", "b"}, {"d"}, "compose.genres"); }), HasSubstr("compose.genres: \"d\" — is none of"));
}

}  // namespace
}  // namespace midillama::compose
