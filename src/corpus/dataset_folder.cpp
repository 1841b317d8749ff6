#include "corpus/dataset_folder.h"

#include "corpus/write_dataset.h"
#include "midillama/core/error.h"
#include "midillama/core/paths.h"
#include "midillama/corpus/dataset.h"
#include "midillama/records/split.h"
#include "midillama/records/step.h"
#include "midillama/works/files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace midillama::corpus {
namespace {

namespace fs = std::filesystem;

constexpr const char* kClips = "clips";

// What a build writes, and the next one replaces.
std::set<std::string> files_of_builds() {
  std::set<std::string> files = {kClips, records::kDatasetFile, records::kTagFile, kFactsFile,
                                 records::split_file("", records::kUnseenSplit).string()};
  for (const auto split : records::all_splits()) files.insert(records::split_file("", records::name(split)).string());
  return files;
}

std::set<std::string> files_of_steps() {
  std::set<std::string> files = {works::kRetrievalFile, works::kRequestsFile};
  for (const auto& step : records::kSteps) {
    files.insert(step.file);
    files.insert(records::record_file("", step).string());
  }
  return files;
}

// Of a file that a killed step left half-written, what it was to become.
std::string without_temporary_end(const std::string& name) {
  return name.substr(0, name.find(".tmp-"));
}

void link_or_copy(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::create_hard_link(from, to, error);
  if (error) fs::copy(from, to, fs::copy_options::copy_symlinks);
}

}  // namespace

void keep_step_files(const fs::path& from, const fs::path& to) {
  for (const auto& file : files_of_steps()) {
    if (fs::exists(from / file)) link_or_copy(from / file, to / file);
  }
}

void keep_log(const fs::path& from, const fs::path& to) {
  if (!fs::exists(from / works::kRequestsFile)) return;
  fs::remove(to / works::kRequestsFile);
  link_or_copy(from / works::kRequestsFile, to / works::kRequestsFile);
}

void keep_clips(const fs::path& from, const fs::path& to) {
  fs::create_directories(to / kClips);
  for (const auto& clip : fs::directory_iterator(from / kClips)) link_or_copy(clip.path(), to / kClips / clip.path().filename());
}

void require_dataset_folder(const fs::path& directory, bool has_steps) {
  if (!fs::exists(directory)) return;
  const bool is_dataset = fs::exists(directory / records::kDatasetFile);
  if (!has_steps && !is_dataset && !(fs::is_directory(directory) && fs::is_empty(directory)))
    throw InputError(directory.string(), "", "exists and is no dataset (no dataset.json in it): give another folder or remove it");
  // A new dataset takes the folder's place, and all that is in it goes, or is kept.
  auto own = files_of_builds();
  if (has_steps) own.merge(files_of_steps());
  std::vector<std::string> others;
  for (const auto& entry : fs::directory_iterator(directory)) {
    const auto name = entry.path().filename().string();
    if (!own.contains(has_steps ? without_temporary_end(name) : name)) others.push_back(name);
  }
  std::ranges::sort(others);
  if (!others.empty())
    throw InputError(directory.string(), "",
                     fmt::format("holds what no build has written and a new dataset would replace: {}; give another "
                                 "folder or move that away",
                                 fmt::join(others, ", ")));
}

void require_source_elsewhere(const fs::path& source, const fs::path& directory) {
  if (is_within(source, directory))
    throw InputError(source.string(), "corpus.path", fmt::format("is in data.dir, {}, which the build replaces", directory.string()));
}

}  // namespace midillama::corpus
