#include "corpus/catalog_labels.h"

#include "corpus/catalog_pieces.h"
#include "corpus/disputes.h"
#include "corpus/features_step.h"
#include "midillama/core/error.h"
#include "midillama/core/log.h"
#include "midillama/works/files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <unordered_map>

namespace midillama::corpus {
namespace {

namespace fs = std::filesystem;

// The label as a text: of a list all that is in it. Nothing of what is no text, number or list of such.
std::string text_of(const Json& label) {
  if (label.is_string()) return label;
  if (label.is_number() || label.is_boolean()) return label.dump();
  if (!label.is_array()) return "";
  std::vector<std::string> parts;
  for (const auto& part : label) {
    if (auto text = part.is_array() ? "" : text_of(part); !text.empty()) parts.push_back(std::move(text));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

// The labels of one piece under their names; the first of a name counts.
class Labels {
 public:
  void add(const std::string& name, const std::string& value, Origin origin) {
    if (!value.empty() && values.emplace(name, value).second) origins.emplace(name, std::move(origin));
  }

  Facts values;
  std::map<std::string, Origin> origins;
};

Labels labels_of(const works::CatalogPiece& piece, const works::SupportedFields& fields, const PieceFeatures& features) {
  Labels labels;
  for (const auto& [name, field] : fields) labels.add(name, field.value, {works::kAnnotationsFile, field.evidence, field.url});
  for (const auto& [name, label] : piece.labels.items()) labels.add(name, text_of(label), {works::kPiecesFile});
  labels.add("composer", piece.composer, {works::kPiecesFile});
  labels.add("title", piece.title, {works::kPiecesFile});
  const Origin measured = {records::kFeaturesStep.file};
  labels.add("key", features.key.value_or(""), measured);
  labels.add("meter", features.meter.value_or(""), measured);
  if (features.beats_per_minute) labels.add("beats_per_minute", fmt::format("{}", *features.beats_per_minute), measured);
  return labels;
}

// Values that annotations give a tag with values of its own, and that are none of them: a vocabulary changed since.
class UnknownValues {
 public:
  explicit UnknownValues(const records::Tags& tags) : tags_(tags) {}

  void add(const Piece& piece, const Facts& labels) {
    for (const auto& tag : tags_.tags) {
      const auto origin = piece.origins.find(tag.source());
      const bool is_annotated = origin != piece.origins.end() && origin->second.file == works::kAnnotationsFile;
      if (is_annotated && !piece.labels.contains(tag.name)) ++counts_[tag.name][labels.at(tag.source())];
    }
  }

  void warn() const {
    for (const auto& [tag, values] : counts_) {
      for (const auto& [value, count] : values)
        log::warning("{}: \"{}\" is no value of the tag {} (corpus.tag_file): {} pieces have no {}", works::kAnnotationsFile, value, tag,
                     count, tag);
    }
  }

 private:
  const records::Tags& tags_;
  std::map<std::string, std::map<std::string, std::size_t>> counts_;  // of values, by tag
};

}  // namespace

void add_catalog_labels(Segments& segments, const TagFacts& facts, const fs::path& folder) {
  const auto features = read_features(folder);
  const bool has_annotations = fs::exists(folder / works::kAnnotationsFile);
  const auto annotations = has_annotations ? works::read_supported_fields(folder) : std::map<std::string, works::SupportedFields>();
  UnknownValues unknown(facts.tags());
  const auto label = [&](Piece& piece, const works::CatalogPiece& from) {
    const auto measured = features.find(from.id);
    if (measured == features.end())
      throw InputError((folder / records::kFeaturesStep.file).string(), from.id, "has no line: `midillama data features` measures it");
    const auto fields = annotations.find(from.work);
    auto labels = labels_of(from, fields == annotations.end() ? works::SupportedFields() : fields->second, measured->second);
    piece.collection = from.source;
    piece.composer = from.composer;
    piece.place = from.file;
    piece.seconds = measured->second.seconds;
    piece.states_meter = measured->second.states_meter;
    piece.states_tempo = measured->second.states_tempo;
    piece.labels = facts.of_labels(labels.values);
    piece.origins = std::move(labels.origins);
    unknown.add(piece, labels.values);
  };
  std::unordered_map<std::string, Piece*> pieces;
  for (auto& piece : segments.pieces) pieces.emplace(piece.id, &piece);
  Disputes disputes(facts.tags());
  works::for_each_piece(folder, [&](const works::CatalogPiece& from) {
    if (const auto kept = segments.copy_of.find(from.id); kept != segments.copy_of.end()) {
      Piece copy;
      label(copy, from);
      disputes.add(kept->second, copy);
    }
    const auto found = pieces.find(from.id);
    if (found == pieces.end()) return;
    label(*found->second, from);
    disputes.add(from.id, *found->second);
    pieces.erase(found);
  });
  if (!pieces.empty())
    throw InputError((folder / records::kSegmentStep.file).string(), pieces.begin()->first,
                     fmt::format("is no piece of {}: `midillama data segment` cuts the clips again", works::kPiecesFile));
  for (auto& piece : segments.pieces) disputes.settle(piece);
  unknown.warn();
}

}  // namespace midillama::corpus
