#include "corpus/check_steps.h"

#include "corpus/features_step.h"
#include "corpus/write_dataset.h"
#include "midillama/core/error.h"
#include "midillama/core/hash.h"
#include "midillama/records/step.h"
#include "midillama/works/evidence.h"
#include "midillama/works/files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>
#include <vector>

namespace midillama::corpus {
namespace {

namespace fs = std::filesystem;

constexpr double kMillisecond = 0.001;  // the times' precision

// A line of a step's file.
struct Line {
  const Json& row;
  std::string file;
  std::string place;

  template <typename T = std::string>
  T get(const char* key) const {
    return json_get<T>(row, key, file, place);
  }
};

using Taken = std::set<std::string>;  // ids of earlier lines

class CheckSteps {
 public:
  CheckSteps(fs::path directory, const Asked& asked, const OnProblem& problem)
      : directory_(std::move(directory)), asked_(asked), sides_(asked.sides), problem_(problem) {}

  void run() {
    check_records();
    if (!has(works::kPiecesFile)) return;
    read_pieces();
    for (const auto& [piece, side] : sides_) {
      if (!work_of_.contains(piece))
        problem_(fmt::format("{}: the piece \"{}\" of {}.jsonl has no line", name(works::kPiecesFile), piece, records::name(side)));
    }
    check_features();
    check_works(works::kTextsFile);
    check_texts();
    check_works(works::kAnnotationsFile);
    check_clips();
    check_facts();
    check_evidence();
  }

 private:
  bool has(const char* file) const { return fs::exists(directory_ / file); }
  std::string name(const char* file) const { return (directory_ / file).string(); }
  void problem(const Line& line, const std::string& what) const { problem_(fmt::format("{}: {}: {}", line.file, line.place, what)); }

  void collect_errors(const std::function<void()>& check) const {
    try {
      check();
    } catch (const Error& error) {
      problem_(error.what());
    }
  }

  // A line with a mistake does not keep the next ones from being read, unless it is no JSON.
  void for_each_line(const char* file, const std::function<void(const Line& line)>& use) const {
    if (!has(file)) return;
    collect_errors([&] {
      for_each_json_line(directory_ / file, [&](const Json& row, std::size_t number) {
        collect_errors([&] { use({row, name(file), fmt::format("line {}", number)}); });
      });
    });
  }

  void check_records() const {
    for (const auto& step : records::kSteps) {
      collect_errors([&] {
        const auto record = records::record_of(directory_, step);
        if (record.empty()) return;
        check_fingerprint(directory_, step.file, records::recorded_fingerprint(record, step), records::record_file(directory_, step),
                          problem_);
      });
    }
  }

  void read_pieces() {
    works::for_each_piece(directory_, [&](const works::CatalogPiece& piece) {
      if (piece.work.empty()) problem_(fmt::format("{}: {}: the work is empty", name(works::kPiecesFile), piece.id));
      work_of_.emplace(piece.id, piece.work);
      works_.insert(piece.work);
    });
  }

  void check_once(const Line& line, const char* key, Taken& taken) const {
    const auto id = line.get(key);
    if (!taken.insert(id).second) problem(line, fmt::format("the {} \"{}\" is in an earlier line already", key, id));
  }

  // Whether the line's piece is one of pieces.jsonl, and of the work that the line says.
  void check_piece(const Line& line, bool names_work) const {
    const auto piece = line.get("piece");
    const auto known = work_of_.find(piece);
    if (known == work_of_.end()) return problem(line, fmt::format("the piece \"{}\" is not in {}", piece, works::kPiecesFile));
    if (!names_work || line.get("work") == known->second) return;
    problem(line,
            fmt::format("the work \"{}\" is not that of {} in {}, \"{}\"", line.get("work"), piece, works::kPiecesFile, known->second));
  }

  void check_features() const {
    Taken taken;
    for_each_line(records::kFeaturesStep.file, [&](const Line& line) {
      check_once(line, "piece", taken);
      check_piece(line, false);
      features_of_line(line.row, line.file, line.place);
    });
    if (!has(records::kFeaturesStep.file)) return;
    for (const auto& [piece, side] : sides_) {
      if (!taken.contains(piece)) problem_(fmt::format("{}: {} has no line", name(records::kFeaturesStep.file), piece));
    }
  }

  void check_works(const char* file) const {
    for_each_line(file, [&](const Line& line) {
      const auto work = line.get("work");
      if (!works_.contains(work)) problem(line, fmt::format("the work \"{}\" is not in {}", work, works::kPiecesFile));
    });
  }

  void check_clips() {
    Taken taken, files;
    std::map<std::string, std::vector<std::pair<double, double>>> spans;  // by piece
    for_each_line(records::kSegmentStep.file, [&](const Line& line) {
      ++clips_of_[line.get("piece")];
      check_once(line, "clip", taken);
      if (const auto file = line.get("file"); !fs::exists(directory_ / file)) problem(line, file + ": there is no such file");
      check_piece(line, true);
      check_family(line);
      check_span(line, spans[line.get("piece")]);
      check_asked(line);
      files.insert(line.get("file"));
    });
    if (!has(records::kSegmentStep.file)) return;
    for (const auto& [file, clip] : asked_.clips) {
      if (!files.contains(file))
        problem_(fmt::format("{}: {}, about which there are questions, has no line", name(records::kSegmentStep.file), file));
    }
  }

