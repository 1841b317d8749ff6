#include "corpus/tag_facts.h"

#include "midillama/core/error.h"
#include "support/error_of.h"
#include "tunes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::corpus {
namespace {

using testing::HasSubstr;
using testing_support::error_of;

TEST(TagFacts, ClassesBeginAtTheirBounds) {
  const TagFacts facts(records::read_tags(records::kFolkTags), {});
  EXPECT_EQ(facts.class_of("register", 69.99), "low");
  EXPECT_EQ(facts.class_of("register", 70), "middle");
  EXPECT_EQ(facts.class_of("register", 73), "high");
  EXPECT_EQ(facts.class_of("density", 1), "sparse");
  EXPECT_EQ(facts.class_of("density", 4), "medium");
  EXPECT_EQ(facts.class_of("density", 9), "dense");
  EXPECT_EQ(facts.class_of("tempo", 60), "slow");
  EXPECT_EQ(facts.class_of("tempo", 76), "moderate");
  EXPECT_EQ(facts.class_of("tempo", 120), "fast");
}

constexpr const char* kTags = R"(
tags:
  - {name: pulse, kind: number, from: beats_per_minute, units: [bpm], questions: ["How fast?"], answers: ["{pulse} bpm."]}
  - {name: height, kind: closed, from: mean_pitch, bounds: [quantiles], values: [{value: low}, {value: high}], questions: ["How high?"], answers: ["{height}."]}
  - {name: story, kind: text, questions: ["Why?"], answers: ["{story}"]}
)";

TEST(TagFacts, LabelsInTheWordsOfTheTags) {
  config::Corpus config;
  config.tags = {};
  const TagFacts facts(records::parse_tags(kTags, "tags.yaml"), config);
  EXPECT_EQ(facts.of_labels({{"beats_per_minute", "72.5"}, {"story", " For a friend. "}, {"key", "G major"}}),
            (Facts{{"pulse", "72.5"}, {"story", "For a friend."}}));
  EXPECT_EQ(facts.of_labels({{"beats_per_minute", "lively"}, {"story", " "}}), Facts{});
  EXPECT_EQ(facts.asked(), (std::vector<std::string>{"pulse", "height", "story"}));
}

TEST(TagFacts, QuantilesPartTheClipsEqually) {
  config::Corpus config;
  config.tags = {};
  TagFacts facts(records::parse_tags(kTags, "tags.yaml"), config);
  ASSERT_TRUE(facts.wants_quantiles());
  facts.set_quantiles({{"height", {50, 80, 60, 70}}});
  EXPECT_EQ(facts.class_of("height", 60), "low");
  EXPECT_EQ(facts.class_of("height", 70), "high");
}

TEST(TagFacts, MistakesAreNamed) {
  config::Corpus config;
  config.tags = {"keys"};
  EXPECT_THAT(error_of([&] { TagFacts(records::parse_tags(kTags, "tags.yaml"), config); }), HasSubstr("corpus.tags: \"keys\""));
  config.tags = {};
  const auto with_bounds = [&](const std::string& bounds) {
    const auto yaml = "tags: [{name: a, kind: closed, bounds: " + bounds + ", values: [{value: x}, {value: y}, {value: z}]}]";
    return error_of([&] { TagFacts(records::parse_tags(yaml, "tags.yaml"), config); });
  };
  EXPECT_THAT(with_bounds("[2, 1]"), HasSubstr("tag a: bounds: 1 must be greater than 2"));
  EXPECT_THAT(with_bounds("[corpus.path, 1]"), HasSubstr("\"corpus.path\" is neither"));
}

}  // namespace
}  // namespace midillama::corpus
