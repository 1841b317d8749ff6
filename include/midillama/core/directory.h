// Directories that are there whole or not at all.
#pragma once

#include <filesystem>
#include <functional>

namespace midillama {

// An empty working directory beside `target` (beside what it points to where it is a symbolic link), which takes its place by
// put_in_place() and is removed where that never happens. What killed processes left of earlier ones is removed too.
class StagedDirectory {
 public:
  explicit StagedDirectory(const std::filesystem::path& target);
  ~StagedDirectory();
  StagedDirectory(const StagedDirectory&) = delete;
  StagedDirectory& operator=(const StagedDirectory&) = delete;

  const std::filesystem::path& path() const { return working_; }
  // Flushes everything to disk, then renames; where `target` exists, the two are exchanged in one step and the old one is deleted.
  void put_in_place();

 private:
  std::filesystem::path target_;
  std::filesystem::path working_;
  int lock_ = -1;
};

// Lets `fill` write into a StagedDirectory and puts it in place. Where `fill` throws, nothing stays and nothing is changed.
void write_directory(const std::filesystem::path& target, const std::function<void(const std::filesystem::path&)>& fill);

// InputError where `target` holds anything: for commands that must not replace what a wrong path names.
void require_new_directory(const std::filesystem::path& target);

// Deletes a directory such that a killed program leaves it whole or out of sight.
void remove_directory(const std::filesystem::path& directory);

// Deletes what killed programs left half-written in `parent`.
void remove_leftovers(const std::filesystem::path& parent);

}  // namespace midillama
