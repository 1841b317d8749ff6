#include "corpus/source_files.h"
#include "corpus/tag_facts.h"
#include "midillama/core/file.h"
#include "midillama/core/utf8_file.h"
#include "midillama/corpus/abc.h"
#include "midillama/corpus/abc_converter.h"
#include "midillama/corpus/collections.h"
#include "midillama/corpus/labels.h"
#include "midillama/corpus/source.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>

namespace midillama::corpus {
namespace {

struct Tunebook {
  std::string collection;
  std::filesystem::path path;
};

std::vector<std::filesystem::path> found_below(const std::filesystem::path& folder, std::vector<Skipped>& skipped) {
  auto found = files_below(folder, {".abc"});
  std::ranges::move(found.skipped, std::back_inserter(skipped));
  return std::move(found.files);
}

// The files of one entry of `corpus.collections`: a folder or a file (with or without .abc) of the source's folder.
std::vector<Tunebook> collection_files(const std::filesystem::path& root, const std::string& name, std::vector<Skipped>& skipped) {
  for (const auto& base : {root, root / "music21" / "corpus", root / "corpus"}) {
    const auto path = base / name;
    std::vector<Tunebook> books;
    if (std::filesystem::is_directory(path)) {
      for (const auto& file : found_below(path, skipped)) books.push_back({path.filename().string(), file});
    } else if (const auto file = path.string() + ".abc"; std::filesystem::is_regular_file(file)) {
      books.push_back({path.filename().string(), file});
    } else if (std::filesystem::is_regular_file(path)) {
      books.push_back({path.stem().string(), path});
    }
    if (!books.empty()) return books;
  }
  throw InputError(root.string(), "corpus.collections", "there is no folder or file \"" + name + "\" with ABC tunes in it");
}

std::vector<Tunebook> all_files(const config::Corpus& config, std::vector<Skipped>& skipped) {
  const std::filesystem::path root = config.path;
  std::vector<Tunebook> books;
  for (const auto& name : config.collections) {
    const auto found = collection_files(root, name, skipped);
    books.insert(books.end(), found.begin(), found.end());
  }
  if (config.collections.empty()) {
    for (const auto& file : found_below(root, skipped)) books.push_back({file.parent_path().filename().string(), file});
  }
  if (books.empty()) throw InputError(config.path, "corpus.path", "there are no .abc files below this folder");
  return books;
}

std::optional<std::string> dance_of(const AbcTune& tune, const records::Tag& tag, std::string_view meter) {
  const auto rhythm = tune.all_of('R');
  if (auto dance = value_in_label(tag, rhythm, meter)) return dance;
  if (auto dance = dance_of_chapter(tune)) return dance;
  return rhythm.empty() ? value_at_end(tag, tune.field('T'), meter) : std::nullopt;
}

std::optional<std::string> origin_of(const AbcTune& tune, const records::Tag& tag, const std::string& collection) {
  if (auto country = country_of_collection(collection)) return country;
  return place_label(tag, tune.all_of('O'));
}

void set_label(Facts& labels, const char* name, const std::optional<std::string>& value) {
  if (value) labels[name] = *value;
}

// The closed tag that a label is for, or nullptr.
const records::Tag* closed_tag_from(const records::Tags& tags, std::string_view label) {
  const auto tag = std::ranges::find_if(tags.tags, [&](const auto& tag) { return tag.kind == "closed" && tag.source() == label; });
  return tag == tags.tags.end() ? nullptr : &*tag;
}

// Whether the tune sounds in the key that it is written in.
bool sounds_as_written(const AbcTune& tune) {
  return std::ranges::none_of(tune.fields,
                              [](const auto& field) { return (field.first == 'K' || field.first == 'V') && is_transposed(field.second); });
}

Facts labels_of(const AbcTune& tune, const std::string& collection, const records::Tags& tags) {
  Facts labels;
  const auto meter = tune.holds_throughout('M') ? meter_label(tune.field('M')) : std::nullopt;
  set_label(labels, "meter", meter);
  if (const auto* tag = closed_tag_from(tags, "dance")) set_label(labels, "dance", dance_of(tune, *tag, meter.value_or("")));
  if (const auto* tag = closed_tag_from(tags, "origin")) set_label(labels, "origin", origin_of(tune, *tag, collection));
  if (tune.holds_throughout('K') && states_mode(collection) && sounds_as_written(tune))
    set_label(labels, "key", key_label(tune.field('K')));
  const auto beats = meter && tune.holds_throughout('Q') ? beats_per_minute(tune.field('Q'), *meter) : std::nullopt;
  if (beats) labels["beats_per_minute"] = fmt::format("{}", *beats);
  return labels;
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

Piece read_piece(const ListedTune& listed, const TagFacts& facts, const std::filesystem::path& scratch, std::size_t index) {
  auto converted = convert_tune(listed.tune, scratch, std::to_string(index));
  Piece piece;
  piece.collection = listed.collection;
  piece.stated = {.title = listed.tune.field('T'), .composer = listed.tune.field('C')};
  piece.score = std::move(converted.score);
  piece.bar_lines = std::move(converted.bar_lines);
  piece.labels = facts.of_labels(labels_of(listed.tune, listed.collection, facts.tags()));
  return piece;
}

std::string name_below(const std::filesystem::path& root, const std::filesystem::path& file) {
  return std::filesystem::relative(file, root).generic_string();
}

// A book that cannot be read is skipped whole.
std::vector<ListedTune> list_tunes(const std::vector<Tunebook>& books, const std::filesystem::path& root, std::vector<Skipped>& unread) {
  std::vector<ListedTune> tunes;
  for (const auto& book : books) {
    const auto name = name_below(root, book.path);
    try {
      auto found = parse_tunebook(read_utf8_or_latin1(book.path), name);  // older files are of the latter
      if (found.empty()) unread.push_back({name, "holds no tune (no X: line)"});
      for (auto& tune : found) tunes.push_back({book.collection, std::move(tune)});
    } catch (const Error& error) {
      unread.push_back(skipped(name, error));
    }
  }
  if (tunes.empty()) throw InputError(root.string(), "corpus.path", "the .abc files hold no tune (no X: line)");
  return tunes;
}

Provenance provenance_of(const std::vector<Tunebook>& books, const std::filesystem::path& root) {
  Provenance provenance{{}, abc2midi_version()};
  for (const auto& book : books) provenance.files.push_back({name_below(root, book.path), fingerprint_or_none(book.path)});
  return provenance;
}

}  // namespace

Provenance abc_provenance(const config::Corpus& config) {
  std::vector<Skipped> ignored;
  return provenance_of(all_files(config, ignored), config.path);
}

Reading read_abc_source(const config::Corpus& config, const records::Tags& tags, const UsePiece& use) {
  const TagFacts facts(tags, config);
  Reading reading;
  const auto books = all_files(config, reading.skipped);
  reading.provenance = provenance_of(books, config.path);
  const auto tunes = list_tunes(books, config.path, reading.skipped);
  const TemporaryDirectory scratch;
  read_pieces(
      tunes.size(), [&](std::size_t i) { return place_of(tunes[i].tune); },
      [&](std::size_t i) { return read_piece(tunes[i], facts, scratch.path(), i); }, use, [&](std::size_t i) { return piece_id(tunes[i]); },
      reading);
  return reading;
}

}  // namespace midillama::corpus
