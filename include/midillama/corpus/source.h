// Where pieces come from: ABC tune books through abc2midi, or a folder of MIDI files.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/corpus/files.h"
#include "midillama/corpus/piece.h"
#include "midillama/records/tags.h"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace midillama::corpus {

struct SourceFile {
  std::string path;  // below the source's folder
  std::string fingerprint;
  bool operator==(const SourceFile&) const = default;
};

// What a source is read from: changed files or another converter make another dataset.
struct Provenance {
  std::vector<SourceFile> files;
  std::string converter;  // abc2midi's version; empty where nothing is converted
  bool operator==(const Provenance&) const = default;
};

struct Reading {
  std::vector<Piece> pieces;  // in the order of files and of tunes in them
  std::vector<Skipped> skipped;
  Provenance provenance;
};

// Called with each piece as soon as it is read, by several threads at once: the place to take what is wanted of its notes and let them go.
using UsePiece = std::function<void(Piece& piece)>;

// Reads the pieces of `config.source`, with labels in the words of the tags. A tune or file that cannot be used is listed in `skipped`;
// InputError where `config.path` or a collection does not exist, or holds nothing to read;
// ConfigError for a source with a catalog, which has steps (corpus/steps.h).
//
// What a source calls its labels, for a tag's `from`: key, meter and beats_per_minute; those of ABC also dance and origin.
Reading read_source(const config::Corpus& config, const records::Tags& tags, const UsePiece& use = {});
Reading read_source(const config::Corpus& config);

Reading read_abc_source(const config::Corpus& config, const records::Tags& tags, const UsePiece& use);
Reading read_midi_source(const config::Corpus& config, const records::Tags& tags, const UsePiece& use);

// The provenance that read_source() would give, without reading the pieces.
Provenance source_provenance(const config::Corpus& config);
Provenance abc_provenance(const config::Corpus& config);
Provenance midi_provenance(const config::Corpus& config);

}  // namespace midillama::corpus
