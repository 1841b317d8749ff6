#include "midillama/experiment/results.h"

#include "experiment/world.h"
#include "midillama/classes/results.h"
#include "midillama/core/error.h"
#include "midillama/experiment/page.h"
#include "midillama/experiment/report.h"
#include "midillama/midi/file.h"
#include "midillama/pieces/piece_sets.h"
#include "midillama/runs/score_table.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <variant>

namespace midillama::experiment {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing_support::error_of;

constexpr std::size_t kQuestions = 200;

std::vector<double> every(std::size_t step) {
  std::vector<double> right(kQuestions);
  for (std::size_t i = 0; i < kQuestions; ++i) right[i] = i % step == 0 ? 1 : 0;
  return right;
}

class ResultsTest : public ::testing::Test {
 protected:
  ResultsTest() {
    plan_ = world_.plan({{.name = "A", .stages = {"sft"}, .answers = {"true", "none"}, .seeds = {1, 2}, .published = "A of theirs"},
                         {.name = "B", .answers = {"zero-shot"}}});
    plan_.published_by = "others";
    plan_.published = {{.name = "A of theirs", .qa = {0.1, 0.2, 0.3, 0.4}}};
    const std::filesystem::path runs = plan_.dir;
    world_.answer(runs / "a/seed-1/eval/qa/true", every(2));   // .5
    world_.answer(runs / "a/seed-2/eval/qa/true", every(1));   // 1
    world_.answer(runs / "a/seed-1/eval/qa/none", every(10));  // .1
    world_.answer(runs / "a/seed-2/eval/qa/none", every(5));   // .2
    world_.answer(runs / "b/eval/qa/zero-shot", every(4));     // .25
    for (const char* seed : {"seed-1", "seed-2"})
      write_atomically(runs / "a" / seed / "sft/metrics.jsonl",
                       "{\"step\": 1, \"loss\": 2, \"tokens\": 100, \"seconds\": 2}\n{\"step\": 1, \"split\": \"valid\", \"loss\": 1}\n"
                       "{\"step\": 2, \"loss\": 1, \"tokens\": 50, \"seconds\": 1}\n");
  }

  const Difference& difference(const Table& table, std::size_t one, std::size_t other) const {
    return *std::ranges::find_if(table.differences, [&](const Difference& d) { return d.one == one && d.other == other && d.column == 1; });
  }

