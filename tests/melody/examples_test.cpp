#include "midillama/melody/examples.h"

#include "melody/melodies.h"
#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/core/json_text.h"
#include "midillama/melody/learnt.h"
#include "midillama/midi/file.h"
#include "support/error_of.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace midillama::melody {
namespace {

using testing::HasSubstr;
using testing_support::error_of;

TEST(PairExamples, HaveAsManyOthersAsAsked) {
  config::Melody config;
  config.negatives = 2;
  const PairExamples examples(two_phrases_each(5), config, 0, 1);
  ASSERT_EQ(examples.size(), 15);
  for (std::int64_t i = 0; i < examples.size(); ++i) {
    const PairExample example = examples.example(i, 7);
    EXPECT_EQ(example.follows, i < 5);
    const std::string piece = "piece" + std::to_string(i % 5);
    EXPECT_THAT(example.id, HasSubstr(piece + "#0 and "));
    EXPECT_EQ(example.id == piece + "#0 and " + piece + "#1", i < 5) << example.id;
    EXPECT_EQ(example.tokens.tokens(), examples.tokens(i, 7));
  }
}

TEST(PairExamples, AreOthersInEveryEpochAndTheSameOfOneNumber) {
  const PairExamples examples(two_phrases_each(40), config::Melody(), 5, 1);
  std::set<std::string> others;
  std::set<std::vector<std::int64_t>> transposed;
  for (std::uint64_t epoch = 0; epoch < 20; ++epoch) {
    others.insert(examples.example(40, epoch).id);
    transposed.insert(examples.example(0, epoch).tokens.ids);
    EXPECT_EQ(examples.example(40, epoch).tokens.ids, examples.example(40, epoch).tokens.ids);
  }
  EXPECT_GT(others.size(), 10u);
  EXPECT_GT(transposed.size(), 5u);
  EXPECT_LE(transposed.size(), 11u);
}

TEST(PairExamples, NeedAnotherWork) {
  EXPECT_THAT(error_of([] { PairExamples(two_phrases_each(1), config::Melody(), 0, 1); }), HasSubstr("1 phrases of other works"));
}

TEST(PairExamples, OtherPhrasesHaveAnotherFingerprint) {
  Phrases phrases = two_phrases_each(3);
  const std::string before = fingerprint_of(phrases);
  EXPECT_EQ(fingerprint_of(two_phrases_each(3)), before);
  ++phrases.all[1].notes[0].pitch;
  EXPECT_NE(fingerprint_of(phrases), before);
}

TEST(Learnt, ACheckpointIsNotTestedOnWhatItHasLearntFrom) {
  const TemporaryDirectory folder;
  std::string lines;
  for (int i = 0; i < 20; ++i) {
    const std::string name = fmt::format("t{}", i);
    midi::write_midi(quarters({60, 62, 64, 60 + i}), folder.path() / "set" / (name + ".mid"));
    lines += json_line({{"piece", name},
                        {"file", name + ".mid"},
                        {"title", ""},
                        {"composer", ""},
                        {"work", name},
                        {"source", ""},
                        {"labels", OrderedJson::object()}});
  }
  write_atomically(folder.path() / "set/pieces.jsonl", lines);
  config::Config config;
  config.melody.pieces.train = {folder.path() / "set"};
  const pieces::Parts parts = read_parts(config);
  write_learnt(folder.path(), parts);
  const pieces::Parts again = read_learnt_parts(config, folder.path());
  EXPECT_EQ(again.train.size(), parts.train.size());
  EXPECT_EQ(again.valid.size(), parts.valid.size());
  EXPECT_EQ(again.test.size(), parts.test.size());
  config.melody.pieces.fold = 1;
  EXPECT_THAT(error_of([&] { read_learnt_parts(config, folder.path()); }), HasSubstr("has learnt from the work"));
}

}  // namespace
}  // namespace midillama::melody
