#include "midillama/compose/compose_pieces.h"

#include "midillama/compose/composer.h"
#include "midillama/compose/novelty.h"
#include "midillama/compose/score.h"
#include "midillama/compose/statistics.h"
#include "midillama/config/flatten.h"
#include "midillama/core/directory.h"
#include "midillama/core/error.h"
#include "midillama/core/hash.h"
#include "midillama/core/json_text.h"
#include "midillama/core/parallel_for.h"
#include "midillama/core/temporary.h"
#include "midillama/works/files.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace midillama::compose {
namespace fs = std::filesystem;
namespace {

void require_own(const fs::path& directory) {
  const OrderedJson record = records::record_of(directory, kComposeStep);
  records::require_own_folder(directory / kMidiFolder, record, kComposeStep.name);
  if (fs::exists(directory / kComposeStep.file) && record.empty())
    throw InputError((directory / kComposeStep.file).string(), "",
                     "was not made by `midillama compose` (there is no compose.json beside it): give another data.dir");
}

records::MadeOf made_of(const config::Config& config, const Vocabulary& vocabulary) {
  records::MadeOf of;
  of.settings = {{"model", config.chat.model}, {"seed", config.run.seed}};
  const Json all = config::flatten(config);
  for (const auto& [key, value] : all.items())
    if (key.starts_with("compose.")) of.settings[key] = value;
  Vocabulary::visit(vocabulary, [&](const char* key, const auto& value) { of.settings[fmt::format("vocabulary.{}", key)] = value; });
  return of;
}

// Of a number or a list (an empty one means all): whether nothing of what was asked for is missing now.
bool has_grown(const OrderedJson& before, const OrderedJson& now) {
  if (before.is_number() && now.is_number()) return now >= before;
  if (now.empty()) return true;
  return !before.empty() && std::ranges::all_of(before, [&](const auto& one) { return std::ranges::find(now, one) != now.end(); });
}

// With more pieces, tries, genres and styles all pieces that are there stay; other settings would replace them.
void require_same_settings(const config::Config& config, const Vocabulary& vocabulary, const fs::path& directory) {
  if (!fs::exists(directory / kComposeStep.file)) return;
  OrderedJson before =
      records::record_of(directory, kComposeStep).value(OrderedJson::json_pointer("/made_of/settings"), OrderedJson::object());
  const OrderedJson now = made_of(config, vocabulary).settings;
  for (const char* key :
       {"compose.pieces", "compose.tries", "compose.genres", "compose.styles", "vocabulary.genres", "vocabulary.styles"}) {
    if (before.contains(key) && has_grown(before[key], now.at(key))) before.erase(key);
  }
  if (const std::string differences = records::difference_text(before, now); !differences.empty())
    throw InputError(directory.string(), kComposeStep.file,
                     fmt::format("was made with other settings{}: --overwrite replaces it, --set data.dir=… keeps both", differences));
}

// The pieces that are there.
struct Known {
  std::set<std::string> files = {};
  std::map<std::string, Json> music = {};  // by the piece's name
};

Known known_pieces(const fs::path& directory) {
  Known known;
  const fs::path file = directory / kComposeStep.file;
  if (!fs::exists(file)) return known;
  for_each_json_line(file.string(), [&](const Json& line, std::size_t number) {
    const std::string place = fmt::format("line {}", number);
    known.files.insert(json_get<std::string>(line, "file", file.string(), place));
    known.music[json_get<std::string>(line, "piece", file.string(), place)] = json_get<Json>(line, "json", file.string(), place);
  });
  return known;
}

OrderedJson attempts_json(const std::vector<Attempt>& attempts) {
  OrderedJson list = OrderedJson::array();
  for (const Attempt& attempt : attempts) {
    OrderedJson one = {{"seed", attempt.seed}};
    if (!attempt.problem.empty()) one["problem"] = attempt.problem;
    list.push_back(std::move(one));
  }
  return list;
}

OrderedJson labels_json(const Vocabulary& vocabulary, const Composed& piece) {
  return {{vocabulary.genre_label, piece.wish.genre}, {vocabulary.style_label, piece.wish.style}, {kMoodLabel, piece.mood}};
}

OrderedJson piece_line(const config::Config& config, const Vocabulary& vocabulary, const Composed& piece, const std::string& work) {
  return {{"piece", piece.wish.name()},
          {"file", piece.wish.file()},
          {"title", piece.words},
          {"composer", config.chat.model},
          {"work", work},
          {"source", "compose"},
          {"labels", labels_json(vocabulary, piece)},
          {"prompt", piece.prompt},
          {"mood", piece.mood},
          {"model", config.chat.model},
          {"parameters",
           {{"temperature", piece.temperature},
            {"top_p", config.compose.top_p},
            {"max_tokens", config.compose.max_tokens},
            {"seed", piece.attempts.back().seed}}},
          {"attempts", attempts_json(piece.attempts)},
          {"request", piece.request},
          {"forgiven", piece.forgiven},
          {"repaired", piece.repaired},
          {"json", to_json(piece.tracks)}};
}

std::string failed_lines(const Vocabulary& vocabulary, const std::vector<Composed>& pieces) {
  std::string lines;
  for (const Composed& piece : pieces) {
    if (piece.is_written()) continue;
    lines +=
        json_line({{"piece", piece.wish.name()}, {"labels", labels_json(vocabulary, piece)}, {"attempts", attempts_json(piece.attempts)}});
  }
  return lines;
}

[[noreturn]] void complain_of_all(const std::vector<Composed>& pieces, const fs::path& place) {
  throw Error(fmt::format("{}: not one of {} pieces was written, the last since {}", place.string(), pieces.size(),
                          pieces.back().attempts.back().problem));
}

// The piece that the log gives, where it gives one: a call that failed is not made again where a later one was answered.
std::optional<Composed> known_piece(const Composer& composer, const Wish& wish, const chat::RequestLog& log, const std::string& model) {
  auto piece = composer.compose(wish, [&](const chat::Call& call) {
    const std::string key = chat::key_of(chat::request_body(call, model));
    auto answer = log.find(key);
    return answer ? answer : log.find_failure(key);
  });
  return piece && piece->is_written() ? piece : std::nullopt;
}

// By wish, what the log gives.
using FromLog = std::vector<std::optional<Composed>>;

FromLog read_log(const Composer& composer, const chat::RequestLog& log, const std::string& model) {
  FromLog from_log(composer.wishes().size());
  parallel_for("reading answers", from_log.size(),
               [&](std::size_t i) { from_log[i] = known_piece(composer, composer.wishes()[i], log, model); });
  return from_log;
}

// What the log does not give again would be asked for anew, and another piece would take its place.
void require_same_pieces(const Known& known, const FromLog& from_log, const fs::path& log) {
  std::set<std::string> given;
  for (const auto& piece : from_log) {
    if (!piece) continue;
    const auto before = known.music.find(piece->wish.name());
    if (before != known.music.end() && before->second == Json(to_json(piece->tracks))) given.insert(before->first);
  }
  const auto other = std::ranges::find_if(known.music, [&](const auto& piece) { return !given.contains(piece.first); });
  if (other != known.music.end())
    throw InputError(
        log.string(), "",
        fmt::format("does not give {} of the {} pieces that are there ({} for one): answers are missing, or the pieces were asked for "
                    "in other words; put it back as it was, or --overwrite asks for these pieces anew, --set data.dir=… keeps them",
                    known.music.size() - given.size(), known.music.size(), other->first));
}

// Calls `use` with everything in midi/ that is none of `own`: files, links, empty folders.
void for_each_foreign(const fs::path& directory, const std::set<std::string>& own,
                      const std::function<void(const fs::directory_entry&)>& use) {
  if (!fs::is_directory(directory / kMidiFolder)) return;
  for (const auto& entry : fs::recursive_directory_iterator(directory / kMidiFolder)) {
    const bool has_more = entry.is_directory() && !entry.is_symlink() && !fs::is_empty(entry.path());
    if (!has_more && !own.contains(entry.path().lexically_relative(directory).generic_string())) use(entry);
  }
}

// Files of the program: those of the pieces that are there, and of a run that was killed before it could name its own.
std::set<std::string> own_files(const config::Config& config, const Known& known, const FromLog& from_log, const fs::path& directory) {
  const MidiWriter& writer = midi_writer(config.compose.writer);
  std::set<std::string> own = known.files;
  for (const auto& piece : from_log) {
    if (!piece || own.contains(piece->wish.file())) continue;
    const fs::path file = directory / piece->wish.file();
    if (fs::is_regular_file(file) && read_bytes(file) == writer.write(piece->tracks)) own.insert(piece->wish.file());
  }
  return own;
}

// Before anything is asked: that others' files can stay.
void require_place(const Composer& composer, const std::set<std::string>& own, const fs::path& directory) {
  std::set<std::string> wanted;
  for (const Wish& wish : composer.wishes()) wanted.insert(wish.file());
  for_each_foreign(directory, own, [&](const fs::directory_entry& entry) {
    const std::string file = entry.path().lexically_relative(directory).generic_string();
    const auto complain = [&](const char* what) { throw InputError(entry.path().string(), "", fmt::format("{}: move it away", what)); };
    if (wanted.contains(file)) complain("is not of `midillama compose`, and a piece would take its place");
    if (!entry.is_symlink() && !entry.is_regular_file() && !entry.is_directory()) complain("is no file that can stay among the pieces");
  });
}

void write_midi(const config::Config& config, const std::vector<Composed>& pieces, const std::set<std::string>& own,
                const fs::path& directory) {
  const MidiWriter& writer = midi_writer(config.compose.writer);
  write_directory(directory / kMidiFolder, [&](const fs::path& folder) {
    const auto place_of = [&](const fs::path& file) { return folder / file.lexically_relative(directory / kMidiFolder); };
    for_each_foreign(directory, own, [&](const fs::directory_entry& entry) {
      const fs::path kept = place_of(entry.path());
      fs::create_directories(entry.is_directory() && !entry.is_symlink() ? kept : kept.parent_path());
      if (entry.is_symlink() || entry.is_regular_file()) fs::copy(entry.path(), kept, fs::copy_options::copy_symlinks);
    });
    for (const Composed& piece : pieces) {
      if (!piece.is_written()) continue;
      const auto bytes = writer.write(piece.tracks);
      write_atomically(place_of(directory / piece.wish.file()), {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    }
  });
}

// What is there before a run, none of which it may take away.
struct Before {
  FromLog from_log;
  std::set<std::string> own;  // the program's files in midi/
  bool has_pieces = false;
};

Before look_at(const config::Config& config, const Composer& composer, const chat::RequestLog& log, const fs::path& directory,
               bool overwrite) {
  require_own(directory);
  if (!overwrite) require_same_settings(config, composer.vocabulary(), directory);
  const Known known = known_pieces(directory);
  Before before{.from_log = read_log(composer, log, config.chat.model), .own = {}, .has_pieces = !known.music.empty()};
  if (!overwrite) require_same_pieces(known, before.from_log, log.file());
  before.own = own_files(config, known, before.from_log, directory);
  require_place(composer, before.own, directory);
  return before;
}

}  // namespace

ComposeReport compose_pieces(const config::Config& config, const fs::path& directory, const std::function<bool()>& is_stopped,
                             bool overwrite) {
  const Composer composer(config.compose, config.chat.model, config.run.seed);
  chat::RequestLog log(directory / works::kRequestsFile);
  Before before = look_at(config, composer, log, directory, overwrite);
  chat::Client client(config.chat, log, is_stopped);
  std::vector<Composed> pieces(composer.wishes().size());
  std::atomic<std::int64_t> from_log = 0;
  const auto compose = [&](std::size_t i) {
    auto& known = before.from_log[i];
    if (known) from_log += known->calls;
    pieces[i] = known ? *std::move(known)
                      : *composer.compose(composer.wishes()[i], [&](const chat::Call& call) { return std::optional(client.ask(call)); });
  };
  parallel_for("composing", pieces.size(), compose, static_cast<unsigned>(config.chat.max_parallel));

  std::vector<std::size_t> written;
  std::vector<Tracks> tracks;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (!pieces[i].is_written()) continue;
    written.push_back(i);
    tracks.push_back(pieces[i].tracks);
  }
  const Novelty novelty = find_near_duplicates(tracks, kNearDuplicate);
  ComposeReport report{.statistics = statistics_of(pieces, novelty), .calls = client.totals()};
  report.calls.from_log += from_log;
  report.cost = chat::cost_of(config.chat, report.calls.usage);
  const auto write_reports = [&] {
    for (const char* file : {kFailedFile, kStatisticsFile}) remove_leftovers_of(directory / file);
    write_atomically(directory / kFailedFile, failed_lines(composer.vocabulary(), pieces));
    write_atomically(directory / kStatisticsFile, json_text(report.statistics, 2) + "\n");
  };
  if (written.empty()) {
    if (before.has_pieces) complain_of_all(pieces, log.file());  // what is there stays, with its reports
    write_reports();
    complain_of_all(pieces, directory / kFailedFile);
  }
  records::StepFile file(directory, kComposeStep);
  for (std::size_t i = 0; i < written.size(); ++i) {
    const std::string work = pieces[written[novelty.family[i]]].wish.name();
    file.write(json_line(piece_line(config, composer.vocabulary(), pieces[written[i]], work)));
  }
  file.commit(made_of(config, composer.vocabulary()), {{"counts", report.statistics.at("files")}}, written.size() == pieces.size(), [&] {
    write_midi(config, pieces, before.own, directory);
    write_reports();
  });
  return report;
}

chat::Requests waiting_requests(const config::Config& config, const fs::path& directory, bool overwrite) {
  const Composer composer(config.compose, config.chat.model, config.run.seed);
  const chat::RequestLog log(directory / works::kRequestsFile);
  const Before before = look_at(config, composer, log, directory, overwrite);
  chat::Requests waiting;
  for (std::size_t i = 0; i < before.from_log.size(); ++i) {
    if (before.from_log[i]) continue;
    composer.compose(composer.wishes()[i], [&](const chat::Call& call) {
      return chat::find_or_wait(log, call, config.chat.model, waiting, config.chat.tries_for_an_answer);
    });
  }
  return waiting;
}

}  // namespace midillama::compose
