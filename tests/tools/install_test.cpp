// What `cmake --install` makes, as somebody uses it who has nothing but that.
#include "eval/tiny_world.h"
#include "midillama/config/config.h"
#include "midillama/core/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::tools {
namespace {

namespace fs = std::filesystem;

// Kind C29: installed into an empty prefix, moved away, called from another folder without an environment.
TEST(SlowInstall, WhatIsInstalledAnswersAQuestionFromAnyFolder) {
  eval::TinyWorld world;
  const fs::path prefix = world.path("prefix"), moved = world.path("moved");
  const ProcessResult installed = run_process({MIDILLAMA_CMAKE, "--install", MIDILLAMA_BUILD, "--prefix", prefix.string()});
  ASSERT_EQ(installed.status, 0) << installed.error_output;
  fs::rename(prefix, moved);
  write_atomically(world.path("config.yaml"), config::dump(world.config));

  const auto call = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"env", "-i", (moved / "bin/midillama").string()});
    return run_process(arguments, {.working_directory = "/"});
  };
  const ProcessResult shown = call({"config", "validate"});
  EXPECT_EQ(shown.status, 0) << shown.error_output;
  EXPECT_EQ(shown.output, (moved / "share/midillama/configs/folk/default.yaml").string() + ": ok\n");
  const ProcessResult answer =
      call({"generate", "--config", world.path("config.yaml"), "--set", "run.device=cpu", "--checkpoint", world.path("checkpoint"),
            "--midi", world.path("data/clips/test-0.mid"), "--prompt", "Which dance is it?", "--json"});
  ASSERT_EQ(answer.status, 0) << answer.error_output;
  EXPECT_TRUE(Json::parse(answer.output).contains("text"));
}

}  // namespace
}  // namespace midillama::tools
