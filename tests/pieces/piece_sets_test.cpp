#include "midillama/pieces/piece_sets.h"

#include "midillama/core/file.h"
#include "midillama/core/json_text.h"
#include "support/error_of.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace midillama::pieces {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::error_of;

class PieceSet : public testing::Test {
 protected:
  // A folder with one line.
  std::string folder(const std::string& name, const OrderedJson& labels, const std::string& work = "song",
                     const std::string& file = "a.mid") {
    const fs::path path = folder_.path() / name;
    const OrderedJson line = {{"piece", "a"}, {"file", file},     {"title", ""},     {"composer", ""},
                              {"work", work}, {"source", "test"}, {"labels", labels}};
    write_atomically(path / "pieces.jsonl", json_line(line));
    return path.string();
  }
  void write_file(const fs::path& file) const { write_atomically(folder_.path() / file, "MThd"); }

  TemporaryDirectory folder_;
};

TEST_F(PieceSet, IsReadFromItsFolderOrTheCollections) {
  const std::string one = folder("one", {{"genre", "Rock"}, {"style", {"Punk", "Gospel", "Punk"}}}),
                    two = folder("two", OrderedJson::object(), "");
  write_file("one/a.mid");
  write_file("collection/a.mid");
  const auto pieces = read_pieces({one, two}, folder_.path() / "collection");
  ASSERT_EQ(pieces.size(), 2u);
  EXPECT_EQ(pieces[0].id, one + "/a");
  EXPECT_EQ(pieces[0].work, one + "/song");
  EXPECT_EQ(pieces[0].file, fs::path(one) / "a.mid");
  EXPECT_THAT(pieces[0].values("genre"), ElementsAre("Rock"));
  EXPECT_THAT(pieces[0].values("style"), ElementsAre("Gospel", "Punk"));
  EXPECT_THAT(pieces[0].values("mood"), IsEmpty());
  EXPECT_EQ(pieces[1].file, folder_.path() / "collection/a.mid");
  EXPECT_EQ(pieces[1].work, two + "/a") << "a piece without a work is one of its own";
}

TEST_F(PieceSet, SaysWhatIsNoPiece) {
  const std::string lost = folder("lost", OrderedJson::object());
  EXPECT_THAT(error_of([&] { read_pieces({lost}, "nowhere"); }),
              AllOf(HasSubstr("lost/pieces.jsonl: piece \"a\""), HasSubstr("a.mid is neither in"), HasSubstr("corpus.path \"nowhere\"")));
  write_file("number/a.mid");
  EXPECT_THAT(error_of([&] {
                read_pieces({folder("number", {{"tempo", 120}})}, "");
              }),
              HasSubstr("the label \"tempo\" is no text and no list of texts"));
  write_file("hole/a.mid");
  EXPECT_THAT(error_of([&] { read_pieces({folder("hole", {{"genre", {"Rock", ""}}})}, ""); }), HasSubstr("the label \"genre\""));
  EXPECT_THAT(error_of([&] { read_pieces({folder_.path() / "empty"}, ""); }), HasSubstr("empty/pieces.jsonl"));
}

Piece piece(const std::string& id, const std::string& work, const std::vector<std::string>& values) {
  return {.id = id, .file = {}, .work = work, .drawn_by = work, .labels = {{"genre", values}}};
}

// `songs` works of `versions` pieces each, of the genres in turn.
std::vector<Piece> songs(int songs, int versions, const std::vector<std::string>& genres) {
  std::vector<Piece> pieces;
  for (int song = 0; song < songs; ++song) {
    for (int version = 0; version < versions; ++version)
      pieces.push_back(piece(fmt::format("{}.{}", song, version), fmt::format("song {}", song),
                             {genres[static_cast<std::size_t>(song) % genres.size()]}));
  }
  return pieces;
}

std::set<std::string> works_of(const std::vector<Piece>& pieces) {
  std::set<std::string> works;
  for (const Piece& piece : pieces) works.insert(piece.work);
  return works;
}

std::map<std::string, int> genres_of(const std::vector<Piece>& pieces) {
  std::map<std::string, int> count;
  for (const Piece& piece : pieces) {
    for (const std::string& genre : piece.values("genre")) ++count[genre];
  }
  return count;
}

TEST(WithLabel, RareValuesGoAndPiecesThatHaveNoOther) {
  std::vector<Piece> pieces = {piece("1", "1", {"Rock"}), piece("2", "2", {"Rare", "Rock"}), piece("3", "3", {"Rare"}),
                               piece("4", "4", {"Rock"}), piece("5", "5", {})};
  const auto kept = with_label(pieces, "genre", 3);
  ASSERT_EQ(kept.size(), 3u);
  for (const Piece& piece : kept) EXPECT_THAT(piece.values("genre"), ElementsAre("Rock")) << piece.id;
  EXPECT_EQ(with_label(pieces, "genre", 1).size(), 4u);
  EXPECT_THAT(with_label(pieces, "style", 1), IsEmpty());
}

