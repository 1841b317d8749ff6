#include "corpus/check_steps.h"

#include "midillama/core/error.h"
#include "midillama/records/step.h"
#include "midillama/works/evidence.h"
#include "midillama/works/files.h"

#include <fmt/format.h>

#include <map>
#include <set>

namespace midillama::corpus {
namespace {

namespace fs = std::filesystem;

class CheckSteps {
 public:
  CheckSteps(fs::path directory, const OnStepProblem& problem) : directory_(std::move(directory)), problem_(problem) {}

  void run() {
    works::for_each_piece(directory_, [&](const works::CatalogPiece& piece) {
      pieces_.insert(piece.id);
      works_.insert(piece.work);
    });
    check_lines(records::kFeaturesStep.file, "piece", pieces_);
    check_lines(records::kSegmentStep.file, "piece", pieces_);
    check_lines(works::kTextsFile, "work", works_);
    check_lines(works::kAnnotationsFile, "work", works_);
    check_clips();
    check_evidence();
  }

 private:
  bool has(const char* file) const { return fs::exists(directory_ / file); }
  std::string name(const char* file) const { return (directory_ / file).string(); }

  void for_each_line(const char* file, const std::function<void(const Json& row, const std::string& place)>& use) const {
    if (!has(file)) return;
    for_each_json_line(directory_ / file, [&](const Json& row, std::size_t line) { use(row, fmt::format("line {}", line)); });
  }

  // Whether each line's `key` is one of pieces.jsonl.
  void check_lines(const char* file, const char* key, const std::set<std::string>& known) const {
    for_each_line(file, [&](const Json& row, const std::string& place) {
      const auto value = json_get<std::string>(row, key, name(file), place);
      if (!known.contains(value))
        problem_(name(file) + ": " + place, fmt::format("the {} \"{}\" is not in {}", key, value, works::kPiecesFile));
    });
  }

  void check_clips() const {
    const char* lines = records::kSegmentStep.file;
    for_each_line(lines, [&](const Json& row, const std::string& place) {
      const auto file = json_get<std::string>(row, "file", name(lines), place);
      if (!fs::exists(directory_ / file)) problem_(name(lines) + ": " + place, file + ": there is no such file");
    });
  }

  // Annotations by hand need no texts.
  void check_evidence() const {
    if (!has(works::kAnnotationsFile) || !has(works::kTextsFile)) return;
    auto open = works::read_supported_fields(directory_);  // fields whose sentence has not been found yet
    works::for_each_text(directory_, [&](const works::Text& text) {
      const auto found = open.find(text.work);
      if (found == open.end()) return;
      const auto folded = works::folded(text.text);
      std::erase_if(found->second,
                    [&](const auto& field) { return field.second.url == text.url && works::has_quote(folded, field.second.evidence); });
    });
    for (const auto& [work, fields] : open) {
      for (const auto& [field, supported] : fields)
        problem_(fmt::format("{}: {}: {}", name(works::kAnnotationsFile), work, field),
                 fmt::format("the evidence \"{}\" is in no text of {}", supported.evidence, supported.url));
    }
  }

  fs::path directory_;
  const OnStepProblem& problem_;
  std::set<std::string> pieces_;
  std::set<std::string> works_;
};

}  // namespace

void check_steps(const fs::path& directory, const OnStepProblem& problem) {
  if (fs::exists(directory / works::kPiecesFile)) CheckSteps(directory, problem).run();
}

}  // namespace midillama::corpus
