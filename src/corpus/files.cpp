#include "midillama/corpus/files.h"

#include "midillama/core/ascii.h"
#include "midillama/core/error.h"
#include "midillama/core/hash.h"
#include "midillama/core/parallel_for.h"
#include "midillama/records/question.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <set>

namespace midillama::corpus {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kLongestName = 120;  // of a piece: file names hold 255 bytes

bool is_dataset(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(folder / records::kDatasetFile, ignored);
}

// Walks a folder without ever giving up: what cannot be looked at is listed with the reason.
class Walk {
 public:
  Walk(fs::path root, const std::vector<std::string>& endings) : root_(std::move(root)), endings_(endings) {}

  FoundFiles run() {
    enter(root_);
    std::sort(found_.files.begin(), found_.files.end());
    std::ranges::sort(found_.skipped, {}, &Skipped::place);
    return std::move(found_);
  }

 private:
  void skip(const fs::path& path, const std::string& reason) {
    found_.skipped.push_back({path.lexically_relative(root_).generic_string(), reason});
  }

  // Links to folders are followed, each folder once.
  void enter(const fs::path& folder) {
    std::error_code error;
    const auto real = fs::canonical(folder, error);
    if (error || !entered_.insert(real).second) return;
    if (is_dataset(folder)) return skip(folder, "is a dataset that was built, not a source");
    fs::directory_iterator entries(folder, error);
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) look_at(*entries);
    if (error) skip(folder, "cannot be read (" + error.message() + ")");
  }

  void look_at(const fs::directory_entry& entry) {
    std::error_code error;
    const auto status = fs::status(entry.path(), error);
    const auto name = entry.path().filename().string();
    const bool hidden = name.starts_with('.');
    if (fs::is_directory(status)) {
      if (!hidden) return enter(entry.path());
      if (!name.starts_with(".unfinished-") && !name.starts_with(".deleted-")) skip(entry.path(), "is a hidden folder");
      return;
    }
    const std::string extension = lower_ascii(entry.path().extension().string());
    if (std::ranges::find(endings_, extension) == endings_.end()) return;
    if (hidden) return skip(entry.path(), "is a hidden file");
    if (fs::is_regular_file(status)) {
      found_.files.push_back(entry.path());
    } else if (status.type() == fs::file_type::not_found) {
      skip(entry.path(), "is a link to nothing");
    } else {
      skip(entry.path(), error ? "cannot be read (" + error.message() + ")" : "is no regular file");
    }
  }

  fs::path root_;
  const std::vector<std::string>& endings_;
  std::set<fs::path> entered_;
  FoundFiles found_;
};

// Of a folder that is a dataset or lies below the clips of one, that dataset.
std::optional<fs::path> dataset_around(const fs::path& folder) {
  if (is_dataset(folder)) return folder;
  for (fs::path inner = fs::canonical(folder); inner.has_relative_path(); inner = inner.parent_path()) {
    if (inner.filename() == "clips" && is_dataset(inner.parent_path())) return inner.parent_path();
  }
  return std::nullopt;
}

}  // namespace

const std::vector<std::string>& midi_endings() {
  static const std::vector<std::string> endings = {".mid", ".midi"};
  return endings;
}

FoundFiles files_below(const fs::path& root, const std::vector<std::string>& endings) {
  if (!fs::is_directory(root)) throw InputError(root.string(), "", "there is no such folder");
  if (const auto dataset = dataset_around(root))
    throw InputError(root.string(), "corpus.path", fmt::format("{} is a dataset that was built, not a source", dataset->string()));
  return Walk(root, endings).run();
}

std::string file_safe(std::string name) {
  for (char& c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '_' && c != '-') c = '_';
  }
  if (name.size() <= kLongestName) return name;
  return name.substr(0, kLongestName - 33) + '-' + fingerprint(name);
}

std::string fingerprint_or_none(const fs::path& file) {
  try {
    return fingerprint_file(file);
  } catch (const Error&) {
    return "";
  }
}

std::string fingerprint_of_files(const fs::path& folder, std::span<const std::string> names) {
  std::vector<std::string> contents(names.size());
  parallel_for("comparing files", names.size(), [&](std::size_t i) { contents[i] = fingerprint_or_none(folder / names[i]); });
  Fingerprinter all;
  for (std::size_t i = 0; i < names.size(); ++i) {
    all.add(names[i]);
    all.add(std::string_view("\0", 1));
    all.add(contents[i]);
  }
  return all.fingerprint();
}

Skipped skipped(const std::string& place, const std::exception& error) {
  std::string reason = error.what();
  if (reason.compare(0, place.size() + 2, place + ": ") == 0) reason.erase(0, place.size() + 2);
  return {place, reason};
}

}  // namespace midillama::corpus