TEST(Deal, KeepsWorksTogetherAndGivesEveryFoldItsShare) {
  const auto pieces = songs(60, 3, {"Rock", "Folk", "Jazz"});
  const auto folds = deal(pieces, 5, "genre", 1);
  std::map<std::string, std::set<std::int64_t>> folds_of_work;
  std::map<std::int64_t, std::map<std::string, int>> genres_of_fold;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    folds_of_work[pieces[i].work].insert(folds[i]);
    ++genres_of_fold[folds[i]][pieces[i].values("genre")[0]];
  }
  for (const auto& [work, in] : folds_of_work) EXPECT_EQ(in.size(), 1u) << work;
  ASSERT_EQ(genres_of_fold.size(), 5u);
  for (const auto& [fold, genres] : genres_of_fold)
    EXPECT_EQ(genres, (std::map<std::string, int>{{"Folk", 12}, {"Jazz", 12}, {"Rock", 12}})) << fold;
}

TEST(Deal, DependsOnTheSeedAndNotOnTheOrder) {
  auto pieces = songs(40, 1, {"Rock", "Folk"});
  const auto by_id = [&](std::uint64_t seed) {
    const auto folds = deal(pieces, 4, "genre", seed);
    std::map<std::string, std::int64_t> fold_of;
    for (std::size_t i = 0; i < pieces.size(); ++i) fold_of[pieces[i].id] = folds[i];
    return fold_of;
  };
  const auto first = by_id(1);
  std::ranges::reverse(pieces);
  EXPECT_EQ(by_id(1), first);
  EXPECT_NE(by_id(2), first);
}

TEST(Divide, PartsShareNoWorkAndFoldsCoverAll) {
  const auto pieces = songs(50, 2, {"Rock", "Folk"});
  config::PieceSets config;
  config.valid_fraction = .2;
  std::multiset<std::string> tested;
  for (config.fold = 0; config.fold < config.folds; ++config.fold) {
    const Parts parts = divide(config, pieces, {}, "genre", 7);
    EXPECT_EQ(parts.train.size() + parts.valid.size() + parts.test.size(), pieces.size());
    EXPECT_EQ(works_of(parts.train).size() + works_of(parts.valid).size() + works_of(parts.test).size(), 50u) << "no work is in two";
    EXPECT_EQ(genres_of(parts.test), (std::map<std::string, int>{{"Folk", 10}, {"Rock", 10}}));
    EXPECT_EQ(works_of(parts.valid).size(), 8u);
    for (const Piece& piece : parts.test) tested.insert(piece.id);
  }
  EXPECT_EQ(tested.size(), pieces.size());
  for (const Piece& piece : pieces) EXPECT_EQ(tested.count(piece.id), 1u) << piece.id;
}

TEST(Divide, TheSameFoldOfOtherFoldersIsTestedWhateverIsLearntFrom) {
  config::PieceSets config;
  config.train = {"written"};
  config.test = {"real"};
  const auto written = songs(10, 1, {"Rock", "Folk"});
  std::vector<Piece> real = songs(50, 1, {"Rock", "Folk"});
  for (Piece& piece : real) piece.id = "real/" + piece.id, piece.work = "real/" + piece.work;
  const auto tested = works_of(divide(config, written, real, "genre", 1).test);
  EXPECT_EQ(tested.size(), 10u);
  EXPECT_EQ(works_of(divide(config, written, real, "genre", 2).test), tested) << "with every seed";
  config::PieceSets alone = config;
  alone.test = {};
  EXPECT_EQ(works_of(divide(alone, real, {}, "genre", 1).test), tested) << "learning from the rest of them";
  std::vector<Piece> both = written;
  both.insert(both.end(), real.begin(), real.end());
  const Parts parts = divide(config, both, real, "genre", 1);
  EXPECT_EQ(works_of(parts.test), tested);
  for (const auto& part : {parts.train, parts.valid})
    for (const std::string& work : works_of(part)) EXPECT_FALSE(tested.contains(work)) << work;
  EXPECT_EQ(parts.train.size() + parts.valid.size(), 50u);
  config.folds = 1;
  EXPECT_EQ(divide(config, written, real, "genre", 1).test.size(), 50u);
}

TEST(Divide, FewerWorksKeepTheSharesOfTheLabelAndTheTest) {
  auto pieces = songs(90, 2, {"Rock", "Rock", "Folk"});
  config::PieceSets config;
  config.folds = 3;
  const Parts whole = divide(config, pieces, {}, "genre", 3);
  config.max_works = 12;
  const Parts few = divide(config, pieces, {}, "genre", 3);
  EXPECT_EQ(works_of(few.train).size(), 12u);
  EXPECT_EQ(genres_of(few.train), (std::map<std::string, int>{{"Folk", 8}, {"Rock", 16}}));
  EXPECT_EQ(works_of(few.test), works_of(whole.test));
  EXPECT_EQ(works_of(few.valid), works_of(whole.valid));
  config.max_works = 24;
  const Parts more = divide(config, pieces, {}, "genre", 3);
  EXPECT_TRUE(std::ranges::includes(works_of(more.train), works_of(few.train))) << "a learning curve adds works";
}

TEST(Divide, APartWithoutAPieceIsRefused) {
  config::PieceSets config;
  config.train = {"tiny"};
  config.folds = 2;
  config.valid_fraction = .5;
  EXPECT_THAT(error_of([&] { divide(config, {}, {}, "genre", 1); }),
              HasSubstr("tiny: no piece is left to learn from with the label \"genre\""));
  EXPECT_THAT(error_of([&] { divide(config, songs(2, 1, {"Rock"}), {}, "genre", 1); }), HasSubstr("no piece is left"));
}

}  // namespace
}  // namespace midillama::pieces