  World world_;
  Plan plan_;
};

TEST_F(ResultsTest, AreMeansOverSeedsWithTheirSpread) {
  const Results results = collect(plan_, {});
  ASSERT_EQ(results.tables.size(), 1U);
  const Table& table = results.tables[0];
  EXPECT_EQ(table.examples, 200);
  EXPECT_EQ(table.pieces, 100);
  ASSERT_EQ(table.rows.size(), 3U);
  ASSERT_EQ(table.columns.size(), 2U);
  const Cell& key = *table.rows[0].cells[1];
  EXPECT_DOUBLE_EQ(key.value, 0.75);
  EXPECT_NEAR(*key.spread, 0.353553, 1e-6);
  // Every piece has one of its two questions right with seed 1, both with seed 2: no resample differs.
  EXPECT_DOUBLE_EQ(key.interval->low, 0.75);
  EXPECT_FALSE(table.rows[2].cells[1]->spread.has_value());
  EXPECT_LT(table.rows[2].cells[1]->interval->low, 0.25);
}

TEST_F(ResultsTest, CompareSystemsAndEachWithItselfWithoutItsMusic) {
  const Table table = collect(plan_, {}).tables[0];
  ASSERT_EQ(table.differences.size(), 4U) << "true with none, and with the other system, in two columns";
  const Difference& systems = difference(table, 0, 2);
  EXPECT_DOUBLE_EQ(systems.value, 0.5);
  // The standard error of B's .25, half of whose pieces have one of two questions right: .25 / sqrt(100).
  EXPECT_NEAR(systems.interval.high - systems.interval.low, 2 * 1.96 * 0.025, 0.02);
  EXPECT_LT(systems.p_value, 1e-6);
  EXPECT_GE(systems.corrected, systems.p_value);
}

TEST_F(ResultsTest, SayWhatEachCost) {
  const Results results = collect(plan_, {});
  EXPECT_DOUBLE_EQ(results.costs[0].tokens, 150);
  EXPECT_DOUBLE_EQ(results.costs[0].seconds, 3);
  EXPECT_DOUBLE_EQ(results.costs[1].tokens, 0);
}

TEST_F(ResultsTest, HaveAReasonInEveryCellWithoutANumber) {
  const std::filesystem::path runs = plan_.dir;
  std::filesystem::remove_all(runs / "b");
  Problems problems;
  problems.of_training(runs_of(plan_)[0][1], "sft failed: no room");
  const Results results = collect(plan_, problems);
  EXPECT_EQ(results.tables[0].rows[0].problem, "sft failed: no room");
  EXPECT_THAT(results.tables[0].rows[2].problem, HasSubstr("has no such row"));
  EXPECT_THAT(to_markdown(plan_, results), AllOf(HasSubstr("| A | sft failed: no room |"), HasSubstr("has no such row")));
  EXPECT_EQ(to_json(plan_, results).at("tables")[0].at("rows")[0].at("problem"), "sft failed: no room");
}

TEST_F(ResultsTest, AreNoneOfARowThatCannotBeCompared) {
  const std::filesystem::path own = std::filesystem::path(plan_.dir) / "a/seed-1/eval/qa/true",
                              other = std::filesystem::path(plan_.dir) / "b/eval/qa/zero-shot";
  const auto problem = [&] { return collect(plan_, {}).tables[0].rows[2].problem; };
  const auto write = [](const std::filesystem::path& row, const std::string& reference, const std::string& signature) {
    write_atomically(row / "predictions.jsonl",
                     "{\"id\": \"q0\", \"question\": \"Key?\", \"prediction\": \"C\", \"references\": [\"" + reference + "\"]}\n");
    write_atomically(row / "scores.json", "{\"tasks\": [{\"rows\": [{\"unanswered\": 3, \"metrics\": {\"meteor\": {\"signature\": \"" +
                                              signature + "\"}}}]}]}\n");
  };
  write(own, "C major", "by nltk");
  write(other, "C major", "by nltk");
  EXPECT_EQ(problem(), "");
  EXPECT_THAT(to_markdown(plan_, collect(plan_, {})), HasSubstr("| B (3 unanswered) |"));
  write(other, "D major", "by nltk");
  EXPECT_THAT(problem(), HasSubstr("other questions or references"));
  write(other, "C major", "by hand");
  EXPECT_THAT(problem(), HasSubstr("meteor is measured by by hand, the rows before by by nltk"));
  std::filesystem::remove(other / "predictions.jsonl");
  world_.answer(other, std::vector<double>(10));
  EXPECT_THAT(problem(), AllOf(HasSubstr("b/eval/qa/zero-shot"), HasSubstr("other questions")));
}

TEST_F(ResultsTest, AreNeverCertainOfFewPiecesThatAgree) {
  world_.answer(std::filesystem::path(plan_.dir) / "b/eval/qa/zero-shot", std::vector<double>(kQuestions, 1.0));
  const Cell& key = *collect(plan_, {}).tables[0].rows[2].cells[1];
  EXPECT_EQ(key.interval->high, 1);
  EXPECT_NEAR(key.interval->low, 0.963, 0.001) << "Wilson's for 100 of 100 pieces";
}

TEST_F(ResultsTest, AreWrittenForPeopleAndPrograms) {
  const Results results = collect(plan_, {});
  const std::string markdown = to_markdown(plan_, results);
  EXPECT_THAT(markdown, HasSubstr("| A | .750 ± .354 [.750, .750] |"));
  EXPECT_THAT(markdown, HasSubstr("| *others: A of theirs* | *.200* |"));
  EXPECT_THAT(markdown, HasSubstr("| B | **+.500** ["));
  EXPECT_THAT(markdown, HasSubstr("| A | 0 | 3 | – | – |"));
  const OrderedJson json = to_json(plan_, results);
  const OrderedJson& table = json.at("tables").at(0);
  EXPECT_EQ(table.at("rows")[0].at("accuracy").at("key").at("seeds"), OrderedJson::array({0.5, 1.0}));
  EXPECT_EQ(table.at("differences").size(), 4U);
  EXPECT_EQ(table.at("published")[0].at("rouge_l"), 0.3);
  EXPECT_EQ(table.at("rows")[0].at("predictions")[1], plan_.dir + "/a/seed-2/eval/qa/true/predictions.jsonl");
}

TEST_F(ResultsTest, AreOnAPageWithWhatEachSystemAnswered) {
  plan_.config = "configs/folk/default.yaml";
  plan_.set = {"data.dir=" + (world_.folder() / "data").string()};
  const std::string prediction =
      R"({"id": "q0", "task": "qa", "tag": "key", "question": "Which key?", "prediction": "G </script>", "references": ["D"]})";
  write_atomically(std::filesystem::path(plan_.dir) / "b/eval/qa/zero-shot/predictions.jsonl", prediction + "\n");
  const pages::Page page = page_of(plan_, collect(plan_, {}), 10);
  ASSERT_EQ(page.examples.items.size(), 1U);
  EXPECT_EQ(page.examples.items[0].answers.back().system, "B");
  const std::string html = pages::to_html(page);
  EXPECT_THAT(html, AllOf(HasSubstr("Question answering: 200 questions about 100 pieces"), HasSubstr("A of theirs"), HasSubstr("+.500"),
                          HasSubstr("<svg"), Not(HasSubstr("G </script>"))));
}

TEST_F(ResultsTest, AreDrawnWithWhatOthersMeasured) {
  plan_.systems[1].name = "B <&> \"C\"";
  world_.answer(std::filesystem::path(plan_.dir) / "b-c/eval/qa/zero-shot", every(4));
  const std::string svg = draw(plan_, collect(plan_, {}));
  EXPECT_THAT(svg, AllOf(HasSubstr("<circle"), HasSubstr("B &lt;&amp;&gt; &quot;C&quot;"), Not(HasSubstr("nan"))));
  EXPECT_THAT(svg, HasSubstr("l5 5l-5 5l-5 -5z")) << "the diamond of a published number";
}

// Tasks that ask no questions.
class ScoredResults : public ::testing::Test {
 protected:
  ScoredResults() {
    plan_ =
        world_.plan({{.name = "Written", .stages = {"classify"}, .answers = {"cnn", "constant"}, .tasks = {"genre"}, .seeds = {1, 2}},
                     {.name = "Real", .stages = {"classify"}, .answers = {"cnn"}, .tasks = {"genre"}, .seeds = {1}, .published = "them"},
                     {.name = "Phrases", .stages = {"melody"}, .answers = {"transformer"}, .tasks = {"melody"}, .seeds = {1}}});
    plan_.tasks = {"genre", "melody"};
    plan_.published_by = "the paper";
    plan_.published = {{.name = "them"}};
    write("written/seed-1", "genre", 100, {{"cnn", 0.4}, {"constant", 0.2}});
    write("written/seed-2", "genre", 100, {{"cnn", 0.6}, {"constant", 0.2}});
    write("real/seed-1", "genre", 100, {{"cnn", 0.9}});
    write("phrases/seed-1", "melody", 30, {{"transformer", 0.5}});
    for (const char* stage : {"written/seed-1/classify", "written/seed-2/classify", "real/seed-1/classify", "phrases/seed-1/melody"})
      write_atomically(std::filesystem::path(plan_.dir) / stage / "metrics.jsonl", "{\"step\": 1, \"tokens\": 10, \"seconds\": 2}\n");
  }

