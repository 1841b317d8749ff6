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
  void write_file(const fs::path& file) const { write_atomically(folder_.path() / file, "MThd" + file.string()); }

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

TEST_F(PieceSet, NumbersAreLabelsAsTheyAreWritten) {
  write_file("one/a.mid");
  const auto pieces = read_pieces({folder("one", {{"year", 2011}, {"rating", {4.5, 3}}, {"mood", nullptr}})}, "");
  EXPECT_THAT(pieces[0].values("year"), ElementsAre("2011"));
  EXPECT_THAT(pieces[0].values("rating"), ElementsAre("3", "4.5"));
  EXPECT_THAT(pieces[0].values("mood"), IsEmpty());
}

TEST_F(PieceSet, AFolderHasOneNameHoweverItIsSpelt) {
  write_file("one/a.mid");
  const fs::path one = folder("one", OrderedJson::object());
  fs::create_directory_symlink(one, folder_.path() / "link");
  const std::string id = read_pieces({one.string()}, "").at(0).id;
  for (const fs::path& spelling : {one / "", one / ".." / "one", folder_.path() / "." / "one", folder_.path() / "link", fs::relative(one)})
    EXPECT_EQ(read_pieces({spelling.string()}, "").at(0).id, id) << spelling;
  EXPECT_THAT(error_of([&] { read_pieces({one.string(), (one / "").string()}, ""); }), HasSubstr("is named twice"));
}

TEST_F(PieceSet, SaysWhatIsNoPiece) {
  const std::string lost = folder("lost", OrderedJson::object());
  EXPECT_THAT(error_of([&] { read_pieces({lost}, "nowhere"); }),
              AllOf(HasSubstr("lost/pieces.jsonl: piece \"a\""), HasSubstr("a.mid is neither in"), HasSubstr("corpus.path \"nowhere\"")));
  write_file("map/a.mid");
  EXPECT_THAT(error_of([&] {
                read_pieces({folder("map", {{"tempo", {{"bpm", 120}}}})}, "");
              }),
              HasSubstr("the label \"tempo\" is no text and no list of texts"));
  write_file("hole/a.mid");
  EXPECT_THAT(error_of([&] { read_pieces({folder("hole", {{"genre", {"Rock", ""}}})}, ""); }), HasSubstr("the label \"genre\""));
  EXPECT_THAT(error_of([&] { read_pieces({folder_.path() / "empty"}, ""); }), HasSubstr("empty/pieces.jsonl"));
}

Piece piece(const std::string& id, const std::string& work, const std::vector<std::string>& values) {
  return {.id = id, .file = {}, .work = work, .drawn_by = work, .content = id, .labels = {{"genre", values}}};
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

std::vector<double> equal(std::size_t parts) {
  return std::vector<double>(parts, 1);
}

// As who learns from `train` has them.
Parts parts_of(const config::PieceSets& config, const std::vector<Piece>& train, const std::vector<Piece>& test, std::uint64_t seed) {
  const auto tested = tested_pieces(test, config, "genre");
  return divide(config, without(train, tested), tested, "genre", seed);
}

TEST(Without, NeitherAWorkNorABytesAreInBoth) {
  std::vector<Piece> pieces = {piece("1", "a", {}), piece("2", "a", {}), piece("3", "b", {}), piece("4", "c", {}), piece("5", "c", {})};
  std::vector<Piece> apart = {piece("6", "a", {}), piece("7", "d", {})};
  apart[1].content = "4";
  const auto left = without(pieces, apart);
  ASSERT_EQ(left.size(), 1u) << "4 is there under another name, and 5 is of its work";
  EXPECT_EQ(left[0].id, "3");
}

TEST(Deal, KeepsWorksTogetherAndGivesEveryFoldItsShare) {
  const auto pieces = songs(60, 3, {"Rock", "Folk", "Jazz"});
  const auto folds = deal(pieces, equal(5), "genre", 1);
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

TEST(Deal, PartsHaveTheirShares) {
  for (const double share : {.1, .34, .4, .6, .9}) {
    const auto pieces = songs(200, 1, {"Rock", "Folk"});
    const auto part = deal(pieces, {1 - share, share}, "genre", 1);
    EXPECT_NEAR(static_cast<double>(std::ranges::count(part, 1)), 200 * share, 1) << share;
  }
}

TEST(Deal, DependsOnTheSeedAndNotOnTheOrder) {
  auto pieces = songs(40, 1, {"Rock", "Folk"});
  const auto by_id = [&](std::uint64_t seed) {
    const auto folds = deal(pieces, equal(4), "genre", seed);
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
    const Parts parts = parts_of(config, pieces, pieces, 7);
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
  for (Piece& piece : real) piece.id = "real/" + piece.id, piece.content = piece.id, piece.work = "real/" + piece.work;
  const auto tested = works_of(parts_of(config, written, real, 1).test);
  EXPECT_EQ(tested.size(), 10u);
  EXPECT_EQ(works_of(parts_of(config, written, real, 2).test), tested) << "with every seed";
  config::PieceSets alone = config;
  alone.test = {};
  EXPECT_EQ(works_of(parts_of(alone, real, real, 1).test), tested) << "learning from the rest of them";
  std::vector<Piece> both = written;
  both.insert(both.end(), real.begin(), real.end());
  const Parts parts = parts_of(config, both, real, 1);
  EXPECT_EQ(works_of(parts.test), tested);
  for (const auto& part : {parts.train, parts.valid})
    for (const std::string& work : works_of(part)) EXPECT_FALSE(tested.contains(work)) << work;
  EXPECT_EQ(parts.train.size() + parts.valid.size(), 50u);
  config.folds = 1;
  EXPECT_EQ(parts_of(config, written, real, 1).test.size(), 50u);
}

TEST(Divide, FewerWorksKeepTheSharesOfTheLabelAndTheTest) {
  auto pieces = songs(90, 2, {"Rock", "Rock", "Folk"});
  config::PieceSets config;
  config.folds = 3;
  const Parts whole = parts_of(config, pieces, pieces, 3);
  config.max_works = 12;
  const Parts few = parts_of(config, pieces, pieces, 3);
  EXPECT_EQ(works_of(few.train).size(), 12u);
  EXPECT_EQ(genres_of(few.train), (std::map<std::string, int>{{"Folk", 8}, {"Rock", 16}}));
  EXPECT_EQ(works_of(few.test), works_of(whole.test));
  EXPECT_EQ(works_of(few.valid), works_of(whole.valid));
  config.max_works = 24;
  const Parts more = parts_of(config, pieces, pieces, 3);
  EXPECT_TRUE(std::ranges::includes(works_of(more.train), works_of(few.train))) << "a learning curve adds works";
}

TEST(Divide, APartWithoutAPieceIsRefused) {
  config::PieceSets config;
  config.train = {"tiny"};
  config.folds = 2;
  config.valid_fraction = .5;
  EXPECT_THAT(error_of([&] { parts_of(config, {}, {}, 1); }), HasSubstr("tiny: no piece is left to learn from with the label \"genre\""));
  EXPECT_THAT(error_of([&] { parts_of(config, songs(2, 1, {"Rock"}), songs(2, 1, {"Rock"}), 1); }), HasSubstr("no piece is left"));
}

}  // namespace
}  // namespace midillama::pieces
