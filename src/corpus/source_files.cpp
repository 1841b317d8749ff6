#include "source_files.h"

#include "midillama/core/error.h"

#include <algorithm>
#include <cctype>
#include <set>

namespace midillama::corpus {

std::vector<std::filesystem::path> files_below(const std::filesystem::path& root, const std::vector<std::string>& endings) {
  if (!std::filesystem::is_directory(root)) throw InputError(root.string(), "", "there is no such folder");
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    auto extension = entry.path().extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(), [](unsigned char c) { return std::tolower(c); });
    const bool wanted = std::find(endings.begin(), endings.end(), extension) != endings.end();
    if (wanted && entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string file_safe(std::string name) {
  for (char& c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '_' && c != '-') c = '_';
  }
  return name;
}

Skipped skipped(const std::string& place, const Error& error) {
  std::string reason = error.what();
  if (reason.compare(0, place.size() + 2, place + ": ") == 0) reason.erase(0, place.size() + 2);
  return {place, reason};
}

void collect(std::vector<ReadPiece> results, const std::function<std::string(std::size_t)>& id, Reading& reading) {
  std::set<std::string> taken;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (auto* skipped = std::get_if<Skipped>(&results[i])) {
      reading.skipped.push_back(std::move(*skipped));
      continue;
    }
    auto& piece = std::get<Piece>(results[i]);
    const auto first = id(i);
    piece.id = first;
    for (int copy = 2; !taken.insert(piece.id).second; ++copy) piece.id = first + "-" + std::to_string(copy);
    reading.pieces.push_back(std::move(piece));
  }
}

}  // namespace midillama::corpus
