#include "midillama/core/log.h"
#include "midillama/core/utf8_file.h"
#include "midillama/works/page_text.h"
#include "midillama/works/words.h"
#include "works/source.h"

#include <glib.h>
#include <sys/stat.h>

#include <algorithm>
#include <unordered_map>

namespace midillama::works {
namespace fs = std::filesystem;
namespace {

constexpr const char* kExtension = ".txt";

std::string url_of(const fs::path& file) {
  const std::string path = fs::absolute(file).lexically_normal().string();
  const std::unique_ptr<gchar, decltype(&g_free)> url(g_filename_to_uri(path.c_str(), nullptr, nullptr), &g_free);
  return url ? url.get() : path;
}

std::string time_written(const fs::path& file) {
  struct stat status {};
  return utc_text(::stat(file.c_str(), &status) == 0 ? status.st_mtime : 0);
}

class Folder : public Source {
 public:
  explicit Folder(const fs::path& folder) {
    if (!fs::is_directory(folder)) throw InputError(folder.string(), "", "is no folder: retrieval.endpoint names it");
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.is_regular_file() && entry.path().extension() == kExtension) files.push_back(entry.path());
    }
    std::ranges::sort(files);
    for (const fs::path& file : files) add(file);
  }

  std::vector<Page> find(const PageMatcher& work, std::size_t most) override {
    if (work.searches().empty()) return {};
    return read_nearest(work, candidates_for(work), most, [](const Candidate& candidate) -> std::optional<Page> {
      const fs::path file = candidate.name;
      return Page{candidate.url, candidate.title, time_written(file), tidy_text(read_utf8(file))};
    });
  }

 private:
  void add(const fs::path& file) {
    std::string opening;
    try {
      opening = opening_of(read_utf8(file));
    } catch (const InputError& error) {
      return log::warning("{}: passed over", error.what());
    }
    const std::string title = file.stem().string();
    for (const std::string& part : {title, opening}) {
      for (const Word& word : words_of(part)) {
        auto& with_word = pages_of_[without_plural(word.folded)];
        if (with_word.empty() || with_word.back() != pages_.size()) with_word.push_back(pages_.size());
      }
    }
    pages_.push_back({title, url_of(file), std::move(opening), file.string()});
  }

  // Those that have the word that the fewest have.
  std::vector<Candidate> candidates_for(const PageMatcher& work) const {
    const std::vector<std::size_t>* rarest = nullptr;
    for (const std::string& word : work.required_words()) {
      const auto found = pages_of_.find(word);
      if (found == pages_of_.end()) return {};
      if (rarest == nullptr || found->second.size() < rarest->size()) rarest = &found->second;
    }
    if (rarest == nullptr) return pages_;
    std::vector<Candidate> candidates;
    for (const std::size_t page : *rarest) candidates.push_back(pages_[page]);
    return candidates;
  }

  std::vector<Candidate> pages_;                                             // by their names
  std::unordered_map<std::string, std::vector<std::size_t>> pages_of_ = {};  // with a word in title or opening
};

}  // namespace

std::unique_ptr<Source> open_folder(const fs::path& folder) {
  return std::make_unique<Folder>(folder);
}

}  // namespace midillama::works
