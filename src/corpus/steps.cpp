#include "midillama/corpus/steps.h"

#include "corpus/catalog_labels.h"
#include "corpus/catalog_pieces.h"
#include "corpus/clip_lines.h"
#include "corpus/dataset_folder.h"
#include "corpus/settle_facts.h"
#include "corpus/write_dataset.h"
#include "midillama/core/directory.h"
#include "midillama/core/error.h"
#include "midillama/core/lock.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace midillama::corpus {
namespace {

namespace fs = std::filesystem;

// Those that decide which clips there are, and which pieces stay together.
OrderedJson segment_settings(const config::Corpus& config) {
  return {{"clip_seconds", config.clip_seconds},
          {"min_clip_seconds", config.min_clip_seconds},
          {"min_clip_notes", config.min_clip_notes},
          {"clips_per_piece", config.clips_per_piece},
          {"duplicate_similarity", config.duplicate_similarity},
          {"related_similarity", config.related_similarity},
          {"estimate_beats", config.estimate_beats}};
}

records::MadeOf made_of(const config::Corpus& config, const fs::path& directory) {
  return made_of_pieces(config, directory, records::kSegmentStep, segment_settings(config));
}

bool has_all_clips(const fs::path& directory) {
  const auto lines = directory / records::kSegmentStep.file;
  bool all = true;
  for_each_json_line(lines, [&](const Json& row, std::size_t line) {
    all = all && fs::exists(directory / json_get<std::string>(row, "file", lines.string(), fmt::format("line {}", line)));
  });
  return all;
}

void cut_into(const config::Corpus& config, const fs::path& folder) {
  require_collection(config);
  const auto of = made_of(config, folder);
  const auto pieces = catalog_pieces(folder);
  const auto segments = cut_clips(config, {}, folder, [&](const UsePiece& use) { return read_catalog_pieces(config, pieces, use); });
  write_clip_lines(segments, folder, of);
}

// What was made of other settings or files would not be what dataset.json says. Of what is not there the readers tell.
void require_current(records::StepState state, const fs::path& folder, const records::Step& step) {
  if (state == records::StepState::outdated)
    throw InputError(
        (folder / step.file).string(), "",
        fmt::format("was made with other settings or of other files, or changed since: `midillama data {0}` makes it again (without "
                    "{0}.json beside it, it is taken as your own)",
                    step.name));
}

// The clips with what is known of their pieces.
Segments labelled_segments(const config::Corpus& config, const records::Tags& tags, const fs::path& folder) {
  auto segments = read_clip_lines(folder);
  require_current(features_state(config, folder), folder, records::kFeaturesStep);
  require_current(records::state_by_record(folder, records::kAnnotateStep), folder, records::kAnnotateStep);
  add_catalog_labels(segments, TagFacts(tags, config), folder);
  segments.provenance = steps_provenance(folder);
  return segments;
}

// What a writer asks meanwhile is logged in `directory`, where a killed run leaves it.
BuildReport write_into(const config::Corpus& config, const records::Tags& tags, QuestionWriter& writer, const fs::path& directory,
                       StagedDirectory& staged, Segments segments) {
  auto report = write_dataset(config, tags, writer, staged.path(), std::move(segments));
  keep_log(directory, staged.path());
  staged.put_in_place();
  return report;
}

}  // namespace

bool has_steps(const config::Corpus& config) {
  return std::ranges::find(config::catalog_sources(), config.source) != config::catalog_sources().end();
}

void require_steps(const config::Corpus& config) {
  if (!has_steps(config))
    throw ConfigError(
        {fmt::format("corpus.source: \"{}\" — has no catalog: `midillama data build` makes its dataset in one go", config.source)});
}

records::StepState segment_state(const config::Corpus& config, const fs::path& directory) {
  require_steps(config);
  const auto state = records::state_of(directory, records::kSegmentStep, made_of(config, directory));
  return state == records::StepState::current && !has_all_clips(directory) ? records::StepState::outdated : state;
}

