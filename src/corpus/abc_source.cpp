#include "class_bounds.h"
#include "midillama/core/file.h"
#include "midillama/core/hash.h"
#include "midillama/core/parallel_for.h"
#include "midillama/corpus/abc.h"
#include "midillama/corpus/abc_converter.h"
#include "midillama/corpus/collections.h"
#include "midillama/corpus/labels.h"
#include "midillama/corpus/source.h"
#include "midillama/music/features.h"
#include "source_files.h"

#include <fmt/format.h>

#include <optional>

namespace midillama::corpus {
namespace {

struct Tunebook {
  std::string collection;
  std::filesystem::path path;
};

// The files of one entry of `corpus.collections`: a folder or a file (with or without .abc) of the source's folder.
std::vector<Tunebook> collection_files(const std::filesystem::path& root, const std::string& name) {
  for (const auto& base : {root, root / "music21" / "corpus", root / "corpus"}) {
    const auto path = base / name;
    std::vector<Tunebook> books;
    if (std::filesystem::is_directory(path)) {
      for (const auto& file : files_below(path, {".abc"})) books.push_back({path.filename().string(), file});
    } else if (const auto file = path.string() + ".abc"; std::filesystem::is_regular_file(file)) {
      books.push_back({path.filename().string(), file});
    } else if (std::filesystem::is_regular_file(path)) {
      books.push_back({path.stem().string(), path});
    }
    if (!books.empty()) return books;
  }
  throw InputError(root.string(), "corpus.collections", "there is no folder or file \"" + name + "\" with ABC tunes in it");
}

std::vector<Tunebook> all_files(const config::Corpus& config) {
  const std::filesystem::path root = config.path;
  std::vector<Tunebook> books;
  for (const auto& name : config.collections) {
    const auto found = collection_files(root, name);
    books.insert(books.end(), found.begin(), found.end());
  }
  if (config.collections.empty()) {
    for (const auto& file : files_below(root, {".abc"})) books.push_back({file.parent_path().filename().string(), file});
  }
  if (books.empty()) throw InputError(config.path, "corpus.path", "there are no .abc files below this folder");
  return books;
}

std::optional<std::string> dance_of(const AbcTune& tune, std::string_view meter) {
  if (auto dance = dance_label(tune.field('R'), meter)) return dance;
  if (auto dance = dance_of_chapter(tune)) return dance;
  return tune.field('R').empty() ? dance_of_title(tune.field('T'), meter) : std::nullopt;
}

std::optional<std::string> origin_of(const AbcTune& tune, const std::string& collection) {
  if (auto country = country_of_collection(collection)) return country;
  return country_label(tune.field('O'));
}

void set_fact(Facts& facts, const char* tag, const std::optional<std::string>& value) {
  if (value) facts[tag] = *value;
}

Facts labels_of(const AbcTune& tune, const std::string& collection, const config::Corpus& config) {
  Facts facts;
  const auto meter = tune.distinct_values('M') == 1 ? meter_label(tune.field('M')) : std::nullopt;
  set_fact(facts, "meter", meter);
  set_fact(facts, "dance", dance_of(tune, meter.value_or("")));
  set_fact(facts, "origin", origin_of(tune, collection));
  if (tune.distinct_values('K') == 1 && states_mode(collection)) set_fact(facts, "key", key_label(tune.field('K')));
  if (tune.distinct_values('Q') == 1) {
    if (const auto rate = beats_per_minute(tune.field('Q'))) facts["tempo"] = music::tempo_name(*rate, tempo_bounds(config));
  }
  return facts;
}

struct ListedTune {
  std::string collection;
  AbcTune tune;
};

std::string place_of(const AbcTune& tune) {
  return fmt::format("{}:{}", tune.file, tune.line);
}

std::string piece_id(const ListedTune& listed) {
  const auto stem = std::filesystem::path(listed.tune.file).stem().string();
  const auto prefix = stem == listed.collection ? stem : listed.collection + "-" + stem;
  return file_safe(prefix + "-" + listed.tune.number);
}

Piece read_piece(const ListedTune& listed, const config::Corpus& config, const std::filesystem::path& scratch, std::size_t index) {
  auto converted = convert_tune(listed.tune, scratch, std::to_string(index));
  Piece piece;
  piece.collection = listed.collection;
  piece.place = place_of(listed.tune);
  piece.score = std::move(converted.score);
  piece.bar_lines = std::move(converted.bar_lines);
  piece.labels = labels_of(listed.tune, listed.collection, config);
  return piece;
}

std::string name_below(const std::filesystem::path& root, const std::filesystem::path& file) {
  return std::filesystem::relative(file, root).generic_string();
}

std::vector<ListedTune> list_tunes(const std::vector<Tunebook>& books, const std::filesystem::path& root) {
  std::vector<ListedTune> tunes;
  for (const auto& book : books) {
    for (auto& tune : parse_tunebook(read_text(book.path), name_below(root, book.path)))
      tunes.push_back({book.collection, std::move(tune)});
  }
  if (tunes.empty()) throw InputError(root.string(), "corpus.path", "the .abc files hold no tune (no X: line)");
  return tunes;
}

}  // namespace

Provenance abc_provenance(const config::Corpus& config) {
  Provenance provenance{{}, abc2midi_version()};
  for (const auto& book : all_files(config)) provenance.files.push_back({name_below(config.path, book.path), fingerprint_file(book.path)});
  return provenance;
}

Reading read_abc_source(const config::Corpus& config) {
  Reading reading;
  reading.provenance = abc_provenance(config);
  const auto tunes = list_tunes(all_files(config), config.path);
  const TemporaryDirectory scratch;
  std::vector<ReadPiece> results(tunes.size());
  parallel_for(tunes.size(), [&](std::size_t i) {
    try {
      results[i] = read_piece(tunes[i], config, scratch.path(), i);
    } catch (const Error& error) {
      results[i] = skipped(place_of(tunes[i].tune), error);
    }
  });
  collect(
      std::move(results), [&](std::size_t i) { return piece_id(tunes[i]); }, reading);
  return reading;
}

}  // namespace midillama::corpus