  void write(const std::string& run, const std::string& task, std::int64_t pieces, const std::map<std::string, double>& accuracy,
             const std::string& tested = "these") {
    runs::ScoreTable table{
        .task = task, .counts = {{"pieces", pieces}, {"works", 7}, {"learnt", learnt_++}}, .tested = tested, .columns = {"accuracy"}};
    for (const auto& [name, value] : accuracy)
      table.rows.push_back(
          {.name = name, .values = {{"accuracy", {.value = value, .interval = metrics::Interval{value - 0.1, value + 0.1}}}}});
    runs::write_score_table(std::filesystem::path(plan_.dir) / run / "eval" / task / runs::kScoreTableFile, table);
  }

  // Of jigs and reels, and of whatever pieces are there.
  Results collected() const {
    Results results = collect(plan_, {});
    for (Table& table : results.tables) {
      table.settings = {{"label", "genre"}, {"multi_label", false}, {"classes", {"jig", "reel"}}};
      table.tested.clear();
    }
    return results;
  }

  World world_;
  Plan plan_;
  std::int64_t learnt_ = 50;  // another number for each
};

TEST_F(ScoredResults, AreThoseOfEachSystemsTasks) {
  const Results results = collect(plan_, {});
  ASSERT_EQ(results.tables.size(), 2U);
  const Table& genre = results.tables[0];
  ASSERT_EQ(genre.rows.size(), 3U) << "the system of phrases has none";
  EXPECT_EQ(genre.of, "100 pieces, 7 works");
  EXPECT_DOUBLE_EQ(genre.rows[0].cells[0]->value, 0.5);
  EXPECT_FALSE(genre.rows[0].cells[0]->interval) << "of two seeds, each measured alone";
  EXPECT_NEAR(*genre.rows[0].cells[0]->spread, 0.1414, 1e-4);
  EXPECT_DOUBLE_EQ(genre.rows[2].cells[0]->interval->high, 1.0);
  const std::string markdown = to_markdown(plan_, results);
  EXPECT_THAT(markdown,
              AllOf(HasSubstr("## Genre: 100 pieces, 7 works"), HasSubstr("| Written, constant | .200"),
                    HasSubstr("| Real | .900 [.800, 1.000] |\n| *the paper: them* | – |"), HasSubstr("## Melody completion: 30 pieces")));
}

TEST_F(ScoredResults, HaveAReasonInEveryCellWithoutANumber) {
  write("real/seed-1", "genre", 99, {{"cnn", 0.9}});
  std::filesystem::remove(std::filesystem::path(plan_.dir) / "phrases/seed-1/eval/melody/scores.json");
  const Results results = collect(plan_, {});
  EXPECT_THAT(results.tables[0].rows[2].problem, HasSubstr("is about 99 pieces, 7 works, the systems before are about 100 pieces"));
  EXPECT_THAT(results.tables[1].rows[0].problem, HasSubstr("scores.json is not there"));
  write("real/seed-1", "genre", 100, {{"cnn", 0.9}}, "others");
  EXPECT_THAT(collect(plan_, {}).tables[0].rows[2].problem, HasSubstr("is about others than the systems before, though as many"));
  write("written/seed-2", "genre", 100, {{"cnn", 0.6}});
  EXPECT_THAT(collect(plan_, {}).tables[0].rows[1].problem, HasSubstr("has no row \"constant\""));
}

TEST_F(ScoredResults, HaveAPageWithPiecesThatPlay) {
  const std::filesystem::path set = world_.folder() / "tunes", genre = std::filesystem::path(plan_.dir) / "written/seed-1/eval/genre";
  std::string lines, told, constant;
  for (int i = 0; i < 4; ++i) {
    midi::Score score;
    score.instruments.emplace_back();
    score.instruments[0].notes = {{midi::Tick{0}, midi::Tick{480}, static_cast<std::uint8_t>(60 + i), 80}};
    const std::string name = fmt::format("t{}", i), id = (set / name).string();
    if (i > 0) midi::write_midi(score, set / (name + ".mid"));
    lines +=
        fmt::format(R"({{"piece":"{0}","file":"{0}.mid","title":"","composer":"","work":"{0}","source":"","labels":{{"genre":"jig"}}}})",
                    name) +
        '\n';
    told +=
        fmt::format(R"({{"piece":"{}","fold":0,"labels":["jig"],"scores":{{"jig":{},"reel":0.5}}}})", id, i % 2 == 0 ? 0.9 : 0.1) + '\n';
    constant += fmt::format(R"({{"piece":"{}","fold":0,"labels":["jig"],"scores":{{"jig":0,"reel":1}}}})", id) + '\n';
  }
  midi::write_midi({}, set / "t0.mid");
  write_atomically(set / "pieces.jsonl", lines);
  write_atomically(genre / "predictions.jsonl", told);
  write_atomically(genre / "constant/predictions.jsonl", constant);
  write_atomically(world_.folder() / "c.yaml", fmt::format("classify: {{pieces: {{train: [{0}], test: [{0}]}}}}\n", set.string()));
  plan_.config = (world_.folder() / "c.yaml").string();
  const pages::Page page = page_of(plan_, collected(), 2);
  ASSERT_EQ(page.examples.items.size(), 2U) << "of four";
  const pages::Example& piece = page.examples.items[1];
  EXPECT_EQ(piece.id, (set / "t2").string());
  EXPECT_EQ(page.examples.clips.at(piece.clip).at("notes")[0][2], 62);
  EXPECT_EQ(piece.reference, "jig");
  ASSERT_EQ(piece.answers.size(), 2U);
  EXPECT_EQ(piece.answers[0].system, "Written");
  EXPECT_EQ(piece.answers[0].verdict, pages::Verdict::right);
  EXPECT_EQ(piece.answers[1].text, "reel");
  EXPECT_EQ(piece.answers[1].verdict, pages::Verdict::wrong);
}

TEST_F(ScoredResults, ThePageShowsAnswersAsTheyAreScored) {
  const std::filesystem::path set = world_.folder() / "tunes", genre = std::filesystem::path(plan_.dir) / "written/seed-1/eval/genre";
  std::string lines, told, constant;
  const std::vector<std::string> scores = {R"({"jig":0,"reel":0})", R"({"jig":0.9,"reel":0.6})", R"({"jig":0.2,"reel":0.7})"};
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const std::string name = fmt::format("t{}", i), id = (set / name).string();
    lines +=
        fmt::format(R"({{"piece":"{0}","file":"{0}.mid","title":"","composer":"","work":"{0}","source":"","labels":{{"genre":"jig"}}}})",
                    name) +
        '\n';
    told += fmt::format(R"({{"piece":"{}","fold":0,"labels":["jig","reel"],"scores":{}}})", id, scores[i]) + '\n';
    write_atomically(set / (name + ".mid"), "no music any more");
  }
  write_atomically(set / "pieces.jsonl", lines);
  write_atomically(genre / "predictions.jsonl", told);
  write_atomically(genre / "constant/predictions.jsonl", told);
  write_atomically(world_.folder() / "c.yaml", fmt::format("classify: {{pieces: {{train: [{0}], test: [{0}]}}}}\n", set.string()));
  plan_.config = (world_.folder() / "c.yaml").string();
  const auto answers = [&](bool multi_label) {
    Results results = collected();
    results.tables[0].settings["multi_label"] = multi_label;
    const pages::Page page = page_of(plan_, results, 9);
    std::string text;
    for (const pages::Example& piece : page.examples.items) {
      EXPECT_EQ(piece.clip, "") << "cannot be heard";
      text += fmt::format("{}{}; ", piece.answers[0].text, piece.answers[0].verdict == pages::Verdict::right ? ": right" : "");
    }
    return text;
  };
  EXPECT_EQ(answers(true), "nothing was told; jig, reel: right; reel; ");
  EXPECT_EQ(answers(false), "nothing was told; jig; reel; ");
}

