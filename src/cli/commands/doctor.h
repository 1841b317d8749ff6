#pragma once

#include "cli/command.h"

namespace midillama::cli {

struct DoctorCommand : TorchCommand {
  static constexpr const char* kName = "doctor";
  static constexpr const char* kDescription = "Check devices, model directories, tokenizer, dataset, memory and tools before a long run";
  static constexpr const char* kExample = "midillama doctor --set run.device=cpu";

  void declare(CLI::App& app) { app.add_flag("--json", json, "Print one JSON list, an object a check"); }

  bool json = false;
};

void run(const config::Config& config, const DoctorCommand& command);

}  // namespace midillama::cli
