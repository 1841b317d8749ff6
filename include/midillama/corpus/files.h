// The files of a source: found below its folder, named and told apart.
#pragma once

#include <exception>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace midillama::corpus {

struct Skipped {
  std::string place;
  std::string reason;
};

struct FoundFiles {
  std::vector<std::filesystem::path> files;  // sorted
  std::vector<Skipped> skipped;              // places below the root
};

// Every regular file below `root`, at any depth and through links to folders, whose name ends in one of `endings` (any case). Skipped, with
// the reason: what cannot be read, hidden files and folders, and datasets that this program built. InputError where there is no such
// folder, or where it is itself such a dataset or among its clips.
FoundFiles files_below(const std::filesystem::path& root, const std::vector<std::string>& endings);

// The endings of MIDI files.
const std::vector<std::string>& midi_endings();

// The name with everything but letters, digits, '.', '_' and '-' replaced by '_'; a long one ends in its fingerprint instead.
std::string file_safe(std::string name);

// A file's fingerprint; empty where it cannot be read.
std::string fingerprint_or_none(const std::filesystem::path& file);

// Of files of a folder together, by their names and contents, in this order.
std::string fingerprint_of_files(const std::filesystem::path& folder, std::span<const std::string> names);

// The place with what is wrong there; the place is not said twice where the error names it too.
Skipped skipped(const std::string& place, const std::exception& error);

}  // namespace midillama::corpus
