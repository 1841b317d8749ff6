#include "midillama/records/question_file.h"

#include "midillama/core/json_text.h"
#include "support/error_of.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::records {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::error_of;

std::string row(int number, const std::string& clip) {
  const OrderedJson turn = {{"question", "What?"}, {"answer", "A reel."}};
  return json_line({{"id", fmt::format("q{}", number)},
                    {"piece", "p"},
                    {"clip", clip},
                    {"start", 0},
                    {"end", 20},
                    {"task", "qa"},
                    {"tag", "key"},
                    {"question", fmt::format("Which key, „{}“?", number)},
                    {"answer", "G major."},
                    {"facts", {{"key", "G major"}}},
                    {"earlier", OrderedJson::array({turn})}});
}

class QuestionFiles : public testing::Test {
 protected:
  void write(const std::string& text) const { write_atomically(data() / "train.jsonl", text); }
  fs::path data() const { return folder_.path(); }

 private:
  TemporaryDirectory folder_;
};

TEST_F(QuestionFiles, GiveWhatReadingThemAllGives) {
  write("\n" + row(1, "clips/b.mid") + row(2, "clips/a.mid") + "  \n" + row(3, "clips/b.mid"));
  const auto file = open_questions(data(), "train");
  const auto all = read_questions(data(), "train");
  ASSERT_EQ(file.size(), 3u);
  for (const std::size_t i : {2u, 0u, 1u, 2u}) {
    const auto question = file.at(i);
    EXPECT_EQ(to_json(question, {}), to_json(all[i], {}));
    EXPECT_EQ(question.clip, all[i].clip);
    EXPECT_EQ(question.place, all[i].place);
  }
  EXPECT_THAT(file.at(1).place, HasSubstr("train.jsonl: line 3"));
  EXPECT_THAT(file.clips(), ElementsAre(data() / "clips/b.mid", data() / "clips/a.mid"));
  std::vector<std::string> ids;
  file.for_each([&](const Question& question) { ids.push_back(question.id); });
  EXPECT_THAT(ids, ElementsAre("q1", "q2", "q3"));
}

TEST_F(QuestionFiles, AreCheckedWhenTheyAreOpened) {
  write(row(1, "clips/a.mid") + "{}\n");
  EXPECT_THAT(error_of([&] { open_questions(data(), "train"); }), AllOf(HasSubstr("train.jsonl: line 2"), HasSubstr("\"id\" is missing")));
  write(row(1, "clips/a.mid") + row(1, "clips/a.mid"));
  EXPECT_THAT(error_of([&] { open_questions(data(), "train"); }), HasSubstr("the id \"q1\" stands in the file already"));
  EXPECT_THAT(error_of([&] { open_questions(data(), "test"); }), HasSubstr("there is no such split"));
  write("\n");
  EXPECT_THAT(error_of([&] { open_questions(data(), "train"); }), HasSubstr("has no record"));
  EXPECT_FALSE(open_optional_questions(data(), "train"));
  EXPECT_FALSE(open_optional_questions(data(), "valid"));
  EXPECT_FALSE(open_optional_questions(data(), ""));
}

TEST_F(QuestionFiles, AFileThatChangesIsNoticed) {
  write(row(1, "clips/a.mid") + row(2, "clips/a.mid"));
  const auto file = open_questions(data(), "train");
  write(row(7, "clips/a.mid"));
  EXPECT_EQ(file.at(1).id, "q2") << "a file that another takes the place of stays as it was";
  const auto again = open_questions(data(), "train");
  fs::resize_file(data() / "train.jsonl", 10);
  EXPECT_THAT(error_of([&] { again.at(0); }), HasSubstr("train.jsonl: has become shorter"));
}

}  // namespace
}  // namespace midillama::records
