// `midillama eval --system endpoint` as a user calls it: a dataset, a server, and no model on this machine.
#include "midillama/core/file.h"
#include "midillama/core/process.h"
#include "midillama/midi/file.h"
#include "midillama/runs/files.h"
#include "midillama/runs/trained_with.h"
#include "midillama/runs/trainer_state.h"
#include "support/scripted_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <map>

#ifdef MIDILLAMA_WITH_TORCH
namespace midillama {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing_support::ScriptedServer;

constexpr int kClips = 6;

class EvalEndpoint : public testing::Test {
 protected:
  EvalEndpoint() {
    std::string lines;
    for (int i = 0; i < kClips; ++i) {
      midi::Score score;
      score.ticks_per_quarter = 480;
      for (int note = 0; note <= i; ++note)
        score.instruments.resize(1), score.instruments[0].notes.push_back({{480 * note}, {480 * note + 240}, 60, 64});
      midi::write_midi(score, folder.path() / "data" / ("clip" + std::to_string(i) + ".mid"));
      OrderedJson row = {{"id", std::to_string(i)},
                         {"piece", std::to_string(i)},
                         {"clip", "clip" + std::to_string(i) + ".mid"},
                         {"task", "qa"},
                         {"tag", "key"},
                         {"question", "Which key is it in?"},
                         {"answer", "G major."},
                         {"facts", {{"key", "G major"}}}};
      lines += row.dump() + '\n';
      row["id"] = "caption" + std::to_string(i);
      row["task"] = row["tag"] = "caption";
      row["question"] = "Describe the tune.";
      lines += row.dump() + '\n';
    }
    write_atomically(folder.path() / "data/test.jsonl", lines);
    write_atomically(folder.path() / "data/train.jsonl", lines);
  }

  // The process itself is in the file `pid`.
  ProcessResult eval(const std::string& task, const std::string& options) const {
    return run_process({"bash", "-c",
                        "'" MIDILLAMA_BINARY "' eval --system endpoint --task " + task + " " + options + " --set run.dir=" + path("run") +
                            " --set data.dir=" + path("data") +
                            " --set run.device=cpu --set prompt.notes=note-list --set eval.bertscore.path= --set chat.api_key_env= "
                            "--set chat.max_parallel=1 & echo $! > " +
                            path("pid") + "; wait $!"});
  }
  static std::string at(const ScriptedServer& server) { return "--model m --endpoint " + server.url() + "/v1"; }
  std::string path(const std::string& name) const { return (folder.path() / name).string(); }
  std::string predictions(const std::string& task, const std::string& row = "true") const {
    return read_text(path("run/eval/" + task + "/" + row + "/predictions.jsonl"));
  }
  Json scored_row() const { return read_json(path("run/eval/qa/true/scores.json"))["tasks"][0]["rows"][0]; }
  pid_t process() const { return std::stoi(read_text(path("pid"))); }