  // The questions about the clip say the same of it.
  void check_asked(const Line& line) const {
    const auto asked = asked_.clips.find(line.get("file"));
    if (asked == asked_.clips.end()) return;
    const auto& [piece, start, end] = asked->second;
    const auto differs = [&](const char* key, double seconds) { return std::abs(line.get<double>(key) - seconds) > kMillisecond; };
    if (line.get("piece") != piece || differs("start", start) || differs("end", end))
      problem(line, fmt::format("the questions about {} are of {} from {} to {}", asked->first, piece, start, end));
  }

  void check_span(const Line& line, std::vector<std::pair<double, double>>& earlier) const {
    const auto start = line.get<double>("start"), end = line.get<double>("end");
    if (start < 0 || start >= end) return problem(line, fmt::format("{} to {} is no time of a piece", start, end));
    const auto overlaps = [&](const auto& other) { return start < other.second - kMillisecond && other.first < end - kMillisecond; };
    if (const auto other = std::ranges::find_if(earlier, overlaps); other != earlier.end())
      problem(line, fmt::format("overlaps the piece's clip from {} to {}", other->first, other->second));
    earlier.emplace_back(start, end);
  }

  // A piece and a work have one family, and a family has one side.
  void check_family(const Line& line) {
    const auto family = line.get("family"), piece = line.get("piece");
    if (family.empty()) return problem(line, "the family is empty");
    for (const auto& [key, families] : {std::pair("piece", &family_of_piece_), std::pair("work", &family_of_work_)}) {
      const auto& first = families->emplace(line.get(key), family).first->second;
      if (first != family)
        return problem(line, fmt::format("the family \"{}\" is not that of the {} in an earlier line, \"{}\"", family, key, first));
    }
    const auto side = sides_.find(piece);
    if (side == sides_.end()) return;
    const auto& first = *side_of_family_.emplace(family, side).first->second;
    if (first.second != side->second)
      problem(line, fmt::format("the family \"{}\" is in {}.jsonl with {}, and in {}.jsonl with {}", family, records::name(first.second),
                                first.first, records::name(side->second), piece));
  }

  void check_facts() const {
    if (!has(kFactsFile)) return;
    Taken taken;
    for_each_line(kFactsFile, [&](const Line& line) {
      check_once(line, "piece", taken);
      check_piece(line, true);
      const auto piece = line.get("piece"), split = line.get("split");
      if (const auto side = sides_.find(piece); side != sides_.end() && records::name(side->second) != split)
        problem(line,
                fmt::format("the split is \"{}\", and the questions about {} are in {}.jsonl", split, piece, records::name(side->second)));
      const auto clips = clips_of_.find(piece);
      if (const auto cut = clips == clips_of_.end() ? 0 : clips->second; line.get<std::size_t>("clips") != cut)
        problem(line, fmt::format("{} has {} clips in {}", piece, cut, records::kSegmentStep.file));
    });
    for (const auto& [piece, clips] : clips_of_) {
      if (!taken.contains(piece)) problem_(fmt::format("{}: {} has no line", name(kFactsFile), piece));
    }
  }

  // A page about a work stands in one line, and its hash is the text's.
  void check_texts() const {
    std::set<std::pair<std::string, std::string>> taken;
    for_each_line(works::kTextsFile, [&](const Line& line) {
      const auto work = line.get("work"), url = line.get("url");
      if (!taken.emplace(work, url).second) problem(line, fmt::format("{} about \"{}\" is in an earlier line already", url, work));
      if (const auto hash = line.get("sha256"); !hash.empty() && hash != sha256(line.get("text")))
        problem(line, "the text was changed: its sha256 is another");
    });
  }

  // Annotations by hand need no texts.
  void check_evidence() const {
    if (!has(works::kAnnotationsFile)) return;
    auto open = works::read_supported_fields(directory_);  // fields whose sentence has not been found yet
    if (!has(works::kTextsFile)) return;
    works::for_each_text(directory_, [&](const works::Text& text) {
      const auto found = open.find(text.work);
      if (found == open.end()) return;
      const works::FoldedText folded(text.text);
      std::erase_if(found->second,
                    [&](const auto& field) { return field.second.url == text.url && folded.find(field.second.evidence).has_value(); });
    });
    for (const auto& [work, fields] : open) {
      for (const auto& [field, supported] : fields)
        problem_(fmt::format("{}: {}: {}: the evidence \"{}\" is in no text of {}", name(works::kAnnotationsFile), work, field,
                             supported.evidence, supported.url));
    }
  }

  using Sides = std::map<std::string, records::Split>;

  fs::path directory_;
  const Asked& asked_;
  const Sides& sides_;  // by piece
  const OnProblem& problem_;
  std::map<std::string, std::string> work_of_;  // by piece
  Taken works_;
  std::map<std::string, std::size_t> clips_of_;  // by piece
  std::map<std::string, std::string> family_of_piece_, family_of_work_;
  std::map<std::string, Sides::const_iterator> side_of_family_;  // with its first piece
};

}  // namespace

void check_fingerprint(const fs::path& directory, const std::string& file, const OrderedJson& fingerprint, const fs::path& holder,
                       const OnProblem& problem) {
  const auto found = records::fingerprint_of(directory, file);
  if (found == fingerprint) return;
  problem(fmt::format("{}: {}", (directory / file).string(),
                      found.is_null() ? fmt::format("there is no such file, but {} was written for one", holder.string())
                                      : fmt::format("was changed after {} was written: its fingerprint differs", holder.string())));
}

void check_steps(const fs::path& directory, const Asked& asked, const OnProblem& problem) {
  CheckSteps(directory, asked, problem).run();
}

}  // namespace midillama::corpus
