#include "midillama/pages/run_page.h"

#include "midillama/pages/examples.h"
#include "pages/run_world.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace midillama::pages {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing_support::error_of;

struct RunPageTest : testing::Test, RunWorld {
  Page page(std::size_t examples = 200) const { return page_of_run(run(), {.data_dir = data(), .examples = examples}); }
  static std::vector<std::string> headings(const Page& page) {
    std::vector<std::string> names;
    for (const Section& section : page.sections) names.push_back(section.heading);
    return names;
  }
};

TEST_F(RunPageTest, HasTrainingTablesAndExamples) {
  write_all();
  const Page made = page();
  EXPECT_EQ(made.title, "Run small");
  EXPECT_THAT(headings(made), ElementsAre("Training", "Question answering: 12 examples", "Not evaluated", "sft"));
  const std::string html = to_html(made);
  EXPECT_THAT(html, AllOf(HasSubstr("<th scope=\"row\">sft</th><td>20</td><td>1 min 20 s</td><td>2,000</td><td>61</td>"),
                          HasSubstr("<td>0.1500 <small>step 20</small></td><td>0.2500 <small>step 20</small></td>"),
                          HasSubstr("dir: data # &lt;folk&gt; &amp; more"), HasSubstr("<svg"), HasSubstr("key\nn = 6"),
                          HasSubstr("[0.250, 0.750]"), HasSubstr("METEOR: another"), HasSubstr("midillama eval --task caption")));
  EXPECT_EQ(made.examples.items.size(), 12u);
  EXPECT_EQ(made.examples.clips.size(), 6u);
}

TEST_F(RunPageTest, AnswersAreBesideEachOtherAndRightOrWrong) {
  write_all();
  const Example first = page().examples.items.at(0), second = page().examples.items.at(1);
  EXPECT_EQ(first.id, "0.key");
  EXPECT_THAT(first.tags, ElementsAre("key"));
  EXPECT_EQ(first.reference, "The key is G major.") << "the dataset's, not the file's";
  ASSERT_EQ(first.answers.size(), 2u);
  EXPECT_EQ(first.answers[0].system, "music as it is");
  EXPECT_EQ(first.answers[0].verdict, Verdict::right);
  EXPECT_EQ(first.answers[1].text, kHostile);
  EXPECT_EQ(first.answers[1].verdict, Verdict::wrong);
  EXPECT_EQ(second.answers[1].verdict, Verdict::right) << "the meter";
}

TEST_F(RunPageTest, ACapIsSpreadOverFileAndTags) {
  write_all();
  std::map<std::string, int> tags, clips;
  for (const Example& example : page(6).examples.items) {
    ++tags[example.tags.front()];
    ++clips[example.id.substr(0, 1)];
  }
  EXPECT_EQ(tags, (std::map<std::string, int>{{"key", 3}, {"meter", 3}})) << "every second line alone would be of one tag";
  EXPECT_GE(clips.size(), 3u);
  EXPECT_THAT(to_html(page(6)), HasSubstr("6 of 12 questions, evenly spread"));
  EXPECT_THAT(page(0).examples.items, IsEmpty());
}

TEST_F(RunPageTest, ReportsOrderAndOtherRunsRowsAreKept) {
  write_all();
  const auto other = folder.path() / "runs/other";
  std::filesystem::create_directories(other / "eval/qa");
  std::filesystem::copy(run() / "eval/qa/true", other / "eval/qa/true");
  OrderedJson report = OrderedJson::parse(read_text(run() / "eval/qa/zero/scores.json"));
  OrderedJson& rows = report["tasks"][0]["rows"];
  rows.push_back(rows[0]);
  rows[1]["name"] = rows[1]["label"] = other.string();
  write_atomically(run() / "eval/report.json", report.dump());
  const Example first = page().examples.items.at(0);
  ASSERT_EQ(first.answers.size(), 3u);
  EXPECT_EQ(first.answers[0].system, "zero music");
  EXPECT_EQ(first.answers[1].system, other.string());
  EXPECT_EQ(first.answers[1].text, "G major.");
  EXPECT_EQ(first.answers[2].system, "music as it is") << "evaluated alone, after the report";
}

TEST_F(RunPageTest, RowsOfAnotherEvaluationAreSetApart) {
  write_all();
  const auto file = run() / "eval/qa/zero/scores.json";
  OrderedJson scores = OrderedJson::parse(read_text(file));
  scores["checkpoint"] = "another";
  scores["fingerprint"] = "g";
  scores["tasks"][0]["examples"] = 4;
  scores["tasks"][0]["rows"][0]["accuracy"]["key"]["total"] = 2;
  write_atomically(file, scores.dump());
  const Page made = page();
  EXPECT_THAT(headings(made), ElementsAre("Training", "Question answering: 12 examples",
                                          "Question answering: 4 examples, another evaluation", "Not evaluated", "sft"));
  const auto first = to_html({.title = "", .sections = {made.sections[1]}}),
             second = to_html({.title = "", .sections = {made.sections[2]}});
  EXPECT_THAT(first, AllOf(HasSubstr("music as it is"), HasSubstr("key\nn = 6"), Not(HasSubstr("<th scope=\"row\">zero music"))));
  EXPECT_THAT(second, AllOf(HasSubstr("cannot be compared"), HasSubstr("4 questions, checkpoint another, fingerprint g"),
                            HasSubstr("12 questions, checkpoint c, fingerprint f"), HasSubstr("key\nn = 2")));
}

