// A folder that appears whole or not at all.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

namespace midillama::corpus {

// A working folder beside `target`, renamed to it by put_in_place(), removed where that never happens; what a killed process
// left of an earlier one is removed too. A dataset that `target` holds is
// replaced; InputError where it holds anything else, so that a wrong path costs nobody their files.
class StagedDirectory {
 public:
  explicit StagedDirectory(std::filesystem::path target);
  ~StagedDirectory();
  StagedDirectory(const StagedDirectory&) = delete;
  StagedDirectory& operator=(const StagedDirectory&) = delete;

  const std::filesystem::path& path() const { return working_; }
  // Flushes everything to disk, then renames, or exchanges the two folders in one step.
  void put_in_place();

 private:
  std::filesystem::path target_;
  std::filesystem::path working_;
};

// Writes a file without waiting for the disk: put_in_place() does that once for all.
void write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes);

}  // namespace midillama::corpus
