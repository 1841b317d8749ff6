// `midillama explain` as a user calls it.
#include "eval/tiny_world.h"
#include "midillama/config/config.h"
#include "midillama/core/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::explain {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct ExplainProgram : testing::Test {
  ExplainProgram() { write_atomically(world.path("config.yaml"), config::dump(world.config)); }

  ProcessResult run(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = {MIDILLAMA_BINARY, "explain",        "--config",     world.path("config.yaml"),
                                          "--set",          "run.device=cpu", "--checkpoint", world.path("checkpoint")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_process(arguments);
  }
  std::string clip() const { return world.path("data/clips/test-0.mid"); }

  eval::TinyWorld world;
};

TEST_F(ExplainProgram, PrintsJsonAndWritesThePianoRoll) {
  const auto result = run({"--midi", clip(), "--prompt", "Which dance is it?", "--answer", "A reel.", "--svg", world.path("roll.svg")});
  ASSERT_EQ(result.status, 0) << result.error_output;
  const Json json = Json::parse(result.output);
  EXPECT_EQ(json.at("answer"), "A reel.");
  EXPECT_EQ(json.at("notes").size(), 16U);
  const std::string left_out = read_text(world.path("roll.svg"));
  EXPECT_THAT(left_out, StartsWith("<svg"));
  ASSERT_EQ(run({"--midi", clip(), "--prompt", "Which dance is it?", "--answer", "A reel.", "--svg", world.path("roll.svg"),  //
                 "--heat", "gradient", "--json", world.path("out.json")})
                .output,
            "A reel.\n");
  EXPECT_NE(read_text(world.path("roll.svg")), left_out);
  EXPECT_EQ(read_json(world.path("out.json")), json);
  const auto printed = run({"--midi", clip(), "--prompt", "Which dance is it?", "--answer", "A reel.", "--json", "-"});
  EXPECT_EQ(Json::parse(printed.output), json);
}

TEST_F(ExplainProgram, TakesAPartOfTheFile) {
  const auto result =
      run({"--midi", clip(), "--prompt", "Which?", "--answer", "A reel.", "--start", "1", "--duration", "1.1", "--passes", "2"});
  ASSERT_EQ(result.status, 0) << result.error_output;
  const Json json = Json::parse(result.output);
  EXPECT_EQ(json.at("notes").size(), 5U);
  EXPECT_EQ(json.at("notes")[0].at("start"), 0);
  EXPECT_EQ(json.at("notes_left_out_at_once"), 3);
  const auto silence = run({"--midi", clip(), "--prompt", "Which?", "--start", "100"});
  EXPECT_EQ(silence.status, 1);
  EXPECT_THAT(silence.error_output, HasSubstr("there are no notes in the part"));
}

TEST_F(ExplainProgram, DoesNotWriteOverItsMusic) {
  const auto music = read_text(clip());
  std::filesystem::create_symlink(clip(), world.path("link"));
  for (const char* option : {"--svg", "--json"}) {
    for (const std::string& file : {clip(), world.path("link"), world.path("data/../data/clips/test-0.mid")}) {
      const auto result = run({"--midi", clip(), "--prompt", "Which?", "--answer", "A reel.", option, file});
      EXPECT_EQ(result.status, 2);
      EXPECT_THAT(result.error_output, HasSubstr("is the music itself"));
    }
  }
  EXPECT_EQ(read_text(clip()), music);
  EXPECT_EQ(run({"--midi", clip(), "--prompt", "Which?", "--svg", world.path("one"), "--json", world.path("one")}).status, 2);
  EXPECT_FALSE(std::filesystem::exists(world.path("one")));
}

TEST_F(ExplainProgram, ChecksTheTestSplit) {
  const auto result = run({"--check", "key,dance", "--json", world.path("check.json")});
  ASSERT_EQ(result.status, 0) << result.error_output;
  EXPECT_THAT(result.output, StartsWith("key: "));
  EXPECT_THAT(result.output, HasSubstr("dance: "));
  EXPECT_EQ(read_json(world.path("check.json"))[0].at("questions"), 6);
  EXPECT_EQ(Json::parse(run({"--check", "key,dance", "--json", "-"}).output), read_json(world.path("check.json")));
  EXPECT_EQ(run({"--check", "mood"}).status, 2);
}

}  // namespace
}  // namespace midillama::explain
