#include "cli/commands/study.h"

#include "midillama/core/error.h"
#include "midillama/core/interrupt.h"
#include "midillama/core/json_text.h"
#include "midillama/core/log.h"
#include "midillama/study/build.h"
#include "midillama/study/report.h"
#include "midillama/study/server.h"
#include "midillama/study/store.h"
#include "midillama/web/address.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <iostream>

namespace midillama::cli {
namespace fs = std::filesystem;
namespace {

study::System system_of(const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
    throw UsageError(fmt::format("--system: NAME=FILE is expected, not {}", text));
  return {text.substr(0, equals), text.substr(equals + 1)};
}

std::array<study::System, 2> systems_of(const StudyBuildCommand& command) {
  if (command.systems.size() != 2) throw UsageError(fmt::format("--system: two are compared, {} are given", command.systems.size()));
  return {system_of(command.systems[0]), system_of(command.systems[1])};
}

std::vector<study::Judgment> judgments_of(const study::Study& study, const StudyReportCommand& command) {
  if (!command.judgments.empty()) return study::read_judgments(command.judgments);
  const fs::path folder = command.study;
  if (!fs::exists(folder / study::kStoreFile))
    throw InputError((folder / study::kStoreFile).string(), "", "is not there: nobody has judged yet");
  return study::Store(folder, study).judgments();
}

}  // namespace

void run(const config::Config& config, const StudyBuildCommand& command) {
  const auto systems = systems_of(command);
  const study::Design design = study::read_design(command.design);
  const study::Study built = study::build_study(design, systems, config.data.dir, command.split, command.study);
  log::info("{}: {} clips, {} judges each, {} participants; midillama study serve --study {} shows it", command.study, built.clips.size(),
            design.judges, built.participants.size(), command.study);
  std::cout << command.study << "\n";
}

void run(const config::Config&, const StudyServeCommand& command) {
  if (command.host.empty()) throw UsageError("--host: an address is expected, as 127.0.0.1");
  study::StudyServer server(command.study, {.http = {.host = command.host,
                                                     .port = command.port,
                                                     .allowed_origins = command.allowed_origins,
                                                     .is_stopped = [] { return noted_interrupt() != 0; }},
                                            .requests_per_second = command.requests_per_second});
  const InterruptDelay delay("the server ends; another signal ends it at once");
  const int port = server.bind();
  log::info("{}: the links of {} participants are on the admin's page, http://{}/admin; its key is in {}", command.study,
            server.study().participants.size(), web::in_url(command.host, port), (fs::path(command.study) / study::kKeysFile).string());
  std::cout << port << std::endl;
  server.serve();
}

void run(const config::Config&, const StudyReportCommand& command) {
  const study::Study study = study::read_study(command.study);
  const study::StudyReport report = study::analyse(study, judgments_of(study, command), command.leaves_out_failed);
  const fs::path out = command.out.empty() ? fs::path(command.study) / "report" : fs::path(command.out);
  const std::string markdown = to_markdown(report), json = json_text(to_json(report), 2) + "\n";
  write_atomically(out / "report.md", markdown);
  write_atomically(out / "report.json", json);
  write_atomically(out / "figure2.svg", draw_majorities(report));
  log::info("{}: report.md, report.json, figure2.svg", out.string());
  std::cout << (command.json ? json : markdown);
}

}  // namespace midillama::cli
