#include "midillama/runs/score_table.h"

#include "midillama/core/json_text.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::runs {
namespace {

using testing::HasSubstr;
using testing_support::error_of;

ScoreTable example() {
  return {.task = "genre",
          .counts = {{"pieces", 12}, {"works", 9}},
          .tested = "1f",
          .columns = {"f1_micro", "accuracy"},
          .rows = {{"cnn", {{"f1_micro", {.5, metrics::Interval{.25, .75}}}, {"accuracy", {.5, metrics::Interval{.2, .8}}}}},
                   {"chance", {{"accuracy", {.125}}}, 2}},
          .settings = {{"seed", 1}, {"classes", 8}}};
}

class ScoreTableFile : public testing::Test {
 protected:
  std::string error_of_text(const std::string& text) {
    write_atomically(file_, text);
    return error_of([&] { read_score_table(file_); });
  }

  TemporaryDirectory folder_;
  std::filesystem::path file_ = folder_.path() / "scores.json";
};

TEST_F(ScoreTableFile, IsReadAsItWasWritten) {
  write_score_table(file_, example());
  EXPECT_EQ(to_json(read_score_table(file_)), to_json(example()));
  EXPECT_EQ(
      to_json(example()),
      OrderedJson::parse(R"({"task": "genre", "counts": {"pieces": 12, "works": 9}, "tested": "1f", "columns": ["f1_micro", "accuracy"],
      "rows": [{"name": "cnn", "values": {"f1_micro": {"value": 0.5, "low": 0.25, "high": 0.75}, "accuracy": {"value": 0.5, "low": 0.2, "high": 0.8}}},
               {"name": "chance", "unanswered": 2, "values": {"accuracy": {"value": 0.125}}}],
      "settings": {"seed": 1, "classes": 8}})"));
}

TEST_F(ScoreTableFile, SaysWhatIsMissing) {
  EXPECT_THAT(error_of_text("{}"), HasSubstr("scores.json: the key \"task\" is missing"));
  OrderedJson json = to_json(example());
  json["rows"][1]["values"]["accuracy"].erase("value");
  EXPECT_THAT(error_of_text(json_text(json)), HasSubstr("row \"chance\": accuracy: the key \"value\" is missing"));
  json["rows"][0].erase("name");
  EXPECT_THAT(error_of_text(json_text(json)), HasSubstr("row 0: the key \"name\" is missing"));
  json["counts"] = 3;
  EXPECT_THAT(error_of_text(json_text(json)), HasSubstr("the key \"counts\" has the wrong type"));
}

TEST(ScoreTable, AsTextHasALineAMetric) {
  EXPECT_EQ(to_text(example()),
            "genre: 12 pieces, 9 works\n"
            "          cnn                   chance\n"
            "f1_micro  0.500 [0.250, 0.750]  -\n"
            "accuracy  0.500 [0.200, 0.800]  0.125\n");
}

}  // namespace
}  // namespace midillama::runs
