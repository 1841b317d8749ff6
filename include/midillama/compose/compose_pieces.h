// `midillama compose`: a folder of pieces that a language model wrote, with every call of the model in requests.jsonl.
#pragma once

#include "midillama/chat/batch.h"
#include "midillama/chat/client.h"
#include "midillama/config/schema.h"
#include "midillama/core/file.h"
#include "midillama/records/step.h"

#include <filesystem>
#include <functional>

namespace midillama::compose {

inline constexpr records::Step kComposeStep = {"compose", "pieces.jsonl"};
inline constexpr const char* kMidiFolder = "midi";
inline constexpr const char* kFailedFile = "failed.jsonl";
inline constexpr const char* kStatisticsFile = "statistics.json";

struct ComposeReport {
  OrderedJson statistics;  // compose/statistics.h
  chat::Totals calls = {};
  double cost = 0;  // dollars of this run; 0 without prices
};

// Asks for every piece and fills `directory` when all are done: midi/, pieces.jsonl (a piece set: pieces/piece_sets.h; near-duplicates are
// one work), failed.jsonl (pieces that no try gave, each with its reasons) and statistics.json. What was answered before is not asked
// again, so that a run that was ended at any moment goes on with the next one, and the files are the same; so does one with more pieces,
// tries, genres or styles. Pieces of other settings are replaced where `overwrite` says so. Calls that failed for a piece that was not
// written are made again by the next run. net::Stopped where `is_stopped` says so. InputError where pieces.jsonl or midi/ is another
// program's, of other settings, or what the log does not give again, and where a file of others is in a piece's place; Error where no
// piece at all was written: failed.jsonl is there then, unless it has older pieces beside it.
ComposeReport compose_pieces(const config::Config& config, const std::filesystem::path& directory, const std::function<bool()>& is_stopped,
                             bool overwrite = false);

// The calls that wait for an answer. Those for pieces whose answers do not hold are known when these have been given. InputError where
// compose_pieces() would refuse to run.
chat::Requests waiting_requests(const config::Config& config, const std::filesystem::path& directory, bool overwrite = false);

}  // namespace midillama::compose