  TemporaryDirectory folder;
};

void answer_well(const httplib::Request& request, httplib::Response& response) {
  const std::size_t length = request.body.size();
  const Json message = {{"role", "assistant"},
                        {"content", length % 2 == 0 ? "It is in G major." : "D minor, of " + std::to_string(length)}};
  response.set_content(Json({{"choices", {{{"message", message}, {"finish_reason", "stop"}}}}}).dump(), "application/json");
}

TEST_F(EvalEndpoint, TwoTasksAndAReportWithoutAnyModelHere) {
  std::map<std::string, std::string> first;
  {
    ScriptedServer server(
        [](std::size_t, const httplib::Request& request, httplib::Response& response) { answer_well(request, response); });
    for (const char* task : {"qa", "caption"}) {
      const ProcessResult result = eval(task, "--music all " + at(server));
      EXPECT_EQ(result.status, 0) << result.error_output;
      EXPECT_THAT(result.output, AllOf(HasSubstr("music as it is"), HasSubstr("music shuffled"), HasSubstr("no music"),
                                       HasSubstr("most frequent answer"), Not(HasSubstr("linear probe")), Not(HasSubstr("zero music"))));
      EXPECT_THAT(result.error_output,
                  AllOf(HasSubstr("\"zero\" takes the place of musical tokens"), HasSubstr("\"mean\" takes the place")));
      first[task] = predictions(task);
    }
    EXPECT_THAT(read_text(path("run/eval/report.md")),
                AllOf(HasSubstr("Model `m` of a server, split `test`."), HasSubstr("## Question answering"), HasSubstr("## Captioning")));
    EXPECT_EQ(eval("qa", "--music mean " + at(server)).status, 2);
    EXPECT_EQ(eval("qa", "--checkpoint " + path("nowhere") + " " + at(server)).status, 2);
  }
  std::filesystem::remove_all(path("run/eval/qa"));
  std::filesystem::remove_all(path("run/eval/caption"));
  for (const char* task : {"qa", "caption"}) {
    const ProcessResult result = eval(task, "--replay --model m");
    EXPECT_EQ(result.status, 0) << result.error_output;
    EXPECT_EQ(predictions(task), first[task]);
  }
  EXPECT_THAT(eval("qa", "--replay --model another").error_output, HasSubstr("never made"));
  EXPECT_EQ(eval("qa", "--model another").status, 2) << "no endpoint";
}

// Whether it is killed or told to stop, at whichever call.
TEST_F(EvalEndpoint, AStopLosesNothingThatWasAnswered) {
  std::string undisturbed;
  {
    ScriptedServer server(
        [](std::size_t, const httplib::Request& request, httplib::Response& response) { answer_well(request, response); });
    EXPECT_EQ(eval("qa", at(server)).status, 0);
    undisturbed = predictions("qa");
  }
  for (const int signal : {SIGKILL, SIGTERM}) {
    std::filesystem::remove_all(path("run"));
    std::map<std::string, int> answered;
    ScriptedServer server([&](std::size_t number, const httplib::Request& request, httplib::Response& response) {
      if (number % 2 == 1) ::kill(process(), signal);
      if (number % 2 == 1 && signal == SIGKILL) return void(response.status = 500);
      ++answered[request.body];
      answer_well(request, response);
    });
    int runs = 1;
    for (ProcessResult result; (result = eval("qa", at(server))).status != 0; ++runs) {
      ASSERT_EQ(result.status, 128 + signal) << result.error_output;
      ASSERT_LT(runs, 20);
      EXPECT_FALSE(std::filesystem::exists(path("run/eval/qa/true/predictions.jsonl")));
    }
    EXPECT_GE(runs, 3);
    EXPECT_EQ(predictions("qa"), undisturbed);
    EXPECT_EQ(answered.size(), static_cast<std::size_t>(kClips));
    for (const auto& [body, times] : answered) EXPECT_EQ(times, 1) << body;
  }
}

// The models of the configuration are not asked, wherever they were trained.
TEST_F(EvalEndpoint, NothingIsSaidOfModelsThatAreNotAsked) {
  ScriptedServer server([](std::size_t, const httplib::Request& request, httplib::Response& response) { answer_well(request, response); });
  runs::TrainerState state;
  state.fingerprints = {{runs::kHeldOutFingerprint, "another"}};
  state.write(folder.path() / "decoder" / runs::kLastLink);
  const ProcessResult result = eval("qa", "--set llm.path=" + path("decoder/model") + " " + at(server));
  EXPECT_EQ(result.status, 0) << result.error_output;
  EXPECT_THAT(result.error_output, Not(HasSubstr("test split")));
}

TEST_F(EvalEndpoint, AFailureIsCountedAndAskedAgainByTheNextRun) {
  std::atomic<bool> is_strict = true;
  std::atomic<int> asked = 0;
  ScriptedServer server([&](std::size_t, const httplib::Request& request, httplib::Response& response) {
    ++asked;
    if (is_strict && request.body.find("bar 1: 0 C4 0.5, 1 C4 0.5\\n") != std::string::npos) return void(response.status = 400);
    answer_well(request, response);
  });
  const ProcessResult failed = eval("qa", at(server));
  EXPECT_EQ(failed.status, 0);
  EXPECT_THAT(failed.error_output, HasSubstr("1 of 6 questions have no answer (the first is 1: status 400"));
  EXPECT_THAT(predictions("qa"), HasSubstr("\"prediction\":\"\""));
  EXPECT_THAT(failed.output, HasSubstr("music as it is: 1 of 6 questions have no answer"));
  EXPECT_EQ(scored_row()["unanswered"], 1);
  EXPECT_FALSE(scored_row().contains("clip_tokens")) << "the server's tokens are not known";
  is_strict = false;
  const int before = asked;
  EXPECT_EQ(eval("qa", at(server)).status, 0);
  EXPECT_EQ(asked, before + 1);
  EXPECT_THAT(predictions("qa"), Not(HasSubstr("\"prediction\":\"\"")));
  EXPECT_FALSE(scored_row().contains("unanswered"));
  EXPECT_THAT(eval("qa", at(server)).error_output, HasSubstr("are used again"));
  EXPECT_EQ(asked, before + 1);
}

}  // namespace
}  // namespace midillama
#endif
