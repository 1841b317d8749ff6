#include "corpus/catalog_pieces.h"

#include "corpus/source_files.h"
#include "midillama/corpus/clips.h"
#include "midillama/midi/file.h"
#include "midillama/music/features.h"

#include <fmt/format.h>

#include <algorithm>

namespace midillama::corpus {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMidiFiles = "midi";  // all of them, among the files that a step is made of

constexpr std::size_t kLongestId = 200;  // file names hold 255 bytes

bool is_name(const std::string& id) {
  return !id.empty() && id.size() <= kLongestId && std::ranges::all_of(id, [](const char c) { return file_safe({c})[0] == c; });
}

bool leads_out(const std::string& file) {
  const fs::path path = fs::path(file).lexically_normal();
  return path.is_absolute() || path.empty() || *path.begin() == "..";
}

// Of all pieces: their files' names and contents.
std::string fingerprint_of_files(const config::Corpus& config, const std::vector<works::CatalogPiece>& pieces) {
  std::vector<std::string> names;
  for (const auto& piece : pieces) names.push_back(piece.file);
  return corpus::fingerprint_of_files(config.path, names);
}

Piece read_piece(const config::Corpus& config, const works::CatalogPiece& from) {
  Piece piece;
  piece.collection = from.source;
  piece.work = from.work;
  const auto bytes = midi_bytes(config, from);
  if (midi::has_separate_patterns(bytes))
    throw InputError(from.file, "", "is of format 2: its tracks are patterns that do not sound together");
  piece.score = midi::parse_midi(bytes, from.file, [](const std::string&) {});  // features.json has the warnings
  piece.states_meter = music::states_meter(piece.score);
  piece.states_tempo = music::states_tempo(piece.score);
  piece.bar_lines = piece.states_meter ? midi::bar_starts(piece.score) : onset_lines(piece.score);
  return piece;
}

}  // namespace

std::vector<works::CatalogPiece> catalog_pieces(const fs::path& directory) {
  std::vector<works::CatalogPiece> pieces;
  works::for_each_piece(directory, [&](const works::CatalogPiece& piece) {
    if (!is_name(piece.id))
      throw InputError((directory / works::kPiecesFile).string(), piece.id,
                       fmt::format("is no name for a piece: letters, digits, '.', '_' and '-' make one, {} at most", kLongestId));
    pieces.push_back(piece);
  });
  if (pieces.empty()) throw InputError((directory / works::kPiecesFile).string(), "", "holds no piece");
  return pieces;
}

void require_collection(const config::Corpus& config) {
  if (!fs::is_directory(config.path)) throw InputError(config.path, "corpus.path", "there is no such folder");
}

std::vector<std::uint8_t> midi_bytes(const config::Corpus& config, const works::CatalogPiece& piece) {
  if (leads_out(piece.file)) throw InputError(piece.file, "", "leads out of corpus.path");
  return midi::read_midi_bytes(fs::path(config.path) / piece.file, piece.file);
}

Reading read_catalog_pieces(const config::Corpus& config, const std::vector<works::CatalogPiece>& pieces, const UsePiece& use) {
  Reading reading;
  read_pieces(
      pieces.size(), [&](std::size_t i) { return pieces[i].file; }, [&](std::size_t i) { return read_piece(config, pieces[i]); }, use,
      [&](std::size_t i) { return pieces[i].id; }, reading);
  return reading;
}

records::MadeOf made_of_pieces(const config::Corpus& config, const fs::path& directory, const records::Step& step, OrderedJson settings) {
  records::MadeOf made_of{.settings = std::move(settings)};
  made_of.files[works::kPiecesFile] = records::fingerprint_of(directory, works::kPiecesFile);
  if (fs::is_directory(config.path)) {
    made_of.files[kMidiFiles] = fingerprint_of_files(config, catalog_pieces(directory));
  } else {
    const auto recorded = OrderedJson::json_pointer("/made_of/files") / kMidiFiles;
    made_of.files[kMidiFiles] = records::record_of(directory, step).value(recorded, OrderedJson());
  }
  return made_of;
}

}  // namespace midillama::corpus
