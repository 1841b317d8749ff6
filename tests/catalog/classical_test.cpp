// A miniature of what scripts/classical writes, and the tags that are asked about it.
#include "corpus/tunes.h"
#include "midillama/catalog/import.h"
#include "midillama/core/atomic_file.h"
#include "midillama/core/temporary.h"
#include "midillama/corpus/dataset.h"
#include "midillama/corpus/steps.h"
#include "midillama/midi/file.h"
#include "midillama/records/question_file.h"
#include "midillama/records/tags.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

namespace midillama::catalog {
namespace {

namespace fs = std::filesystem;

// 32 seconds of quarter notes, as unlike another seed's as two walks are.
midi::Score piece(std::uint64_t seed) {
  return corpus::random_score(seed, 64, 0, 480);
}

class Classical : public testing::Test {
 protected:
  Classical() {
    config_.source = "csv";
    config_.path = (folder_.path() / "midi").string();
    config_.metadata = (folder_.path() / "catalog.csv").string();
    config_.tag_file = "configs/classical/tags.yaml";
    config_.tags = {};
    config_.duplicate_similarity = 1;
    fs::create_directory(config_.path);
  }

  void write(const std::string& name, const midi::Score& score) { midi::write_midi(score, fs::path(config_.path) / name); }

  // The facts of every piece's first clip, and the splits of its questions.
  struct Known {
    std::map<std::string, std::string> facts;
    std::set<std::string> splits, tags;
  };
  std::map<std::string, Known> build(const std::string& rows) {
    write_atomically(config_.metadata, "file,title,movement,composer,period,meter\n" + rows);
    const fs::path data = folder_.path() / "data";
    import_pieces(config_, data);
    corpus::measure_features(config_, data);
    corpus::build_dataset(config_, data);
    EXPECT_THAT(corpus::check_dataset(data), testing::IsEmpty());
    std::map<std::string, Known> known;
    for (const char* split : {"train", "valid", "test"}) {
      const auto questions = records::open_optional_questions(data, split);
      if (!questions) continue;
      questions->for_each([&](const records::Question& question) {
        auto& piece = known[question.piece];
        piece.facts = question.facts;
        piece.splits.insert(split);
        piece.tags.insert(question.tag);
      });
    }
    return known;
  }

  TemporaryDirectory folder_;
  config::Corpus config_;
};

TEST_F(Classical, ComposerPeriodAndMeterAreTheCatalogs) {
  write("bach-bwv1.6.mid", piece(1));
  auto waltz = piece(2);
  waltz.time_signatures = {{midi::Tick{0}, 3, 4}};
  write("chopin-mazurka.mid", waltz);
  write("trecento-gloria.mid", piece(3));
  auto marked = piece(4);
  marked.tempos = {{midi::Tick{0}, 60.0}};
  write("haydn-opus1.mid", marked);
  const auto known = build(
      "bach-bwv1.6.mid,BWV 1,6,Johann Sebastian Bach,baroque,4/4\n"
      "chopin-mazurka.mid,mazurka,,Clara Schumann,romantic,3/4\n"
      "trecento-gloria.mid,gloria,,,medieval,\n"
      "haydn-opus1.mid,Op. 1 No. 1,movement1,Joseph Haydn,classical,4/4\n");
  const auto& bach = known.at("bach-bwv1.6").facts;
  EXPECT_EQ(bach.at("composer"), "Bach");
  EXPECT_EQ(bach.at("period"), "baroque");
  EXPECT_EQ(bach.at("meter"), "4/4") << "which the file cannot be seen to state";
  EXPECT_EQ(bach.count("tempo"), 0u) << "no score states it";
  EXPECT_EQ(known.at("chopin-mazurka").facts.at("composer"), "Clara Schumann");
  EXPECT_EQ(known.at("chopin-mazurka").facts.at("meter"), "3/4");
  EXPECT_EQ(known.at("chopin-mazurka").facts.count("tempo"), 0u);
  const auto& gloria = known.at("trecento-gloria").facts;
  EXPECT_EQ(gloria.count("composer"), 0u);
  EXPECT_EQ(gloria.at("period"), "medieval");
  EXPECT_EQ(gloria.count("meter"), 0u);
  EXPECT_EQ(known.at("haydn-opus1").facts.at("tempo"), "slow");
  EXPECT_THAT(known.at("bach-bwv1.6").tags, testing::IsSupersetOf({"composer", "period"}));
}

TEST_F(Classical, MovementsOfAWorkAreOnOneSide) {
  config_.valid_fraction = config_.test_fraction = 0.25;
  std::string rows;
  for (int work = 0; work < 6; ++work) {
    for (int movement = 0; movement < 2; ++movement) {
      const std::string name = fmt::format("work{}-{}", work, movement);
      write(name + ".mid", piece(static_cast<std::uint64_t>(10 * work + movement)));
      rows += fmt::format("{}.mid,Op. {},movement{},Joseph Haydn,classical,4/4\n", name, work, movement);
    }
  }
  std::map<std::string, std::set<std::string>> sides;
  for (const auto& [name, known] : build(rows)) sides[name.substr(0, 5)].insert(known.splits.begin(), known.splits.end());
  std::set<std::string> all;
  for (const auto& [work, splits] : sides) {
    EXPECT_EQ(splits.size(), 1u) << work;
    all.insert(splits.begin(), splits.end());
  }
  EXPECT_EQ(sides.size(), 6u);
  EXPECT_EQ(all.size(), 3u) << "every side has works";
}

// So that a model of one corpus can be asked about the other.
TEST(ClassicalTags, ThoseThatFolkTunesHaveAreAskedAboutInTheSameWords) {
  const auto classical = records::read_tags("configs/classical/tags.yaml");
  const auto folk = records::read_tags(records::kFolkTags);
  for (const char* name : {"key", "meter", "tempo", "register", "density"}) {
    const auto &one = classical.at(name), &other = folk.at(name);
    EXPECT_EQ(one.kind, other.kind) << name;
    EXPECT_EQ(one.questions, other.questions) << name;
    EXPECT_EQ(one.answers, other.answers) << name;
    EXPECT_EQ(one.unseen, other.unseen) << name;
    EXPECT_EQ(one.follow_ups, other.follow_ups) << name;
    EXPECT_EQ(one.bounds, other.bounds) << name;
    ASSERT_EQ(one.values.size(), other.values.size()) << name;
    for (std::size_t i = 0; i < one.values.size(); ++i) EXPECT_EQ(one.values[i].value, other.values[i].value) << name;
  }
}

}  // namespace
}  // namespace midillama::catalog
