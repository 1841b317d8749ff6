// What a dataset's folder holds: what a build writes, and what the steps before it leave.
#pragma once

#include <filesystem>

namespace midillama::corpus {

// Puts the files of the steps in FROM into TO, which is on the same disk, as links where it can: a file is then in both until one is
// replaced.
void keep_step_files(const std::filesystem::path& from, const std::filesystem::path& to);

// The same with requests.jsonl alone, which may have grown since.
void keep_log(const std::filesystem::path& from, const std::filesystem::path& to);

// The same with the clips.
void keep_clips(const std::filesystem::path& from, const std::filesystem::path& to);

// InputError where `source` is below `directory`: replacing the dataset would delete the files that it was made of.
void require_source_elsewhere(const std::filesystem::path& source, const std::filesystem::path& directory);

}  // namespace midillama::corpus
