#include "midillama/eval/prediction.h"

#include "eval/prediction_store.h"
#include "midillama/core/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::eval {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

const std::vector<Prediction> kPredictions = {
    {"tune-1:key", "qa", "key", "Which key?", "It is in \"G major\".\nReally.", {"The key is G major.", "G major"}},
    {"tune-2:caption", "caption", "caption", "Describe it.", "", {"Ein l\xc3\xa4ndler \xe2\x99\xaf"}}};

struct PredictionTest : testing::Test {
  std::filesystem::path write(const std::string& text) {
    write_atomically(file, text);
    return file;
  }
  void expect_error(const std::string& text, const std::string& place, const std::string& what) {
    write(text);
    EXPECT_THAT([&] { read_predictions(file); },
                ThrowsMessage<InputError>(AllOf(HasSubstr(file.string()), HasSubstr(place), HasSubstr(what))))
        << text;
  }
  TemporaryDirectory folder;
  std::filesystem::path file = folder.path() / "predictions.jsonl";
};

TEST_F(PredictionTest, ComeBackAsTheyWereWritten) {
  write_predictions(file, kPredictions);
  EXPECT_EQ(read_predictions(file), kPredictions);
}

TEST_F(PredictionTest, TheKeysStandInTheirOrder) {
  write_predictions(file, std::vector{kPredictions[0]});
  EXPECT_EQ(read_text(file),
            R"({"id":"tune-1:key","task":"qa","tag":"key","question":"Which key?","prediction":"It is in \"G major\".\nReally.",)"
            R"("references":["The key is G major.","G major"]})"
            "\n");
}

TEST_F(PredictionTest, BytesThatAreNoTextAreReplaced) {
  auto predictions = std::vector{kPredictions[0]};
  predictions[0].prediction = "a \xff reel";
  write_predictions(file, predictions);
  EXPECT_EQ(read_predictions(file)[0].prediction, "a \xef\xbf\xbd reel");
}

TEST_F(PredictionTest, OnlyPredictionAndReferencesAreNeeded) {
  const auto predictions =
      read_predictions(write("\n"
                             R"({"prediction": "a jig", "references": ["a reel"]})"
                             "\n\n"));
  ASSERT_EQ(predictions.size(), 1U);
  EXPECT_EQ(predictions[0].prediction, "a jig");
  EXPECT_EQ(predictions[0].id, "");
}

TEST_F(PredictionTest, MistakesAreNamedWithFileLineAndKey) {
  const std::string good = R"({"prediction": "a", "references": ["b"]})"
                           "\n";
  expect_error(good + "{\"prediction\": \"a\", \"refer", "line 2", "not valid JSON");
  expect_error(good + "[1, 2]\n", "line 2", "not a JSON object");
  expect_error(R"({"references": ["b"]})", "line 1", "\"prediction\" is missing");
  expect_error(good + good + R"({"prediction": "a"})", "line 3", "\"references\" is missing");
  expect_error(R"({"prediction": 3, "references": ["b"]})", "line 1", "\"prediction\" has the wrong type");
  expect_error(R"({"prediction": "a", "references": "b"})", "line 1", "\"references\" has the wrong type");
  expect_error(R"({"prediction": "a", "references": [null]})", "line 1", "\"references\" has the wrong type");
  expect_error(R"({"prediction": "a", "references": []})", "line 1", "\"references\" is empty");
  expect_error(good + R"({"prediction": "a", "references": [""]})", "line 2", "a text of \"references\" is empty");
  expect_error(R"({"prediction": "a", "references": ["b", " \t"]})", "line 1", "a text of \"references\" is empty");
  expect_error("{\"prediction\": \"a\", \"references\": [\"\u00a0\u3000\"]}", "line 1", "must not be empty or white space");
  expect_error(R"({"id": 5, "prediction": "a", "references": ["b"]})", "line 1", "\"id\" has the wrong type");
  expect_error("{\"prediction\": \"\xff\", \"references\": [\"b\"]}", "line 1", "not valid JSON");
  expect_error("\n", "", "no prediction");
}

TEST_F(PredictionTest, AFileThatIsNotThereIsAnError) {
  EXPECT_THROW(read_predictions(folder.path() / "none.jsonl"), InputError);
}

TEST_F(PredictionTest, TheStoreGivesBackOnlyWhatBelongsToTheFingerprint) {
  const PredictionStore store(folder.path() / "qa/true", "abc");
  EXPECT_EQ(store.load(), std::nullopt);
  store.save(kPredictions);
  EXPECT_EQ(store.load(), kPredictions);
  EXPECT_EQ(PredictionStore(folder.path() / "qa/true", "abd").load(), std::nullopt);
  write_predictions(store.file(), std::vector{kPredictions[1]});
  EXPECT_EQ(store.load(), std::nullopt) << "the file was changed behind the store's back";
}

}  // namespace
}  // namespace midillama::eval
