#include "cli/commands/compose.h"

#include "cli/model_calls.h"
#include "midillama/compose/answer.h"
#include "midillama/compose/compose_pieces.h"
#include "midillama/compose/score.h"
#include "midillama/compose/statistics.h"
#include "midillama/core/about_file.h"
#include "midillama/core/file.h"
#include "midillama/core/interrupt.h"
#include "midillama/core/json_reader.h"
#include "midillama/core/json_text.h"
#include "midillama/core/lock.h"
#include "midillama/core/log.h"
#include "midillama/midi/file.h"
#include "midillama/net/http_client.h"

#include <fmt/format.h>

#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

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

// Does it for each part; one that is wrong is reported, and the others are done.
template <typename Part>
void for_each_part(const std::vector<Part>& parts, const std::function<void(const Part& part)>& convert) {
  std::size_t failed = 0;
  for (const Part& part : parts) {
    try {
      convert(part);
    } catch (const InputError& error) {
      log::error("{}", error.what());
      ++failed;
    }
  }
  if (failed > 0) throw Error(fmt::format("{} of {} files could not be converted", failed, parts.size()));
}

void report_forgiven(const std::string& file, const compose::Counts& forgiven) {
  for (const auto& [what, count] : forgiven) log::warning("{}: {} ({} times)", file, what, count);
}

// What becomes one MIDI file.
struct Song {
  std::string place;  // "songs.jsonl", "songs.jsonl: line 3"
  std::string file;   // in which it is
  std::string text;
  fs::path target;
};

// The name of the MIDI file that a line is of, where it has one.
std::string name_in(std::string_view line) {
  const Json json = parse_or_discard(line);
  if (!json.is_object() || !json.contains(compose::kFileKey) || !json[compose::kFileKey].is_string()) return "";
  return fs::path(json[compose::kFileKey].get<std::string>()).stem().string();
}

void add_songs(const std::string& file, const fs::path& folder, std::vector<Song>& songs) {
  const std::string text = read_text(file), stem = fs::path(file).stem().string();
  const auto target = [&](const std::string& name) { return folder / (name + ".mid"); };
  const auto lines = compose::object_lines(text);
  if (lines.empty()) return songs.push_back({file, file, text, target(stem)});
  for (const auto& [number, line] : lines) {
    const std::string name = name_in(line);
    songs.push_back({fmt::format("{}: line {}", file, number), file, std::string(line),
                     target(name.empty() ? fmt::format("{}-{:03}", stem, number) : name)});
  }
}

std::vector<Song> songs_of(const ComposeToMidiCommand& command) {
  std::vector<Song> songs;
  for (const std::string& file : command.files)
    add_songs(file, command.out.empty() ? fs::path(file).parent_path() : fs::path(command.out), songs);
  return songs;
}

// Before anything is written.
void require_distinct(const std::vector<Song>& songs) {
  std::map<fs::path, const Song*> known;
  for (const Song& song : songs) {
    const auto [first, is_new] = known.emplace(fs::weakly_canonical(song.target), &song);
    if (!is_new)
      throw InputError(
          song.place, "",
          fmt::format("would become {}, as {} does: give one of them another name or --out", song.target.string(), first->second->place));
  }
}

void write_song(const Song& song, const ComposeToMidiCommand& command) {
  compose::Counts forgiven;
  const auto bytes = compose::midi_writer(command.writer).write(compose::read_tracks(song.text, song.place, forgiven));
  report_forgiven(song.place, forgiven);
  if (is_same_file(song.target, song.file))
    throw InputError(song.file, "", "would be overwritten: JSON is expected, in a file that does not end in .mid");
  if (fs::exists(song.target) && !command.overwrite)
    throw InputError(song.target.string(), "", "is there already: --overwrite replaces it, --out names another folder");
  write_atomically(song.target, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  std::cout << song.target.string() << '\n';
}

}  // namespace

void run(const config::Config& given, const ComposeCommand& command) {
  config::Config config = given;
  config.chat.replay = config.chat.replay || command.calls.replay;
  if (command.calls.asks_the_server()) return compose(config, command.overwrite);
  handle_waiting_calls(config, command.calls, [&] { return compose::waiting_requests(config, config.data.dir, command.overwrite); });
  std::cout << "Pieces whose answers do not hold what they must are asked for again, which comes on top.\n";
}

void run(const config::Config&, const ComposeToJsonCommand& command) {
  for_each_part<std::string>(command.files, [&](const std::string& file) {
    OrderedJson line = command.files.size() > 1 ? OrderedJson{{compose::kFileKey, file}} : OrderedJson::object();
    line.update(about_file(file, [&] { return compose::to_json(compose::from_score(midi::read_midi(file), command.parts)); }));
    std::cout << json_line(line);
  });
}

void run(const config::Config&, const ComposeToMidiCommand& command) {
  const std::vector<Song> songs = songs_of(command);
  require_distinct(songs);
  for_each_part<Song>(songs, [&](const Song& song) { write_song(song, command); });
}

}  // namespace midillama::cli