TEST_F(ScoredResults, ThePagePlaysNothingButWhatWasTested) {
  const std::filesystem::path set = world_.folder() / "tunes", genre = std::filesystem::path(plan_.dir) / "written/seed-1/eval/genre";
  midi::Score score;
  score.instruments.emplace_back();
  score.instruments[0].notes = {{midi::Tick{0}, midi::Tick{480}, 60, 80}};
  midi::write_midi(score, set / "t.mid");
  write_atomically(set / "pieces.jsonl",
                   R"({"piece":"t","file":"t.mid","title":"","composer":"","work":"t","source":"","labels":{"genre":"jig"}})"
                   "\n");
  const std::string told = fmt::format(R"({{"piece":"{}","fold":0,"labels":["jig"],"scores":{{"jig":1,"reel":0}}}})", (set / "t").string());
  write_atomically(genre / "predictions.jsonl", told + '\n');
  write_atomically(genre / "constant/predictions.jsonl", told + '\n');
  write_atomically(world_.folder() / "c.yaml", fmt::format("classify: {{pieces: {{train: [{0}], test: [{0}]}}}}\n", set.string()));
  plan_.config = (world_.folder() / "c.yaml").string();
  classes::Task task{.name = "genre", .label = "genre", .classes = {"jig", "reel"}};
  task.parts.test = pieces::read_pieces({set.string()}, "");
  const auto page = [&] {
    Results results = collected();
    results.tables[0].tested = classes::fingerprint_of_tested(task);
    return page_of(plan_, results, 9);
  };
  EXPECT_EQ(page().examples.clips.size(), 1U);
  const auto notice = [&] {
    const pages::Page shown = page();
    EXPECT_EQ(shown.examples.items.at(0).answers.at(0).verdict, pages::Verdict::right);
    EXPECT_TRUE(shown.examples.clips.empty());
    return shown.examples.blocks.empty() ? "" : std::get<pages::Paragraph>(shown.examples.blocks[0]).text;
  };
  score.instruments[0].notes[0].pitch = 72;
  midi::write_midi(score, set / "t.mid");
  EXPECT_THAT(notice(),
              HasSubstr("Genre: shown without their music. classify.pieces: their files are others than the evaluation was about"));
  std::filesystem::remove(set / "t.mid");
  EXPECT_THAT(notice(), HasSubstr("t.mid is neither in"));
}

