#include "command.h"
#include "commands.h"
#include "torch_commands.h"

#include <memory>

namespace midillama::cli {
namespace {

struct Options {
  Common common;
  DoctorCommand command;
};

}  // namespace

void add_doctor(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = add_command(app, "doctor", "Check devices, model directories, tokenizer, dataset, memory and tools before a long run",
                                  "midillama doctor --set run.device=cpu", options->common);
  command->add_flag("--json", options->command.json, "Print one JSON list, an object a check");
  command->callback([options] { torch_commands().doctor(options->common.load(), options->command); });
}

}  // namespace midillama::cli
