#include "corpus/written_files.h"

#include "corpus/write_dataset.h"
#include "midillama/core/hash.h"
#include "midillama/core/parallel_for.h"
#include "midillama/corpus/files.h"
#include "midillama/records/step.h"

#include <algorithm>
#include <string>
#include <vector>

namespace midillama::corpus {
namespace {

namespace fs = std::filesystem;

OrderedJson fingerprint_of_clips(const fs::path& folder) {
  if (!fs::is_directory(folder)) return nullptr;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".mid") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  std::vector<std::string> contents(files.size());
  parallel_for("comparing clips", files.size(), [&](std::size_t i) { contents[i] = fingerprint_or_none(files[i]); });
  Fingerprinter all;
  for (std::size_t i = 0; i < files.size(); ++i) {
    all.add(files[i].filename().string());
    all.add(std::string_view("\0", 1));
    all.add(contents[i]);
  }
  return all.fingerprint();
}

}  // namespace

OrderedJson written_files(const fs::path& directory) {
  return {{"clips", fingerprint_of_clips(directory / "clips")}, {kFactsFile, records::fingerprint_of(directory, kFactsFile)}};
}

}  // namespace midillama::corpus