TEST_F(ScoredResults, HaveAPageWithPhrasesThatPlay) {
  const std::filesystem::path set = world_.folder() / "tunes", melody = std::filesystem::path(plan_.dir) / "phrases/seed-1/eval/melody";
  midi::Score score;
  score.instruments.emplace_back();
  for (int i = 0; i < 32; ++i)
    score.instruments[0].notes.push_back({midi::Tick{i * 480}, midi::Tick{i * 480 + 480}, static_cast<std::uint8_t>(60 + i), 80});
  midi::write_midi(score, set / "t.mid");
  write_atomically(set / "pieces.jsonl", R"({"piece":"t","file":"t.mid","title":"","composer":"","work":"t","source":"","labels":{}})"
                                         "\n");
  const std::string phrase = (set / "t").string();
  const auto scores = [&](double right) {
    const std::string form = R"({{"group":"{0}#0","candidate":"{1}","positive":{2},"score":{3}}})";
    return fmt::format(fmt::runtime(form), phrase, phrase + "#1", true, right) + '\n' +
           fmt::format(fmt::runtime(form), phrase, "other#3", false, 0.5) + '\n';
  };
  plan_.systems[2].answers = {"transformer", "n-gram", "random"};
  write("phrases/seed-1", "melody", 30, {{"a", 1}, {"n-gram", 0.5}, {"random", 0.5}, {"transformer", 0.5}});
  write_atomically(melody / "transformer/scores.jsonl", scores(0.75));
  write_atomically(melody / "n-gram/scores.jsonl", scores(0.5));
  write_atomically(world_.folder() / "c.yaml", fmt::format("melody: {{pieces: {{train: [{0}], test: [{0}], folds: 1}}}}\n", set.string()));
  plan_.config = (world_.folder() / "c.yaml").string();
  const pages::Page page = page_of(plan_, collected(), 2);
  ASSERT_EQ(page.examples.items.size(), 1U);
  const pages::Example& group = page.examples.items[0];
  EXPECT_EQ(page.examples.clips.at(group.clip).at("notes").size(), 32U) << "both phrases";
  ASSERT_EQ(group.answers.size(), 2U) << "nobody knows what chance says of one group";
  EXPECT_EQ(group.answers[0].text, "has it in place 1");
  EXPECT_EQ(group.answers[0].verdict, pages::Verdict::right);
  EXPECT_EQ(group.answers[1].text, "has it in place 2") << "of equal ones the last";
}

}  // namespace
}  // namespace midillama::experiment
