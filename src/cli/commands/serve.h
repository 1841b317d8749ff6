#pragma once

#include "cli/command.h"
#include "cli/commands/numbers.h"
#include "cli/commands/origins.h"

#include <cstdint>
#include <string>
#include <vector>

namespace midillama::cli {

struct ServeCommand : TorchCommand {
  static constexpr const char* kName = "serve";
  static constexpr const char* kDescription = "Serve the model to clients of OpenAI's API";
  static constexpr const char* kExample = "midillama serve --port 8080";

  void declare(CLI::App& app) {
    add_checkpoint_option(app, checkpoint, "sft");
    app.add_option("--host", host, "The address to listen at; others than this machine's own reach it at 0.0.0.0")
        ->capture_default_str()
        ->type_name("HOST");
    app.add_option("--port", port, "0: any that is free; it is printed")
        ->check(CLI::Range(0, 65535))
        ->capture_default_str()
        ->type_name("PORT");
    app.add_flag("--text-only", text_only, "The language model of llm.path alone, as it was before any training here");
    app.add_option("--max-answers", max_answers, "Answers that are written at once; further requests are told to come back")
        ->check(positive_number())
        ->capture_default_str()
        ->type_name("N");
    app.add_option("--cache-tokens", cache_tokens,
                   "Tokens that the answers written at once may hold in memory: their number times the longest prompt and answer")
        ->check(positive_number())
        ->capture_default_str()
        ->type_name("N");
    add_origin_option(app, allowed_origins);
  }

  std::string checkpoint;
  std::string host = "127.0.0.1";
  int port = 8080;
  bool text_only = false;
  std::int64_t max_answers = 64;
  std::int64_t cache_tokens = 65'536;
  std::vector<std::string> allowed_origins;
};

void run(const config::Config& config, const ServeCommand& command);

}  // namespace midillama::cli
