#include "cli/commands/doctor.h"

#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/core/json_text.h"
#include "midillama/doctor/doctor.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

namespace midillama::cli {

void run(const config::Config& config, const DoctorCommand& command) {
  const std::vector<doctor::Check> checks = doctor::examine(config);
  std::cout << (command.json ? json_text(doctor::to_json(checks), 2) + "\n" : doctor::to_text(checks));
  const auto failed = std::ranges::count(checks, doctor::Status::fail, &doctor::Check::status);
  if (failed > 0) throw Error(fmt::format("{} of {} checks failed", failed, checks.size()));
}

}  // namespace midillama::cli
