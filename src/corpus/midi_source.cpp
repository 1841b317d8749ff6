#include "class_bounds.h"
#include "midillama/core/error.h"
#include "midillama/core/hash.h"
#include "midillama/core/parallel_for.h"
#include "midillama/corpus/source.h"
#include "midillama/midi/file.h"
#include "midillama/music/features.h"
#include "midillama/music/key.h"
#include "source_files.h"

#include <fmt/format.h>

namespace midillama::corpus {
namespace {

// Nothing is known but what the file states and what can be measured on its notes.
Facts measured_labels(const midi::Score& score, const config::Corpus& config) {
  Facts facts;
  if (music::mean_pitch(score)) facts["key"] = music::name(music::estimate_key(score).key);
  if (const auto meter = music::stated_meter(score)) facts["meter"] = fmt::format("{}/{}", meter->numerator, meter->denominator);
  if (const auto tempo = music::stated_tempo(score)) facts["tempo"] = music::tempo_name(*tempo, tempo_bounds(config));
  return facts;
}

Piece read_piece(const std::filesystem::path& file, const config::Corpus& config) {
  Piece piece;
  piece.collection = file.parent_path().filename().string();
  piece.score = midi::read_midi(file);
  piece.bar_lines = midi::bar_starts(piece.score);
  piece.labels = measured_labels(piece.score, config);
  return piece;
}

}  // namespace

Reading read_midi_source(const config::Corpus& config) {
  const auto files = files_below(config.path, {".mid", ".midi"});
  if (files.empty()) throw InputError(config.path, "corpus.path", "there are no .mid files below this folder");
  std::vector<std::string> names(files.size());
  std::vector<std::string> fingerprints(files.size());
  std::vector<ReadPiece> results(files.size());
  parallel_for(files.size(), [&](std::size_t i) {
    names[i] = std::filesystem::relative(files[i], config.path).string();
    fingerprints[i] = fingerprint_file(files[i]);
    try {
      auto piece = read_piece(files[i], config);
      piece.place = names[i];
      results[i] = std::move(piece);
    } catch (const Error& error) {
      results[i] = Skipped{names[i], error.what()};
    }
  });
  Reading reading;
  for (std::size_t i = 0; i < files.size(); ++i) reading.files.push_back({names[i], fingerprints[i]});
  collect(
      std::move(results), [&](std::size_t i) { return file_safe(std::filesystem::path(names[i]).replace_extension().string()); }, reading);
  return reading;
}

Reading read_source(const config::Corpus& config) {
  if (config.source == "abc") return read_abc_source(config);
  if (config.source == "midi") return read_midi_source(config);
  throw ConfigError({"corpus.source: \"" + config.source + "\" - must be abc or midi"});
}

}  // namespace midillama::corpus
