#include "catalog/folder.h"

#include "midillama/catalog/catalog.h"

#include <algorithm>

namespace midillama::catalog {
namespace fs = std::filesystem;

Folder::Folder(const config::Corpus& config) : config_(config), root_(config.path) {
  corpus::FoundFiles found = corpus::files_below(root_, corpus::midi_endings());
  if (found.files.empty()) throw InputError(config.path, "corpus.path", "there are no .mid files below this folder");
  skipped_ = std::move(found.skipped);
  for (const fs::path& file : found.files) names_.push_back(file.lexically_relative(root_).generic_string());
  std::ranges::sort(names_);
  for (std::size_t i = 0; i < names_.size(); ++i) keys_.emplace_back(file_key(config, names_[i]), i);
  std::ranges::sort(keys_);
}

std::optional<std::size_t> Folder::find(const std::string& file) const {
  const std::string path = fs::path(file).lexically_normal().generic_string();
  const auto [begin, end] = std::ranges::equal_range(keys_, file_key(config_, path), {}, &std::pair<std::string, std::size_t>::first);
  if (begin == end) return std::nullopt;
  const auto exact = std::find_if(begin, end, [&](const auto& key) { return names_[key.second] == path; });
  return (exact == end ? begin : exact)->second;
}

std::vector<std::size_t> Folder::same_as(std::size_t file) const {
  const std::string key = file_key(config_, names_[file]);
  std::vector<std::size_t> same;
  for (const auto& found : std::ranges::equal_range(keys_, key, {}, &std::pair<std::string, std::size_t>::first))
    same.push_back(found.second);
  return same;
}

std::string Folder::fingerprint() const {
  return corpus::fingerprint_of_files(root_, names_);
}

bool leaves_folder(const std::string& file) {
  const fs::path path = fs::path(file).lexically_normal();
  return path.is_absolute() || (!path.empty() && *path.begin() == "..");
}

}  // namespace midillama::catalog
