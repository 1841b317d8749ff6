// A dataset folder: clips/*.mid, train.jsonl, valid.jsonl, test.jsonl and dataset.json. Building it, describing it, checking it.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/core/file.h"
#include "midillama/corpus/question_writer.h"
#include "midillama/corpus/source.h"
#include "midillama/records/question.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace midillama::corpus {

// A value that too few pieces have to be a fact (corpus.min_label_pieces).
struct RareValue {
  std::string tag;
  std::string value;
  std::size_t pieces = 0;
};

struct BuildReport {
  std::size_t read = 0;                // pieces that the source gave
  std::vector<Skipped> skipped;        // tunes and files that could not be used
  std::vector<Skipped> duplicates;     // left out for another piece, which the reason names
  std::vector<Skipped> without_clips;  // and why
  std::vector<RareValue> rare;         // facts left out
  std::size_t pieces = 0;              // kept
  std::size_t clips = 0;
  std::size_t questions = 0;  // lines of all splits, captions included
};

// Builds the dataset of `config` at `directory`. Everything is written beside it and renamed into place at the end, so that a killed build
// leaves what was there before. The same configuration, sources and abc2midi give the same bytes. Skipped pieces are logged and listed in
// dataset.json. Of a collection with a catalog the steps before are in `directory` and stay there (corpus/steps.h); clips that are current
// are not cut again. InputError where the source is missing or yields no clip, a step is missing, or where `directory` holds something that
// is no dataset.
BuildReport build_dataset(const config::Corpus& config, const std::filesystem::path& directory);
BuildReport build_dataset(const config::Corpus& config, const records::Tags& tags, QuestionWriter& writer,
                          const std::filesystem::path& directory);

// What is wrong with corpus.tag_file and what refers to it (corpus.tags, the bounds of tags); empty where nothing is.
std::vector<std::string> tag_mistakes(const config::Config& config);

// InputError where `directory` holds anything but a dataset, so that a wrong path costs nobody their files. With `has_steps` the files of
// the steps may be there, with a dataset or without.
void require_dataset_folder(const std::filesystem::path& directory, bool has_steps = false);

// True where the dataset in `directory` was made with these settings from these sources by this converter, so that building it again would
// give the same. Where the source is not there any more, the settings alone decide, and the files of the steps where it has such.
// `writing` is what decides about the texts beside that (writing_settings() in corpus/model_writer.h). InputError where there is no
// dataset.
bool is_current(const config::Corpus& config, const std::filesystem::path& directory, const OrderedJson& writing = nullptr);

// The dataset's dataset.json: counts, vocabulary of each tag, source fingerprints, settings.
OrderedJson dataset_statistics(const std::filesystem::path& directory);

// The same as a table for a terminal.
std::string statistics_text(const OrderedJson& statistics);

// What is not wrong, but makes questions worthless: a tag with one value in all clips, or none in any, though it is asked about; a question
// of yes or no that has one answer for all of them.
std::vector<std::string> dataset_warnings(const std::filesystem::path& directory);

// The splits (train, valid, test) whose file is missing or not the one that dataset.json was written for.
std::vector<std::string> changed_splits(const std::filesystem::path& directory);

// What an example of training may have: longer ones are cut.
struct ExampleLimit {
  std::int64_t most = 0;
  std::function<std::int64_t(const records::Question& question)> length_of = nullptr;  // none: nothing is too long
};

// Everything that is wrong with a dataset, as "file: place: what"; empty where nothing is: keys and types of every line, facts within the
// vocabulary, answers that state their fact, clip files that parse and are as long as stated, ids that occur once, no piece, no work and no
// notes on two sides, counts and fingerprints as in dataset.json; examples that are too long; in the files of the steps what refers to
// nothing, contradicts another line, or was changed since.
std::vector<std::string> check_dataset(const std::filesystem::path& directory, const ExampleLimit& limit = {});

}  // namespace midillama::corpus
