// The commands as they are called.
#include "midillama/core/process.h"
#include "study/study_client.h"
#include "study/study_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace midillama::study {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

struct StudyCommandsTest : testing::Test, StudyWorld {
  static ProcessResult call(const std::vector<std::string>& arguments) {
    std::vector<std::string> all = {MIDILLAMA_BINARY, "study"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return run_process(all);
  }
  std::string system(std::size_t index) const { return systems()[index].name + "=" + systems()[index].predictions; }
  ProcessResult build_with(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = {"build",    "--set",      "data.dir=" + data().string(), "--study", study().string(),
                                          "--design", design_file()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return call(arguments);
  }
  std::string design_file() const {
    design(1, 1, 1);  // writes the consent
    const fs::path file = folder.path() / "design.yaml";
    write_atomically(file,
                     "title: A study\nconsent: consent.md\nclips: 4\njudges: 2\nparticipants: 3\nchecks: 0\n"
                     "criteria:\n  - {name: overall, label: Overall, question: 'Which is better?'}\n");
    return file.string();
  }
};

TEST_F(StudyCommandsTest, AStudyIsBuiltServedAndReported) {
  write_dataset(5);
  const ProcessResult built = build_with({"--system", system(0), "--system", system(1)});
  ASSERT_EQ(built.status, 0) << built.error_output;
  EXPECT_EQ(built.output, study().string() + "\n");
  EXPECT_THAT(built.error_output, HasSubstr("4 clips, 2 judges each, 3 participants"));

  EXPECT_THAT(call({"report", "--study", study().string()}).error_output, HasSubstr("nobody has judged yet"));
  const Study made = read_study(study());
  {
    const StudyProcess server(study(), 0);
    StudyClient judge(server.port(), read_keys(made, study()).participants.at("p02").key);
    Json next = judge.post("/v1/consent").body.at("next");
    judge.post("/v1/heard", {{"item", next.at("item")}, {"seconds", kClipSeconds}});
    EXPECT_EQ(judge.post("/v1/judgments", {{"item", next.at("item")}, {"criterion", "overall"}, {"choice", "left"}}).status, 200);
  }
  const ProcessResult reported = call({"report", "--study", study().string()});
  EXPECT_EQ(reported.status, 0) << reported.error_output;
  EXPECT_THAT(reported.output, AllOf(HasSubstr("# A study"), HasSubstr("1 of 8 judgments of 1 clips"), HasSubstr("| p02 | 1 | 0 of 0 |")));
  EXPECT_EQ(reported.output, read_text(study() / "report/report.md"));
  EXPECT_EQ(Json::parse(call({"report", "--study", study().string(), "--json"}).output), read_json(study() / "report/report.json"));
  EXPECT_THAT(read_text(study() / "report/figure2.svg"), HasSubstr("</svg>"));
}

TEST_F(StudyCommandsTest, AnExportIsReportedLikeTheStudysOwnJudgments) {
  write_dataset(5);
  ASSERT_EQ(build_with({"--system", system(0), "--system", system(1)}).status, 0);
  const Item item = read_study(study()).participants[0].items[0];
  const Judgment judgment = {.participant = "p01",
                             .item = item.name,
                             .clip = read_study(study()).clips[item.clip].name,
                             .criterion = "overall",
                             .left = item.left,
                             .right = item.right,
                             .choice = item.right};
  const std::string file = (folder.path() / "export.jsonl").string();
  write_atomically(file, to_jsonl(std::vector{judgment}));
  const ProcessResult reported =
      call({"report", "--study", study().string(), "--judgments", file, "--out", (folder.path() / "out").string()});
  EXPECT_THAT(reported.output, HasSubstr("1 of 8 judgments"));
  EXPECT_TRUE(fs::exists(folder.path() / "out/report.json"));
  EXPECT_FALSE(fs::exists(study() / kStoreFile));
}

TEST_F(StudyCommandsTest, WrongUsageHasItsExitStatus) {
  write_dataset(5);
  const auto refused = [](const ProcessResult& result, const std::string& what) {
    EXPECT_EQ(result.status, 2) << result.error_output;
    EXPECT_THAT(result.error_output, HasSubstr(what));
  };
  refused(build_with({"--system", system(0)}), "two are compared, 1 are given");
  refused(build_with({"--system", system(0), "--system", "nothing"}), "NAME=FILE is expected, not nothing");
  refused(build_with({}), "--system is required");
  refused(call({"serve", "--host", ""}), "--host");
  refused(call({"serv"}), "did you mean serve?");
  EXPECT_EQ(call({"serve", "--study", folder.path().string()}).status, 1);
}

TEST_F(StudyCommandsTest, EachSaysHowItIsUsed) {
  for (const char* command : {"build", "serve", "report"}) {
    const ProcessResult help = call({command, "--help"});
    EXPECT_EQ(help.status, 0);
    EXPECT_THAT(help.output, AllOf(HasSubstr("Example:"), HasSubstr(std::string("midillama study ") + command), HasSubstr("--study")));
  }
}

}  // namespace
}  // namespace midillama::study
