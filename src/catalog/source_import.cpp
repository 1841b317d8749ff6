#include "catalog/source_import.h"

#include "catalog/notes.h"
#include "catalog/report.h"
#include "midillama/catalog/import.h"
#include "midillama/core/directory.h"
#include "midillama/core/hash.h"
#include "midillama/core/json_text.h"
#include "midillama/core/paths.h"
#include "midillama/corpus/duplicates.h"
#include "midillama/corpus/source.h"
#include "midillama/midi/bar_lines.h"
#include "midillama/midi/file.h"
#include "midillama/records/question.h"
#include "midillama/records/step.h"
#include "midillama/records/tags.h"
#include "midillama/works/files.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>

namespace midillama::catalog {
namespace fs = std::filesystem;
namespace {

constexpr const char* kMidiFolder = "midi";
constexpr const char* kSources[] = {"abc", "midi"};

OrderedJson files_json(const corpus::Provenance& provenance) {
  Fingerprinter files;
  for (const corpus::SourceFile& file : provenance.files) files.add(file.path + '\n' + file.fingerprint + '\n');
  OrderedJson json = {{"files", {{"count", provenance.files.size()}, {"fingerprint", files.fingerprint()}}}};
  if (!provenance.converter.empty()) json["converter"] = provenance.converter;
  return json;
}

// Without waiting for the disk: putting the folder in place does that once for all.
void write_bytes(const fs::path& path, const std::vector<std::uint8_t>& bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) throw InputError(path.string(), "", "cannot be written: is the disk full?");
}

OrderedJson labels_of(const corpus::Piece& piece) {
  OrderedJson labels = OrderedJson::object();
  const auto add = [&](const std::string& name, const std::string& value) {
    if (!value.empty()) labels[name] = value;
  };
  for (const auto& [name, value] : piece.labels) add(name, value);
  add("collection", piece.collection);
  add("composer", piece.stated.composer);
  return labels;
}

class SourceImport {
 public:
  SourceImport(const config::Corpus& config, const fs::path& directory)
      : config_(config), directory_(directory), midi_(directory / kMidiFolder) {}

  void run() {
    require_source_elsewhere();
    require_no_dataset();
    require_own_midi();
    corpus::Reading reading =
        corpus::read_source(config_, records::read_tags(config_.tag_file), [&](corpus::Piece& piece) { keep(piece); });
    pieces_ = std::move(reading.pieces);
    for (const auto& [place, reason] : reading.skipped) lists_.add(kUnreadable, place, reason);
    imported_.settings = source_settings(config_);
    imported_.sources = files_json(reading.provenance);
    imported_.rows = pieces_.size() + reading.skipped.size();
    const std::string lines = name_pieces();
    if (imported_.pieces == 0)
      throw InputError(config_.path, "corpus.path", fmt::format("none of the {} pieces can be used", imported_.rows));
    imported_.fingerprint = fingerprint(lines);
    // The report first: music and pieces without it would be taken for another program's.
    write_atomically(directory_ / kImportFile, json_text(import_json(imported_, lists_), 2) + "\n");
    midi_.put_in_place();
    write_atomically(directory_ / works::kPiecesFile, lines);
  }

 private:
  // The folder that is written takes the place of the one before, and the next import would read what this one wrote.
  void require_source_elsewhere() const {
    require_elsewhere(config_.path, "corpus.path");
    for (const std::string& name : config_.collections) require_elsewhere(fs::path(config_.path) / name, "corpus.collections");
  }

  void require_elsewhere(const fs::path& source, const char* key) const {
    const fs::path written = directory_ / kMidiFolder;
    if (is_within(source, written) || is_within(written, source))
      throw InputError(source.string(), key,
                       fmt::format("is where the import writes ({}): --set data.dir=… names another folder", written.string()));
  }

  // That of an import of a catalog holds no music.
  void require_own_midi() const {
    const OrderedJson record = records::record_of(directory_, records::kImportStep);
    const OrderedJson source = record.value(OrderedJson::json_pointer("/settings/source"), OrderedJson());
    const bool is_own = std::ranges::find(kSources, source) != std::end(kSources);
    records::require_own_folder(directory_ / kMidiFolder, is_own ? record : OrderedJson(), "data import");
  }

