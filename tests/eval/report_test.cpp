#include "midillama/eval/report.h"

#include "eval/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::eval {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::ThrowsMessage;

// Of questions about a piece each.
TagAccuracy accuracy(const std::string& tag, std::int64_t correct, std::int64_t total) {
  return {.tag = tag, .correct = correct, .total = total, .interval = metrics::wilson_interval(correct, total)};
}

ReportRow row(const std::string& name, const std::string& label, double score, std::int64_t correct) {
  ReportRow row{
      .name = name, .label = label, .metrics = {}, .accuracy = {accuracy("key", correct, 40), accuracy("meter", correct / 2, 20)}};
  if (name == "linear-probe") return row;
  row.metrics = {{"bleu", score, "nrefs:1|tok:13a", {}},
                 {"meteor", score + 0.1, "nltk", metrics::Interval{score, score + 0.2}},
                 {"rouge_l", score + 0.2, "rouge_score", {}}};
  return row;
}

Report report() {
  return {.checkpoint = "runs/folk/sft/checkpoints/step-000100",
          .fingerprint = "f00d",
          .split = "test",
          .tasks = {{"qa",
                     60,
                     {row("true", "music as it is", 0.5, 38), row("shuffled", "music shuffled", 0.25, 12),
                      row("linear-probe", "linear probe", 0, 40)}}}};
}

TEST(Report, TheTerminalTable) {
  EXPECT_EQ(to_text(report()),
            "Question answering: 60 examples\n"
            "\n"
            "                  BLEU                 METEOR  ROUGE-L       BERTScore\n"
            "----------------------------------------------------------------------\n"
            "music as it is  0.5000  0.6000 [0.500, 0.700]   0.7000  not configured\n"
            "music shuffled  0.2500  0.3500 [0.250, 0.450]   0.4500  not configured\n"
            "linear probe         -                      -        -               -\n"
            "\n"
            "accuracy                key (n = 40)        meter (n = 20)\n"
            "----------------------------------------------------------\n"
            "music as it is  0.950 [0.835, 0.986]  0.950 [0.764, 0.991]\n"
            "music shuffled  0.300 [0.181, 0.454]  0.300 [0.145, 0.519]\n"
            "linear probe    1.000 [0.912, 1.000]  1.000 [0.839, 1.000]\n");
}

TEST(Report, SaysWhoAnswered) {
  Report of_server = report();
  of_server.checkpoint = "";
  EXPECT_THAT(to_markdown(of_server), HasSubstr("\nNo checkpoint, split `test`."));
  of_server.model = "llama-3-70b";
  EXPECT_THAT(to_markdown(of_server), HasSubstr("\nModel `llama-3-70b` of a server, split `test`."));
}

TEST(Report, Markdown) {
  EXPECT_THAT(to_markdown(report()), AllOf(HasSubstr("Checkpoint `runs/folk/sft/checkpoints/step-000100`, split `test`."),
                                           HasSubstr("\n## Question answering: 60 examples\n"),
                                           HasSubstr("\n|  | BLEU | METEOR | ROUGE-L | BERTScore |\n| --- | ---: | ---: | ---: | ---: |\n"),
                                           HasSubstr("\n| music as it is | 0.5000 | 0.6000 [0.500, 0.700] | 0.7000 | not configured |\n"),
                                           HasSubstr("\n| linear probe | 1.000 [0.912, 1.000] | 1.000 [0.839, 1.000] |\n"),
                                           HasSubstr("\n- BLEU: nrefs:1|tok:13a\n")));
}

TEST(Report, SaysWhichWeightsAnswered) {
  const TemporaryDirectory folder;
  auto rounded = report();
  rounded.weights = "int8";
  write_report(rounded, folder.path());
  EXPECT_EQ(read_report(folder.path() / "report.json").weights, "int8");
  EXPECT_THAT(read_text(folder.path() / "report.md"), HasSubstr("split `test`, `generate.weights: int8`."));
  auto older = read_json(folder.path() / "report.json");
  older.erase("weights");
  write_atomically(folder.path() / "report.json", older.dump());
  EXPECT_EQ(read_report(folder.path() / "report.json").weights, "own");
}

TEST(Report, JsonComesBack) {
  const TemporaryDirectory folder;
  write_report(report(), folder.path());
  const auto back = read_report(folder.path() / "report.json");
  EXPECT_EQ(to_json(back), to_json(report()));
  EXPECT_EQ(to_text(back), to_text(report()));
  const auto json = read_json(folder.path() / "report.json");
  EXPECT_EQ(json["tasks"][0]["rows"][0]["accuracy"]["key"]["correct"], 38);
  EXPECT_DOUBLE_EQ(json["tasks"][0]["rows"][0]["metrics"]["meteor"]["interval"][1], 0.7);
}

TEST(Report, QuestionsWithoutAnAnswerAreTold) {
  const TemporaryDirectory folder;
  auto gaps = report();
  gaps.tasks[0].rows[1].unanswered = 3;
  const std::string line = "\nmusic shuffled: 3 of 60 questions have no answer and count as answered with an empty text";
  write_report(gaps, folder.path());
  const auto rows = read_json(folder.path() / "report.json")["tasks"][0]["rows"];
  EXPECT_EQ(rows[1]["unanswered"], 3);
  EXPECT_FALSE(rows[0].contains("unanswered"));
  EXPECT_THAT(read_text(folder.path() / "report.md"), HasSubstr(line + ".\n"));
  EXPECT_THAT(to_text(read_report(folder.path() / "report.json")), testing::EndsWith(line + "\n"));
}

TEST(Report, AnotherTaskOfTheSameCheckpointJoinsIt) {
  const TemporaryDirectory folder;
  write_report(report(), folder.path());
  auto captions = report();
  captions.tasks[0].task = "caption";
  write_report(captions, folder.path());
  EXPECT_THAT(read_text(folder.path() / "report.md"), AllOf(HasSubstr("## Captioning"), HasSubstr("## Question answering")));
  captions.fingerprint = "beef";
  write_report(captions, folder.path());
  EXPECT_THAT(read_text(folder.path() / "report.md"), AllOf(HasSubstr("## Captioning"), Not(HasSubstr("## Question answering"))));
}

TEST(Report, AFileThatIsNoReportIsAnError) {
  const TemporaryDirectory folder;
  const auto file = folder.path() / "report.json";
  for (const std::string text :
       {"{\"checkpoint\": 3}", "{\"checkp", "[]", "{\"checkpoint\":\"a\",\"fingerprint\":\"b\",\"split\":\"c\",\"tasks\":[{}]}"}) {
    write_atomically(file, text);
    EXPECT_THAT([&] { read_report(file); },
                ThrowsMessage<InputError>(AllOf(HasSubstr(file.string()), HasSubstr("not a report"), Not(HasSubstr("json.exception")))));
  }
}

TEST(Table, WideTablesGoOnBelow) {
  const Table table{{"", "aaaa", "bbbb", "cccc"}, {{"row", "1", "2", "3"}}};
  EXPECT_EQ(to_text(table, 15),
            "     aaaa  bbbb\n"
            "---------------\n"
            "row     1     2\n"
            "\n"
            "     cccc\n"
            "---------\n"
            "row     3\n");
}

TEST(Table, AColumnWiderThanTheTerminalStandsAlone) {
  EXPECT_EQ(to_text({{"", "a long name", "b"}, {}}, 5), "  a long name\n-------------\n\n  b\n---\n");
}

}  // namespace
}  // namespace midillama::eval
