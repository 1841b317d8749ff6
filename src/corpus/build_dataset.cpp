#include "corpus/dataset_folder.h"
#include "corpus/write_dataset.h"
#include "midillama/core/directory.h"
#include "midillama/core/lock.h"
#include "midillama/core/log.h"
#include "midillama/corpus/dataset.h"
#include "midillama/corpus/steps.h"

#include <algorithm>
#include <span>

namespace midillama::corpus {
namespace {

namespace fs = std::filesystem;

void log_report(const BuildReport& report) {
  const auto shown = std::min<std::size_t>(report.skipped.size(), 10);
  for (const auto& [place, reason] : std::span(report.skipped).first(shown)) log::warning("skipped: {}: {}", place, reason);
  if (shown < report.skipped.size()) log::warning("skipped: {} more, see dataset.json", report.skipped.size() - shown);
  log::info("{} pieces kept of {} ({} could not be read, {} duplicates, {} without a clip): {} clips, {} questions", report.pieces,
            report.read + report.skipped.size(), report.skipped.size(), report.duplicates.size(), report.without_clips.size(), report.clips,
            report.questions);
}

BuildReport build_in_one_go(const config::Corpus& config, const records::Tags& tags, QuestionWriter& writer, const fs::path& directory) {
  require_dataset_folder(directory);
  require_source_elsewhere(config.path, directory);
  const WriterLock lock(directory);
  StagedDirectory staged(directory);
  auto segments = cut_clips(config, tags, staged.path(), [&](const UsePiece& use) { return read_source(config, tags, use); });
  auto report = write_dataset(config, tags, writer, staged.path(), std::move(segments));
  staged.put_in_place();
  return report;
}

}  // namespace

BuildReport build_dataset(const config::Corpus& config, const records::Tags& tags, QuestionWriter& writer, const fs::path& directory) {
  auto report = has_steps(config) ? build_with_steps(config, tags, writer, directory) : build_in_one_go(config, tags, writer, directory);
  log_report(report);
  for (const auto& warning : dataset_warnings(directory)) log::warning("{}", warning);
  return report;
}

BuildReport build_dataset(const config::Corpus& config, const fs::path& directory) {
  const auto tags = records::read_tags(config.tag_file);
  TemplateWriter writer(config, tags);
  return build_dataset(config, tags, writer, directory);
}

}  // namespace midillama::corpus