void segment_pieces(const config::Corpus& config, const fs::path& directory) {
  require_steps(config);
  require_dataset_folder(directory, true);
  require_source_elsewhere(config.path, directory);
  records::require_own(directory, records::kSegmentStep);
  const WriterLock lock(directory);
  StagedDirectory staged(directory);
  keep_step_files(directory, staged.path());
  cut_into(config, staged.path());
  staged.put_in_place();
}

BuildReport build_with_steps(const config::Corpus& config, const records::Tags& tags, QuestionWriter& writer, const fs::path& directory) {
  require_dataset_folder(directory, true);
  require_source_elsewhere(config.path, directory);
  records::require_own(directory, records::kSegmentStep);
  const WriterLock lock(directory);
  const bool has_clips = segment_state(config, directory) == records::StepState::current;
  StagedDirectory staged(directory);
  keep_step_files(directory, staged.path());
  if (has_clips) {
    keep_clips(directory, staged.path());
  } else {
    cut_into(config, staged.path());
  }
  return write_into(config, tags, writer, directory, staged, labelled_segments(config, tags, staged.path()));
}

BuildReport write_dataset(const config::Corpus& config, const fs::path& directory) {
  const auto tags = records::read_tags(config.tag_file);
  TemplateWriter writer(config, tags);
  return write_dataset(config, tags, writer, directory);
}

BuildReport write_dataset(const config::Corpus& config, const records::Tags& tags, QuestionWriter& writer, const fs::path& directory) {
  require_steps(config);
  require_dataset_folder(directory, true);
  const WriterLock lock(directory);
  require_current(segment_state(config, directory), directory, records::kSegmentStep);
  auto segments = labelled_segments(config, tags, directory);  // before there is a working folder, which errors would name
  StagedDirectory staged(directory);
  keep_step_files(directory, staged.path());
  if (fs::exists(directory / "clips")) keep_clips(directory, staged.path());
  return write_into(config, tags, writer, directory, staged, std::move(segments));
}

std::vector<ClipFacts> known_clips(const config::Corpus& config, const records::Tags& tags, const fs::path& directory) {
  require_steps(config);
  const auto segments = labelled_segments(config, tags, directory);
  TagFacts tag_facts(tags, config);
  std::vector<RareValue> rare;
  return clip_facts(segments.pieces, settle_facts(config, segments.pieces, tag_facts, rare));
}

Provenance steps_provenance(const fs::path& directory) {
  Provenance provenance;
  for (const char* file :
       {works::kPiecesFile, works::kTextsFile, works::kAnnotationsFile, records::kFeaturesStep.file, records::kSegmentStep.file}) {
    if (fs::exists(directory / file)) provenance.files.push_back({file, fingerprint_file(directory / file)});
  }
  return provenance;
}

std::string segment_text(const fs::path& directory) {
  const OrderedJson record = records::record_of(directory, records::kSegmentStep);
  const auto count = [&](const char* key) { return record.at(key).get<std::size_t>(); };
  std::string text;
  const auto row = [&](const char* name, std::size_t number) { text += fmt::format("{:<28}{:>10}\n", name, number); };
  row("pieces read", count("read"));
  row("  kept", count("pieces"));
  row("  not readable", record.at("unreadable").size());
  row("  duplicates", record.at("duplicates").size());
  row("  without a clip", record.at("without_clips").size());
  const OrderedJson& families = record.at("families");
  row("families", families.at("families"));
  row("  pieces of the largest", families.at("pieces_of_the_largest"));
  row("  of several works", families.at("related_works").size());
  row("clips", count("clips"));
  const double pieces = record.at("seconds_of_pieces"), clips = record.at("seconds_of_clips");
  text += fmt::format("{:.0f} of {:.0f} seconds of the kept pieces are in clips ({:.1f} %)\n", clips, pieces, 100 * clips / pieces);
  return text;
}

}  // namespace midillama::corpus
