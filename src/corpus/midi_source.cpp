#include "corpus/source_files.h"
#include "corpus/tag_facts.h"
#include "midillama/core/error.h"
#include "midillama/core/parallel_for.h"
#include "midillama/corpus/source.h"
#include "midillama/midi/file.h"
#include "midillama/music/features.h"
#include "midillama/music/key.h"

#include <fmt/format.h>

namespace midillama::corpus {
namespace {

// Nothing is known but what the file states and what can be measured on its notes.
Facts labels_of(const midi::Score& score) {
  Facts labels;
  if (const auto estimate = music::estimate_key(score)) labels["key"] = music::name(estimate->key);
  if (const auto meter = music::stated_meter(score)) labels["meter"] = fmt::format("{}/{}", meter->numerator, meter->denominator);
  if (const auto beats = music::stated_tempo(score) ? music::beats_throughout(score) : std::nullopt)
    labels["beats_per_minute"] = fmt::format("{}", *beats);
  return labels;
}

Piece read_piece(const std::filesystem::path& file, const std::string& name, const TagFacts& facts) {
  Piece piece;
  piece.collection = file.parent_path().filename().string();
  const auto bytes = midi::read_midi_bytes(file, name);
  if (midi::has_separate_patterns(bytes)) throw InputError(name, "", "is of format 2: its tracks are patterns that do not sound together");
  piece.score = midi::parse_midi(bytes, name);
  piece.bar_lines = midi::bar_starts(piece.score);
  piece.labels = facts.of_labels(labels_of(piece.score));
  piece.states_meter = music::states_meter(piece.score);
  piece.states_tempo = music::states_tempo(piece.score);
  return piece;
}

Provenance provenance_of(const std::vector<std::filesystem::path>& files, const std::filesystem::path& root) {
  if (files.empty()) throw InputError(root.string(), "corpus.path", "there are no .mid files below this folder");
  Provenance provenance;
  provenance.files.resize(files.size());
  parallel_for("looking at files", files.size(), [&](std::size_t i) {
    provenance.files[i] = {files[i].lexically_relative(root).generic_string(), fingerprint_or_none(files[i])};
  });
  return provenance;
}

[[noreturn]] void refuse_source(const config::Corpus& config) {
  throw ConfigError(
      {fmt::format("corpus.source: \"{}\" — is read by way of pieces.jsonl, which `midillama data import` makes", config.source)});
}

}  // namespace

Provenance midi_provenance(const config::Corpus& config) {
  return provenance_of(files_below(config.path, midi_endings()).files, config.path);
}

Reading read_midi_source(const config::Corpus& config, const records::Tags& tags, const UsePiece& use) {
  const TagFacts facts(tags, config);
  Reading reading;
  auto found = files_below(config.path, midi_endings());
  reading.skipped = std::move(found.skipped);
  reading.provenance = provenance_of(found.files, config.path);
  const auto& names = reading.provenance.files;
  read_pieces(
      names.size(), [&](std::size_t i) { return names[i].path; },
      [&](std::size_t i) { return read_piece(found.files[i], names[i].path, facts); }, use,
      [&](std::size_t i) { return file_safe(std::filesystem::path(names[i].path).replace_extension().string()); }, reading);
  return reading;
}

Provenance source_provenance(const config::Corpus& config) {
  if (config.source == "abc") return abc_provenance(config);
  if (config.source == "midi") return midi_provenance(config);
  refuse_source(config);
}

Reading read_source(const config::Corpus& config, const records::Tags& tags, const UsePiece& use) {
  if (config.source == "abc") return read_abc_source(config, tags, use);
  if (config.source == "midi") return read_midi_source(config, tags, use);
  refuse_source(config);
}

Reading read_source(const config::Corpus& config) {
  return read_source(config, records::read_tags(config.tag_file));
}

}  // namespace midillama::corpus
