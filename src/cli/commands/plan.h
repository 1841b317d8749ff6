#pragma once

#include "cli/command.h"
#include "cli/commands/numbers.h"

namespace midillama::cli {

struct PlanCommand : Command {
  static constexpr const char* kName = "plan";
  static constexpr const char* kDescription =
      "The memory that align and sft need, from config.json alone, and the largest micro-batch that fits";
  static constexpr const char* kExample = "midillama plan --stage sft --set lora.rank=16 --gpu-memory 48 --ranks 2";

  void declare(CLI::App& app) {
    const auto add_positive = [&](const char* name, auto& value, const char* description, const char* type) {
      app.add_option(name, value, description)->check(positive_number())->type_name(type);
    };
    app.add_option("--stage", stage, "align or sft; both by default")->check(CLI::IsMember({"align", "sft"}));
    add_positive("--gpu-memory", gpu_memory, "Plan for GPUs of this memory (default: this machine's GPU, else its RAM)", "GIB");
    add_positive("--ranks", ranks, "Plan for so many ranks (default: WORLD_SIZE, else 1)", "N");
    add_positive("--tokens", tokens, "Tokens of one example, musical ones included (default: prompt.max_length)", "N");
    add_positive("--answer-tokens", answer_tokens, "How many of these are answer (default: generate.max_new_tokens)", "N");
    app.add_flag("--json", json, "Print one JSON list, an object a stage, all sizes in bytes");
  }

  std::string stage;
  double gpu_memory = 0;  // GiB; 0: this machine's
  std::int64_t ranks = 0;
  std::int64_t tokens = 0;
  std::int64_t answer_tokens = 0;
  bool json = false;
};

void run(const config::Config& config, const PlanCommand& command);

}  // namespace midillama::cli
