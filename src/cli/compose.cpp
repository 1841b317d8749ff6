#include "cli/commands/compose.h"

#include "cli/model_calls.h"
#include "midillama/compose/answer.h"
#include "midillama/compose/compose_pieces.h"
#include "midillama/compose/score.h"
#include "midillama/compose/statistics.h"
#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/core/interrupt.h"
#include "midillama/core/json_text.h"
#include "midillama/core/lock.h"
#include "midillama/core/log.h"
#include "midillama/midi/file.h"
#include "midillama/net/http_client.h"

#include <fmt/format.h>

#include <filesystem>
#include <functional>
#include <iostream>

namespace midillama::cli {
namespace fs = std::filesystem;
namespace {

void compose(const config::Config& config, bool overwrite) {
  const fs::path directory = config.data.dir;
  const WriterLock lock(directory);
  const InterruptDelay delay(chat::kStoppedCalls);
  try {
    const auto report = compose::compose_pieces(
        config, directory, [] { return noted_interrupt() != 0; }, overwrite);
    std::cout << compose::statistics_text(report.statistics) << '\n' << chat::totals_text(report.calls, report.cost) << '\n';
    const auto failed = report.statistics.at("files").at("failed").get<std::int64_t>();
    if (failed > 0) log::warning("{} pieces were not written: {} says why", failed, (directory / compose::kFailedFile).string());
  } catch (const net::Stopped&) {
    throw Interrupted(noted_interrupt(), "stopped: the same command goes on from here");
  }
}

// Does it for each file; one that is wrong is reported, and the others are done.
void for_each_file(const std::vector<std::string>& files, const std::function<void(const std::string& file)>& convert) {
  std::size_t failed = 0;
  for (const std::string& file : files) {
    try {
      convert(file);
    } catch (const InputError& error) {
      log::error("{}", error.what());
      ++failed;
    }
  }
  if (failed > 0) throw Error(fmt::format("{} of {} files could not be converted", failed, files.size()));
}

void report_forgiven(const std::string& file, const compose::Counts& forgiven) {
  for (const auto& [what, count] : forgiven) log::warning("{}: {} ({} times)", file, what, count);
}

}  // namespace

void run(const config::Config& given, const ComposeCommand& command) {
  config::Config config = given;
  config.chat.replay = config.chat.replay || command.calls.replay;
  if (command.calls.asks_the_server()) return compose(config, command.overwrite);
  handle_waiting_calls(config, command.calls, [&] { return compose::waiting_requests(config, config.data.dir); });
  std::cout << "Pieces whose answers do not hold what they must are asked for again, which comes on top.\n";
}

void run(const config::Config&, const ComposeToJsonCommand& command) {
  for_each_file(command.files, [&](const std::string& file) {
    std::cout << json_line(compose::to_json(compose::from_score(midi::read_midi(file), command.parts)));
  });
}

void run(const config::Config&, const ComposeToMidiCommand& command) {
  for_each_file(command.files, [&](const std::string& file) {
    compose::Counts forgiven;
    const auto bytes = compose::midi_writer(command.writer).write(compose::read_tracks(read_text(file), file, forgiven));
    report_forgiven(file, forgiven);
    const fs::path folder = command.out.empty() ? fs::path(file).parent_path() : fs::path(command.out);
    const fs::path target = folder / fs::path(file).filename().replace_extension(".mid");
    if (is_same_file(target, file))
      throw InputError(file, "", "would be overwritten: JSON is expected, in a file that does not end in .mid");
    write_atomically(target, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    std::cout << target.string() << '\n';
  });
}

}  // namespace midillama::cli