TEST_F(RunPageTest, AnswersToOtherQuestionsAreNotBesideTheFirst) {
  write_all();
  const auto file = run() / "eval/qa/zero/predictions.jsonl";
  std::string lines = read_text(file);
  lines.replace(lines.find("Which key?"), 10, "What key??");
  write_atomically(file, lines);
  const Page made = page();
  EXPECT_EQ(made.examples.items.at(0).answers.size(), 1u);
  EXPECT_EQ(made.examples.items.at(1).answers.size(), 2u);
}

TEST_F(RunPageTest, QuestionsWithoutAnAnswerAreTold) {
  write_all();
  const auto file = run() / "eval/qa/zero/scores.json";
  OrderedJson scores = OrderedJson::parse(read_text(file));
  scores["tasks"][0]["rows"][0]["unanswered"] = 3;
  write_atomically(file, scores.dump());
  EXPECT_THAT(to_html(page()), HasSubstr("zero music: 3 of 12 questions have no answer and count as answered with an empty text."));
}

TEST_F(RunPageTest, LinesThatAreNoMetricsAreTold) {
  write_all();
  write_atomically(run() / "sft/metrics.jsonl", "garbage\n{\"step\": 1, \"loss\": 2.5}\n[]\n");
  EXPECT_THAT(to_html(page()), AllOf(HasSubstr("sft/metrics.jsonl are no rows of metrics and left out: 2, the first is line 1."),
                                     HasSubstr("2.5000 <small>step 1</small>")));
}

TEST_F(RunPageTest, WithoutItsDatasetTheAnswersAreThere) {
  write_all();
  std::filesystem::remove_all(data());
  const Page made = page();
  ASSERT_EQ(made.examples.items.size(), 12u);
  EXPECT_EQ(made.examples.items[0].question, "Which key?");
  EXPECT_EQ(made.examples.items[0].reference, "a reference");
  EXPECT_EQ(made.examples.items[0].answers[0].verdict, Verdict::none);
  EXPECT_THAT(to_html(made), HasSubstr("--set data.dir=DIR"));
}

TEST_F(RunPageTest, OtherQuestionsAndBrokenClipsAreTold) {
  write_all();
  std::string lines = read_text(data() / "test.jsonl");
  lines.replace(lines.find("Which key?"), 10, "What key??");
  write_atomically(data() / "test.jsonl", lines);
  write_atomically(data() / "clips/3.mid", "no MIDI");
  const Page made = page();
  EXPECT_TRUE(made.examples.items[0].clip.empty());
  EXPECT_EQ(made.examples.clips.size(), 5u) << "clip 0 has another question";
  EXPECT_THAT(to_html(made), AllOf(HasSubstr("1 of the questions are not in"), HasSubstr("one clip cannot be shown"), HasSubstr("3.mid")));
}

TEST_F(RunPageTest, ARunThatIsOnlyTrainedOrOnlyEvaluatedHasAPage) {
  write_stage("align");
  EXPECT_THAT(headings(page()), ElementsAre("Training", "Not evaluated", "align"));
  EXPECT_THAT(to_html(page()), AllOf(HasSubstr("align is not finished: it has no checkpoint yet"), HasSubstr("midillama eval --task qa"),
                                     Not(HasSubstr("id=\"examples\""))));
  std::filesystem::remove_all(run());
  write_answers("true", "music as it is", "G major.");
  EXPECT_THAT(to_html(page()), HasSubstr("Nothing was trained"));
}

TEST_F(RunPageTest, AFolderThatIsNoRunIsRefused) {
  EXPECT_THAT(error_of([&] { page(); }), HasSubstr("is no folder"));
  std::filesystem::create_directories(run() / "eval");
  EXPECT_THAT(error_of([&] { page(); }), HasSubstr("runs/small: is no run"));
}

TEST_F(RunPageTest, BrokenFilesAreNamed) {
  write_all();
  write_atomically(run() / "eval/report.json", "{\"tasks\": [{\"task\": \"qa\"}]}");
  EXPECT_THAT(error_of([&] { page(); }), HasSubstr("report.json: not a report"));
  write_atomically(run() / "eval/report.json", "{");
  EXPECT_THAT(error_of([&] { page(); }), HasSubstr("report.json"));
  std::filesystem::remove(run() / "eval/report.json");
  write_atomically(run() / "eval/qa/zero/scores.json", "{}");
  EXPECT_THAT(error_of([&] { page(); }),
              AllOf(HasSubstr("zero/scores.json: not a report of this program (key 'split' not found)"), Not(HasSubstr("json.exception"))));
  std::filesystem::remove(run() / "eval/qa/zero/scores.json");
  write_atomically(run() / "eval/qa/true/predictions.jsonl", "{\"id\": 3}\n");
  EXPECT_THAT(error_of([&] { page(); }), AllOf(HasSubstr("predictions.jsonl: line 1"), HasSubstr("\"id\"")));
}

}  // namespace
}  // namespace midillama::pages
