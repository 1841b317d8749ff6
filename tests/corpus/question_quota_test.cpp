#include "midillama/corpus/question_quota.h"

#include "midillama/corpus/question_writer.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

namespace midillama::corpus {
namespace {

// The key is known of all clips, the genre of half of them, the year of a tenth, the place of one.
std::vector<ClipFacts> clips() {
  std::vector<ClipFacts> clips;
  for (int i = 0; i < 1000; ++i) {
    ClipFacts clip{"clip-" + std::to_string(i), {{"key", "G major"}}};
    if (i % 2 == 0) clip.facts["genre"] = "waltz";
    if (i % 10 == 0) clip.facts["year"] = "1850";
    if (i == 0) clip.facts["place"] = "Vienna";
    clips.push_back(clip);
  }
  return clips;
}

std::map<std::string, std::size_t> asked(const config::Corpus& config) {
  QuestionQuota quota(config);
  quota.share_out(clips());
  std::map<std::string, std::size_t> counts;
  for (const auto& clip : clips()) {
    for (const char* tag : {"key", "genre", "year", "place"}) counts[tag] += quota.of(clip, tag);
  }
  return counts;
}

TEST(QuestionQuota, IsTheSameOfEveryClip) {
  config::Corpus config;
  config.questions_per_tag = 3;
  EXPECT_EQ(asked(config), (std::map<std::string, std::size_t>{{"key", 3000}, {"genre", 1500}, {"year", 300}, {"place", 3}}));
  config.questions_per_tag = 0;
  EXPECT_EQ(asked(config)["key"], 0u);
}

TEST(QuestionQuota, BalancedTagsAreAskedAboutAsOften) {
  config::Corpus config;
  config.questions_per_tag = 2;
  config.balance_tags = true;
  const double mean = 2 * 1601.0 / 4;
  auto counts = asked(config);
  EXPECT_NEAR(static_cast<double>(counts["key"]), mean, 0.1 * mean);
  EXPECT_NEAR(static_cast<double>(counts["genre"]), mean, 0.1 * mean);
  EXPECT_NEAR(static_cast<double>(counts["year"]), mean, 0.1 * mean);
  EXPECT_EQ(counts["place"], 8u) << "four times as many of one clip at most";
  EXPECT_EQ(asked(config), counts) << "drawn by the seed";
  config.seed = 2;
  EXPECT_NE(asked(config)["key"], counts["key"]);
}

TEST(QuestionQuota, IsWhatTheTemplatesWrite) {
  config::Corpus config;
  config.tags = {"key", "origin"};
  config.captions = 0;
  config.balance_tags = true;
  auto known = clips();
  for (auto& clip : known) {
    if (clip.facts.contains("year")) clip.facts["origin"] = "Ireland";
    for (const char* other : {"genre", "year", "place"}) clip.facts.erase(other);
  }
  TemplateWriter writer(config, records::read_tags(records::kFolkTags));
  writer.prepare(known);
  QuestionQuota quota(config);
  quota.share_out(known);
  std::map<std::string, std::size_t> counts;
  for (const auto& clip : known) {
    std::map<std::string, std::set<std::string>> of_clip;
    Random random(1);
    for (const auto& written : writer.write(clip, random)) {
      if (written.yes_if.empty() && written.also.empty()) of_clip[written.tag].insert(written.question);
    }
    for (const char* tag : {"key", "origin"}) {
      EXPECT_EQ(of_clip[tag].size(), quota.of(clip, tag)) << clip.id;
      counts[tag] += of_clip[tag].size();
    }
  }
  EXPECT_EQ(counts["origin"], 400u);
  EXPECT_NEAR(static_cast<double>(counts["key"]), 550, 60);
}

}  // namespace
}  // namespace midillama::corpus
