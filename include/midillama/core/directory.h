// Directories that are there whole or not at all.
#pragma once

#include "midillama/core/lock.h"
#include "midillama/core/temporary.h"

#include <filesystem>
#include <functional>
#include <optional>

namespace midillama {

// A folder that is filled beside `target` under a hidden name and then takes its place.
class StagedDirectory {
 public:
  // An empty working folder; the parents of `target` are created, and what killed programs left beside it goes. Where `target` is a
  // symbolic link, the folder that it leads to is meant.
  explicit StagedDirectory(const std::filesystem::path& target);
  // Removes the working folder unless it was put in place.
  ~StagedDirectory();
  StagedDirectory(const StagedDirectory&) = delete;
  StagedDirectory& operator=(const StagedDirectory&) = delete;

  // Where to write.
  const std::filesystem::path& path() const { return working_; }
  // Flushes, and takes the place of `target`, whose old content goes. A kill at any moment leaves the old content or the new one under the
  // name, where the file system can exchange two folders in one step (Linux's local ones and NFS from 4.2 on can).
  void put_in_place();
  // Flushes, and takes the name `target`. InputError where anything has it by now that is no empty folder: of two that make the same one at
  // once, the second is refused.
  void put_in_new_place();

 private:
  std::filesystem::path target_;
  std::filesystem::path working_;
  RemovedOnInterrupt removed_on_interrupt_;
  std::optional<FileLock> lock_;  // tells remove_leftovers() that somebody is at work here
};

// Lets `fill` write into a StagedDirectory of `target` and puts it in place. Where `fill` throws, nothing stays.
void write_directory(const std::filesystem::path& target, const std::function<void(const std::filesystem::path&)>& fill);

// For commands that must not replace what a wrong path names: as above with put_in_new_place().
void write_new_directory(const std::filesystem::path& target, const std::function<void(const std::filesystem::path&)>& fill);

// InputError where `target` holds anything, before long work whose result write_new_directory() would refuse.
void require_new_directory(const std::filesystem::path& target);

// Deletes a directory such that a killed program leaves it whole or out of sight.
void remove_directory(const std::filesystem::path& directory);

// Deletes what killed programs left half-written in `parent`; folders that a living one is filling stay.
void remove_leftovers(const std::filesystem::path& parent);

}  // namespace midillama
