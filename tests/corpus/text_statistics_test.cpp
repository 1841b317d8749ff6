#include "midillama/corpus/text_statistics.h"

#include "midillama/core/atomic_file.h"
#include "midillama/core/json_text.h"
#include "midillama/core/temporary.h"
#include "midillama/corpus/charts.h"
#include "midillama/corpus/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::corpus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::Not;

std::string line(const std::string& id, const std::string& task, const std::string& tag, const std::string& question,
                 const std::string& answer) {
  return json_line({{"id", id},
                    {"piece", "p"},
                    {"clip", "clips/p.1.mid"},
                    {"task", task},
                    {"tag", tag},
                    {"question", question},
                    {"answer", answer},
                    {"facts", {{"key", "G major"}}}});
}

class Texts : public testing::Test {
 protected:
  Texts() {
    write_atomically(folder.path() / "train.jsonl", line("a", "qa", "key", "What key is it in?", "G major.") +
                                                        line("b", "qa", "key", "Key?", "It is in G major.") +
                                                        line("c", "caption", "caption", "Describe this.", "Music in G major."));
    write_atomically(folder.path() / "test.jsonl", line("d", "qa", "key", "Which?", "G major it is, and nothing else."));
  }
  TemporaryDirectory folder;
};

TEST_F(Texts, LengthsOfQuestionsAnswersAndCaptions) {
  const auto texts = text_statistics(folder.path());
  EXPECT_EQ(texts.unit, "words");
  EXPECT_EQ(texts.lengths.at("train").at("questions"), (Lengths{{1, 1}, {5, 1}}));
  EXPECT_EQ(texts.lengths.at("train").at("answers"), (Lengths{{2, 1}, {5, 1}}));
  EXPECT_EQ(texts.lengths.at("train").at("captions"), (Lengths{{4, 1}}));
  EXPECT_EQ(texts.tags.at("train").at("key"), 2u);
  EXPECT_FALSE(texts.lengths.contains("valid"));
  const auto json = to_json(texts);
  EXPECT_EQ(json["lengths"]["train"]["questions"]["mean"], 3.0);
  EXPECT_EQ(json["lengths"]["test"]["answers"]["longest"], 7);
  EXPECT_THAT(text_of(texts), testing::ContainsRegex("test answers +7.0 +7 +7 +7\n"));
}

TEST_F(Texts, InTokensWhereThereIsATokenizer) {
  const auto texts = text_statistics(
      folder.path(), [](std::string_view text) { return text.size(); }, "tokens");
  EXPECT_EQ(texts.lengths.at("train").at("captions"), (Lengths{{17, 1}}));
  EXPECT_THAT(text_of(texts), HasSubstr("\ntokens "));
}

TEST(TextStatistics, Percentiles) {
  const Lengths lengths = {{1, 50}, {2, 45}, {9, 5}};
  EXPECT_EQ(percentile(lengths, 0.5), 1u);
  EXPECT_EQ(percentile(lengths, 0.51), 2u);
  EXPECT_EQ(percentile(lengths, 0.95), 2u);
  EXPECT_EQ(percentile(lengths, 1), 9u);
  EXPECT_EQ(percentile({}, 0.5), 0u);
}

TEST_F(Texts, WhatAnnotationsSay) {
  EXPECT_THAT(annotation_shares(folder.path()), IsEmpty());
  const OrderedJson label = {{"value", "waltz"}, {"evidence", "It is."}, {"url", "http://wiki.example"}};
  const OrderedJson unsupported = {{"value", "waltz"}, {"evidence", "It is."}, {"url", nullptr}, {"problem", "is in no text"}};
  std::string lines;
  for (const OrderedJson& genre : {label, unsupported, OrderedJson("Not Enough Information"), label})
    lines += json_line({{"work", "w"}, {"status", "annotated"}, {"fields", {{"genre", genre}}}});
  lines += json_line({{"work", "w"}, {"status", "no text"}, {"fields", OrderedJson::object()}});
  write_atomically(folder.path() / "annotations.jsonl", lines);
  const auto shares = annotation_shares(folder.path());
  EXPECT_EQ(shares.at("genre").labels, 2u);
  EXPECT_EQ(shares.at("genre").not_enough, 1u);
  EXPECT_EQ(shares.at("genre").unsupported, 1u);
  EXPECT_EQ(to_json(shares)["genre"]["share_unsupported"], 0.25);
  EXPECT_THAT(text_of(shares), HasSubstr("1 (25.0 %)"));
}

TEST_F(Texts, Charts) {
  const OrderedJson statistics = {
      {"vocabulary", {{"a & b/c", {"<x>", "y"}}}},
      {"splits", {{"train", {{"tags", {{"a & b/c", {{"<x>", 3}, {"y", 12}}}}}}}, {"test", {{"tags", OrderedJson::object()}}}}}};
  const auto charts = charts_of(statistics, text_statistics(folder.path()), {});
  EXPECT_THAT(charts, ElementsAre(Key("lengths-answers.svg"), Key("lengths-captions.svg"), Key("lengths-questions.svg"),
                                  Key("questions.svg"), Key("tag-a-&-b-c.svg")));
  const auto& svg = charts.at("tag-a-&-b-c.svg");
  EXPECT_THAT(svg, HasSubstr("<title>a &amp; b/c</title>"));
  EXPECT_THAT(svg, HasSubstr("&lt;x&gt;"));
  EXPECT_THAT(svg, Not(HasSubstr("<x>")));
  EXPECT_LT(svg.find(">12<"), svg.find(">3<")) << "the most frequent first";
}

}  // namespace
}  // namespace midillama::corpus
