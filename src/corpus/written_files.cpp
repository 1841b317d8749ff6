#include "corpus/written_files.h"

#include "corpus/write_dataset.h"
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
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".mid") names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  return fingerprint_of_files(folder, names);
}

}  // namespace

OrderedJson written_files(const fs::path& directory) {
  return {{"clips", fingerprint_of_clips(directory / "clips")}, {kFactsFile, records::fingerprint_of(directory, kFactsFile)}};
}

}  // namespace midillama::corpus
