#include "midillama/compose/statistics.h"

#include <fmt/format.h>

#include <algorithm>

namespace midillama::compose {
namespace {

OrderedJson share(std::size_t part, std::size_t all) {
  if (all == 0) return nullptr;
  return static_cast<double>(part) / static_cast<double>(all);
}

struct TrackCounts {
  std::size_t notes = 0, fewest = 0, most = 0;
};

TrackCounts counts_of(const std::vector<const Tracks*>& written, music::Role role) {
  TrackCounts counts;
  for (const Tracks* tracks : written) {
    const std::size_t notes = track_of(*tracks, role).size();
    counts.fewest = counts.notes == 0 ? notes : std::min(counts.fewest, notes);
    counts.most = std::max(counts.most, notes);
    counts.notes += notes;
  }
  return counts;
}

OrderedJson tracks_json(const std::vector<const Tracks*>& written) {
  OrderedJson tracks = OrderedJson::object();
  for (const music::Role role : music::kRoles) {
    const TrackCounts counts = counts_of(written, role);
    tracks[std::string(music::name_of(role))] = {
        {"notes", counts.notes}, {"a_file", share(counts.notes, written.size())}, {"fewest", counts.fewest}, {"most", counts.most}};
  }
  return tracks;
}

std::string share_text(const OrderedJson& value) {
  return value.is_null() ? "-" : fmt::format("{:.1f} %", 100 * value.get<double>());
}

std::string number_text(const OrderedJson& value) {
  return value.is_null() ? "-" : fmt::format("{:.1f}", value.get<double>());
}

std::string list_text(const OrderedJson& counts, const char* title) {
  if (counts.empty()) return "";
  std::string text = fmt::format("\n{}\n", title);
  for (const auto& [what, count] : counts.items()) text += fmt::format("{:>8}  {}\n", count.get<std::int64_t>(), what);
  return text;
}

}  // namespace

OrderedJson statistics_of(const std::vector<Composed>& pieces, const Novelty& novelty) {
  std::vector<const Tracks*> written;
  std::size_t notes = 0, answers = 0, at_once = 0;
  Counts forgiven, repaired, problems;
  for (const Composed& piece : pieces) {
    answers += piece.attempts.size();
    for (const Attempt& attempt : piece.attempts)
      if (!attempt.problem.empty()) ++problems[attempt.problem];
    if (!piece.is_written()) continue;
    written.push_back(&piece.tracks);
    notes += count_notes(piece.tracks);
    at_once += piece.attempts.size() == 1 ? 1 : 0;
    add(forgiven, piece.forgiven);
    add(repaired, piece.repaired);
  }
  const std::size_t files = written.size();
  return {{"files", {{"asked", pieces.size()}, {"written", files}, {"failed", pieces.size() - files}}},
          {"notes", {{"all", notes}, {"a_file", share(notes, files)}}},
          {"tracks", tracks_json(written)},
          {"answers",
           {{"all", answers},
            {"valid", files},
            {"valid_share", share(files, answers)},
            {"valid_at_once_share", share(at_once, pieces.size())}}},
          {"forgiven", forgiven},
          {"repaired", repaired},
          {"problems", problems},
          {"novelty",
           {{"similarity", kNearDuplicate},
            {"pairs", novelty.pairs},
            {"repeated", novelty.repeated},
            {"distinct_share", share(files - novelty.repeated, files)}}}};
}

std::string statistics_text(const OrderedJson& statistics) {
  const OrderedJson &files = statistics.at("files"), &notes = statistics.at("notes"), &answers = statistics.at("answers");
  std::string text =
      fmt::format("{} files of {}, {} notes ({} a file)\n\n", files.at("written").get<std::int64_t>(),
                  files.at("asked").get<std::int64_t>(), notes.at("all").get<std::int64_t>(), number_text(notes.at("a_file")));
  text += fmt::format("{:<12}{:>10}{:>10}{:>10}{:>10}\n", "track", "notes", "a file", "fewest", "most");
  for (const auto& [name, track] : statistics.at("tracks").items())
    text += fmt::format("{:<12}{:>10}{:>10}{:>10}{:>10}\n", name, track.at("notes").get<std::int64_t>(), number_text(track.at("a_file")),
                        track.at("fewest").get<std::int64_t>(), track.at("most").get<std::int64_t>());
  text += fmt::format("\n{} answers, {} of them valid; {} of the pieces at the first try\n", answers.at("all").get<std::int64_t>(),
                      share_text(answers.at("valid_share")), share_text(answers.at("valid_at_once_share")));
  const OrderedJson& novelty = statistics.at("novelty");
  text += fmt::format("{} pairs of near-duplicates (at least {:.0f} % of the notes shared); {} of the pieces are like none before them\n",
                      novelty.at("pairs").get<std::int64_t>(), 100 * novelty.at("similarity").get<double>(),
                      share_text(novelty.at("distinct_share")));
  text += list_text(statistics.at("forgiven"), "forgiven");
  text += list_text(statistics.at("repaired"), "repaired");
  text += list_text(statistics.at("problems"), "no pieces, since");
  return text;
}

}  // namespace midillama::compose
