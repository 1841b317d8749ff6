#pragma once

#include "cli/command.h"
#include "cli/commands/numbers.h"

#include <cstdint>
#include <string>

namespace midillama::cli {

struct ReportCommand : Command {
  static constexpr const char* kName = "report";
  static constexpr const char* kDescription =
      "A run as one page for the browser: configuration, loss curves, tables, answers with their music";
  static constexpr const char* kExample = "midillama report runs/folk";

  void declare(CLI::App& app) {
    app.add_option("RUN", run, "The directory of a run")->required()->type_name("DIR");
    app.add_option("--out", out, "Where the page is written (default: report.html in the run's directory)")->type_name("FILE");
    app.add_option("--examples", examples, "Questions of each task that are shown with their answers at most")
        ->check(non_negative_number())
        ->capture_default_str()
        ->type_name("N");
  }

  std::string run;
  std::string out;
  std::int64_t examples = 200;
};

void run(const config::Config& config, const ReportCommand& command);

}  // namespace midillama::cli
