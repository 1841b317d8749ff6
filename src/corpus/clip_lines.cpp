#include "corpus/clip_lines.h"

#include "midillama/core/error.h"
#include "midillama/core/json_text.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace midillama::corpus {
namespace {

namespace fs = std::filesystem;

double milliseconds(double seconds) {
  return std::round(seconds * 1000) / 1000;
}

OrderedJson line_of(const Piece& piece, const std::string& family, std::size_t clip) {
  const auto& [span, labels] = piece.clips[clip];
  const auto id = clip_id(piece, clip);
  return {{"clip", id},       {"file", clip_file(id)},     {"piece", piece.id},     {"work", piece.work},
          {"family", family}, {"start", span.start.value}, {"end", span.end.value}, {"cut_at", piece.states_meter ? "bar lines" : "onsets"},
          {"labels", labels}};
}

OrderedJson places(const std::vector<Skipped>& skipped) {
  OrderedJson list = OrderedJson::array();
  for (const auto& [place, reason] : skipped) list.push_back({{"place", place}, {"reason", reason}});
  return list;
}

// The works of each family that has several: whether they belong together is worth a look.
OrderedJson related_works(const Segments& segments) {
  std::map<std::string, std::set<std::string>> works;  // by family
  for (std::size_t i = 0; i < segments.pieces.size(); ++i) works[segments.family[i]].insert(segments.pieces[i].work);
  OrderedJson related = OrderedJson::array();
  for (const auto& [family, of_family] : works) {
    if (of_family.size() > 1) related.push_back(of_family);
  }
  return related;
}

OrderedJson families_of(const Segments& segments) {
  std::map<std::string, std::size_t> pieces;  // by family
  for (const auto& family : segments.family) ++pieces[family];
  std::size_t largest = 0;
  for (const auto& [family, count] : pieces) largest = std::max(largest, count);
  return {{"families", pieces.size()}, {"pieces_of_the_largest", largest}, {"related_works", related_works(segments)}};
}

OrderedJson report_of(const Segments& segments) {
  const auto& report = segments.report;
  double seconds = 0;
  for (const auto& piece : segments.pieces) {
    for (const auto& clip : piece.clips) seconds += clip.span.end.value - clip.span.start.value;
  }
  return {{"read", report.read},
          {"pieces", report.pieces},
          {"clips", report.clips},
          {"seconds_of_pieces", milliseconds(segments.seconds)},
          {"seconds_of_clips", milliseconds(seconds)},
          {"families", families_of(segments)},
          {"collections", segments.read},
          {"unreadable", places(report.skipped)},
          {"duplicates", places(report.duplicates)},
          {"copy_of", segments.copy_of},
          {"without_clips", places(report.without_clips)}};
}

std::vector<Skipped> read_places(const OrderedJson& list, const std::string& file) {
  std::vector<Skipped> places;
  for (const auto& row : list)
    places.push_back({json_get<std::string>(row, "place", file, ""), json_get<std::string>(row, "reason", file, "")});
  return places;
}

// What the record has beside the lines.
void read_report(const fs::path& folder, Segments& segments) {
  const auto file = records::record_file(folder, records::kSegmentStep).string();
  const Json record = records::record_of(folder, records::kSegmentStep);
  const auto list = [&](const char* key) { return read_places(json_get<OrderedJson>(record, key, file, ""), file); };
  segments.seconds = json_get<double>(record, "seconds_of_pieces", file, "");
  segments.read = json_get<CollectionCounts>(record, "collections", file, "");
  segments.copy_of = json_get<std::map<std::string, std::string>>(record, "copy_of", file, "");
  segments.report.read = json_get<std::size_t>(record, "read", file, "");
  segments.report.skipped = list("unreadable");
  segments.report.duplicates = list("duplicates");
  segments.report.without_clips = list("without_clips");
}

}  // namespace

void write_clip_lines(const Segments& segments, const fs::path& folder, const records::MadeOf& made_of) {
  records::StepFile file(folder, records::kSegmentStep);
  for (std::size_t i = 0; i < segments.pieces.size(); ++i) {
    const auto& piece = segments.pieces[i];
    for (std::size_t clip = 0; clip < piece.clips.size(); ++clip) file.write(json_line(line_of(piece, segments.family[i], clip)));
  }
  file.commit(made_of, report_of(segments));
}

Segments read_clip_lines(const fs::path& folder) {
  const auto path = folder / records::kSegmentStep.file;
  if (!fs::exists(path)) throw InputError(path.string(), "", "is not there: `midillama data segment` makes it");
  const auto file = path.string();
  Segments segments;
  read_report(folder, segments);
  for_each_json_line(path, [&](const Json& row, std::size_t line) {
    const auto place = fmt::format("line {}", line);
    const auto text = [&](const char* key) { return json_get<std::string>(row, key, file, place); };
    const auto id = text("piece");
    if (segments.pieces.empty() || segments.pieces.back().id != id) {
      Piece piece;
      piece.id = id;
      piece.work = text("work");
      segments.pieces.push_back(std::move(piece));
      segments.family.push_back(text("family"));
    }
    auto& piece = segments.pieces.back();
    if (text("clip") != clip_id(piece, piece.clips.size()))
      throw InputError(file, place, "is not the piece's next clip: `midillama data segment` writes them in order");
    const ClipSpan span{{}, {}, {json_get<double>(row, "start", file, place)}, {json_get<double>(row, "end", file, place)}};
    piece.clips.push_back({span, json_get<Facts>(row, "labels", file, place)});
    ++segments.report.clips;
  });
  if (segments.pieces.empty()) throw InputError(file, "", "holds no clip");
  segments.report.pieces = segments.pieces.size();
  return segments;
}

}  // namespace midillama::corpus