  // It has clips of its own, which are no whole pieces.
  void require_no_dataset() const {
    if (fs::exists(directory_ / records::kDatasetFile))
      throw InputError(directory_.string(), "", "holds a dataset: --set data.dir=… names another folder for the pieces");
  }

  // Where a piece is written before it is known whether it is kept.
  fs::path draft(const corpus::Piece& piece) const { return midi_.path() / fmt::format(".{}", piece.number); }

  // A piece's notes are in memory only while its file is written: what is kept of them is the melody.
  void keep(corpus::Piece& piece) {
    piece.melody = corpus::melody_of(piece.score);
    piece.seconds = piece.score.to_seconds(piece.score.end()).value;
    const midi::Score score = std::exchange(piece.score, {});
    if (score.note_count() > 0) {
      write_bytes(draft(piece), bytes_of(score, piece));
      std::string notes = notes_fingerprint(score);
      const std::lock_guard lock(mutex_);
      notes_[piece.number] = std::move(notes);
    }
    piece.bar_lines = {};
  }

  // With its bar lines; with the bars of its meters where no meters say those.
  std::vector<std::uint8_t> bytes_of(const midi::Score& score, const corpus::Piece& piece) {
    try {
      return midi::to_midi(midi::with_bar_lines(score, piece.bar_lines));
    } catch (const Error& error) {
      const std::lock_guard lock(mutex_);
      lists_.add(kWarnings, piece.place, fmt::format("its bar lines are not kept: {}", error.what()));
      return midi::to_midi(score);
    }
  }

  // The lines of pieces.jsonl.
  std::string name_pieces() {
    const auto families = corpus::find_families(pieces_, config_.duplicate_similarity, config_.related_similarity);
    std::string lines;
    std::set<std::string> works;
    std::unordered_map<std::string, const corpus::Piece*> first;  // with these notes
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      const corpus::Piece& piece = pieces_[i];
      const corpus::Piece& kept = pieces_[families.kept_as[i]];
      if (!fs::exists(draft(piece))) {
        lists_.add(kSilent, piece.place, "has no notes");
      } else if (&kept != &piece) {
        lists_.add(kDuplicates, piece.place, fmt::format("is the same tune as {}", kept.place));
        fs::remove(draft(piece));
      } else if (const auto [same, is_new] = first.emplace(notes_.at(piece.number), &piece); !is_new) {
        lists_.add(kDuplicates, piece.place, fmt::format("has the notes of {}", same->second->place));
        fs::remove(draft(piece));
      } else {
        const std::string& work = pieces_[families.family[i]].id;
        lines += json_line(line_of(piece, work));
        works.insert(work);
        ++imported_.pieces;
        fs::rename(draft(piece), midi_.path() / file_of(piece));
      }
    }
    imported_.works = works.size();
    return lines;
  }

  static std::string file_of(const corpus::Piece& piece) { return piece.id + ".mid"; }

  OrderedJson line_of(const corpus::Piece& piece, const std::string& work) const {
    return {{"piece", piece.id},
            {"file", fmt::format("{}/{}", kMidiFolder, file_of(piece))},
            {"title", piece.stated.title},
            {"composer", piece.stated.composer},
            {"work", work},
            {"source", config_.source},
            {"labels", labels_of(piece)}};
  }

  const config::Corpus& config_;
  fs::path directory_;
  StagedDirectory midi_;
  std::vector<corpus::Piece> pieces_;
  std::mutex mutex_;                                    // of notes and lists, while pieces are read
  std::unordered_map<std::size_t, std::string> notes_;  // notes_fingerprint() by the piece's number: melodies do not tell drums apart
  Lists lists_;
  Imported imported_;
};

}  // namespace

bool is_own_source(const config::Corpus& config) {
  return std::ranges::find(kSources, config.source) != std::end(kSources);
}

void import_source(const config::Corpus& config, const fs::path& directory) {
  SourceImport(config, directory).run();
}

OrderedJson source_settings(const config::Corpus& config) {
  return {{"source", config.source},
          {"collections", config.collections},
          {"duplicate_similarity", config.duplicate_similarity},
          {"related_similarity", config.related_similarity},
          {"tags", config.tags},
          {"tag_file", config.tag_file.empty() ? "" : fingerprint_file(config.tag_file)}};
}

OrderedJson source_files(const config::Corpus& config) {
  return files_json(corpus::source_provenance(config));
}

}  // namespace midillama::catalog
