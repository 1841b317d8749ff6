// Directories that are there whole or not at all.
#pragma once

#include <filesystem>
#include <functional>

namespace midillama {

// Lets `fill` write into a new directory beside `target`, flushes every file and folder of it to disk, and renames it to `target` (whose
// old content goes). Where `fill` throws, nothing stays.
void write_directory(const std::filesystem::path& target, const std::function<void(const std::filesystem::path&)>& fill);

// InputError where `target` holds anything: for commands that must not replace what a wrong path names.
void require_new_directory(const std::filesystem::path& target);

// Deletes a directory such that a killed program leaves it whole or out of sight.
void remove_directory(const std::filesystem::path& directory);

// Deletes what killed programs left half-written in `parent`.
void remove_leftovers(const std::filesystem::path& parent);

}  // namespace midillama
