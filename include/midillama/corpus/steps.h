// The steps by which a collection with a catalog becomes a dataset, after pieces.jsonl is there (catalog/import.h) and with it, where
// somebody wants that, annotations.jsonl (works/annotate_works.h):
//
//   features  pieces.jsonl and the MIDI files  → features.jsonl: key, timing, meter, tempo, register, … of each whole piece
//   segment   pieces.jsonl and the MIDI files  → clips.jsonl and clips/*.mid; families of pieces that stay on one side
//   write     all of these, annotations.jsonl  → questions, facts.jsonl, dataset.json
//
// Each may be run alone; build_dataset() (dataset.h) runs the last two. A step whose file was made of the same need not run again.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/corpus/dataset.h"
#include "midillama/records/step.h"

#include <filesystem>
#include <vector>

namespace midillama::corpus {

// Whether `config.source` is a collection with a catalog. The others are read as they are, without steps.
bool has_steps(const config::Corpus& config);
// ConfigError where it is none.
void require_steps(const config::Corpus& config);

// InputError where pieces.jsonl is missing or wrong; a file that cannot be read is listed in features.json and has no line.
records::StepState features_state(const config::Corpus& config, const std::filesystem::path& directory);
void measure_features(const config::Corpus& config, const std::filesystem::path& directory);

// The folder with its other steps and the new clips takes the place of the old one in one go; a dataset that was written of the old clips
// goes. InputError where no piece gives a clip, or where the folder holds anything but steps and dataset.
records::StepState segment_state(const config::Corpus& config, const std::filesystem::path& directory);
void segment_pieces(const config::Corpus& config, const std::filesystem::path& directory);

// Both steps at once, of which the first only where its clips are not current.
BuildReport build_with_steps(const config::Corpus& config, const records::Tags& tags, QuestionWriter& writer,
                             const std::filesystem::path& directory);

// The files of the steps that a dataset is written of.
Provenance steps_provenance(const std::filesystem::path& directory);

// Writes the dataset of the clips that are there. InputError where a step before is missing or outdated.
BuildReport write_dataset(const config::Corpus& config, const std::filesystem::path& directory);
BuildReport write_dataset(const config::Corpus& config, const records::Tags& tags, QuestionWriter& writer,
                          const std::filesystem::path& directory);

// What it would tell the writer of the clips.
std::vector<ClipFacts> known_clips(const config::Corpus& config, const records::Tags& tags, const std::filesystem::path& directory);

// How many pieces features.jsonl has and of what their timing is known, as a table; what clips.jsonl has.
std::string features_text(const std::filesystem::path& directory);
std::string segment_text(const std::filesystem::path& directory);

}  // namespace midillama::corpus
