#include "corpus/tag_facts.h"
#include "midillama/core/error.h"
#include "midillama/core/file.h"
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
Facts labels_of(const midi::Score& score) {
  Facts labels;
  if (const auto estimate = music::estimate_key(score)) labels["key"] = music::name(estimate->key);
  if (const auto meter = music::stated_meter(score)) labels["meter"] = fmt::format("{}/{}", meter->numerator, meter->denominator);
  if (const auto tempo = music::stated_tempo(score)) {
    const auto meter = music::stated_meter(score).value_or(midi::TimeSignature{});
    labels["beats_per_minute"] = fmt::format("{}", music::beats_per_minute(*tempo, meter));
  }
  return labels;
}

std::vector<std::filesystem::path> midi_files(const config::Corpus& config) {
  auto files = files_below(config.path, {".mid", ".midi"});
  if (files.empty()) throw InputError(config.path, "corpus.path", "there are no .mid files below this folder");
  return files;
}

Piece read_piece(const std::filesystem::path& file, const std::string& name, const TagFacts& facts) {
  Piece piece;
  piece.collection = file.parent_path().filename().string();
  piece.place = name;
  piece.score = midi::parse_midi(read_bytes(file), name);
  piece.bar_lines = midi::bar_starts(piece.score);
  piece.labels = facts.of_labels(labels_of(piece.score));
  return piece;
}

}  // namespace

Provenance midi_provenance(const config::Corpus& config) {
  const auto files = midi_files(config);
  Provenance provenance;
  provenance.files.resize(files.size());
  parallel_for(files.size(), [&](std::size_t i) {
    provenance.files[i] = {std::filesystem::relative(files[i], config.path).generic_string(), fingerprint_file(files[i])};
  });
  return provenance;
}

Reading read_midi_source(const config::Corpus& config, const records::Tags& tags) {
  const TagFacts facts(tags, config);
  Reading reading;
  reading.provenance = midi_provenance(config);
  const auto& names = reading.provenance.files;
  std::vector<ReadPiece> results(names.size());
  parallel_for(names.size(), [&](std::size_t i) {
    try {
      results[i] = read_piece(std::filesystem::path(config.path) / names[i].path, names[i].path, facts);
    } catch (const Error& error) {
      results[i] = skipped(names[i].path, error);
    }
  });
  const auto id = [&](std::size_t i) { return file_safe(std::filesystem::path(names[i].path).replace_extension().string()); };
  collect(std::move(results), id, reading);
  return reading;
}

Provenance source_provenance(const config::Corpus& config) {
  return config.source == "midi" ? midi_provenance(config) : abc_provenance(config);
}

Reading read_source(const config::Corpus& config, const records::Tags& tags) {
  if (config.source == "abc") return read_abc_source(config, tags);
  if (config.source == "midi") return read_midi_source(config, tags);
  throw ConfigError({"corpus.source: \"" + config.source + "\" - must be abc or midi"});
}

Reading read_source(const config::Corpus& config) {
  return read_source(config, records::read_tags(config.tag_file));
}

}  // namespace midillama::corpus
