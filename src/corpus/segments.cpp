#include "corpus/segments.h"

#include "corpus/clip_labels.h"
#include "corpus/disputes.h"
#include "midillama/core/error.h"
#include "midillama/core/log.h"
#include "midillama/corpus/clips.h"
#include "midillama/corpus/duplicates.h"
#include "midillama/midi/file.h"

#include <fstream>

namespace midillama::corpus {
namespace {

namespace fs = std::filesystem;

// Without waiting for the disk: putting the dataset in place does that once for all.
void write_clip(const fs::path& path, const std::vector<std::uint8_t>& bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) throw InputError(path.string(), "", "cannot be written: is the disk full?");
}

class Segmenter {
 public:
  Segmenter(const config::Corpus& config, const records::Tags& tags, fs::path folder)
      : config_(config), tags_(tags), folder_(std::move(folder)) {}

  Segments run(const ReadPieces& read) {
    fs::create_directories(folder_ / "clips");
    read_pieces(read);
    keep_one_of_each_tune();
    name_clips();
    return std::move(segments_);
  }

 private:
  // Where a clip is written before it is known whether its piece is kept.
  fs::path clip_draft(const Piece& piece, std::size_t clip) const { return folder_ / "clips" / fmt::format(".{}.{}", piece.number, clip); }

  // A piece's notes are in memory only while its clips are cut: what is kept of them is their melody and what was measured.
  void read_pieces(const ReadPieces& read) {
    log::info("reading the pieces of {}", config_.path);
    Reading reading = read([&](Piece& piece) {
      piece.melody = melody_of(piece.score);
      piece.seconds = piece.score.to_seconds(piece.score.end()).value;
      for (const auto& span : choose_clips(piece, config_)) {
        const auto clip = midi::clip(piece.score, span.from, span.to);
        write_clip(clip_draft(piece, piece.clips.size()), midi::to_midi(clip));
        piece.clips.push_back({span, clip_labels(clip, piece, config_.estimate_beats)});
      }
      if (piece.clips.empty()) piece.why_without_clips = why_without_clips(piece, config_);
      piece.score = {};
      piece.bar_lines = {};
    });
    read_ = std::move(reading.pieces);
    segments_.provenance = std::move(reading.provenance);
    segments_.report.read = read_.size();
    segments_.report.skipped = std::move(reading.skipped);
    segments_.read = pieces_by_collection(read_);
  }

  void keep_one_of_each_tune() {
    log::info("comparing the melodies of {} pieces", read_.size());
    const auto families = find_families(read_, config_.duplicate_similarity, config_.related_similarity);
    settle_disputes(families.kept_as);
    std::vector<std::string> ids;
    for (const auto& piece : read_) ids.push_back(piece.id);
    auto& report = segments_.report;
    for (std::size_t i = 0; i < read_.size(); ++i) {
      const auto& kept = read_[families.kept_as[i]];
      if (&kept == &read_[i]) continue;
      report.duplicates.push_back({read_[i].place, "the same tune as " + kept.place});
      segments_.copy_of.emplace(read_[i].id, kept.id);
    }
    for (std::size_t i = 0; i < read_.size(); ++i) {
      const bool kept = families.kept_as[i] == i;
      if (kept && read_[i].clips.empty()) report.without_clips.push_back({read_[i].place, read_[i].why_without_clips});
      if (!kept || read_[i].clips.empty()) {
        for (std::size_t clip = 0; clip < read_[i].clips.size(); ++clip) fs::remove(clip_draft(read_[i], clip));
        continue;
      }
      segments_.family.push_back(ids[families.family[i]]);
      segments_.seconds += read_[i].seconds;
      segments_.pieces.push_back(std::move(read_[i]));
    }
    if (segments_.pieces.empty()) throw InputError(config_.path, "corpus.path", "no piece of this source gives a clip");
    report.pieces = segments_.pieces.size();
  }

  void settle_disputes(const std::vector<std::size_t>& kept_as) {
    Disputes disputes(tags_);
    for (std::size_t i = 0; i < read_.size(); ++i) disputes.add(read_[kept_as[i]].id, read_[i]);
    for (auto& piece : read_) disputes.settle(piece);
  }

  void name_clips() {
    for (const auto& piece : segments_.pieces) {
      for (std::size_t clip = 0; clip < piece.clips.size(); ++clip)
        fs::rename(clip_draft(piece, clip), folder_ / clip_file(clip_id(piece, clip)));
      segments_.report.clips += piece.clips.size();
    }
  }

  const config::Corpus& config_;
  const records::Tags& tags_;
  fs::path folder_;
  std::vector<Piece> read_;
  Segments segments_;
};

}  // namespace

Segments cut_clips(const config::Corpus& config, const records::Tags& tags, const fs::path& folder, const ReadPieces& read) {
  return Segmenter(config, tags, folder).run(read);
}

}  // namespace midillama::corpus
