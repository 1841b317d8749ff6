#include "description.h"

#include "midillama/core/hash.h"
#include "midillama/core/json_text.h"
#include "midillama/corpus/splits.h"

#include <fmt/format.h>

#include <set>

namespace midillama::corpus {
namespace {

OrderedJson places(const std::vector<Skipped>& skipped) {
  OrderedJson list = OrderedJson::array();
  for (const auto& [place, reason] : skipped) list.push_back({{"place", place}, {"reason", reason}});
  return list;
}

OrderedJson collection_table(const CollectionCounts& read, const CollectionCounts& kept) {
  OrderedJson table = OrderedJson::object();
  for (const auto& [name, count] : read) table[name] = {{"read", count}, {"kept", kept.count(name) != 0 ? kept.at(name) : 0}};
  return table;
}

}  // namespace

OrderedJson settings_json(const config::Corpus& config) {
  OrderedJson values = OrderedJson::object();
  config::Corpus::visit(config, [&](const char* key, const auto& value) { values[key] = value; });
  return values;
}

OrderedJson tags_json(const TagFacts& tag_facts) {
  return {{"fingerprint", fingerprint(tag_facts.tags().text)}, {"bounds", tag_facts.bounds()}};
}

OrderedJson provenance_json(const Provenance& provenance) {
  OrderedJson files = OrderedJson::array();
  for (const auto& file : provenance.files) files.push_back({{"path", file.path}, {"fingerprint", file.fingerprint}});
  return {{"converter", provenance.converter}, {"files", std::move(files)}};
}

CollectionCounts pieces_by_collection(const std::vector<Piece>& pieces) {
  CollectionCounts counts;
  for (const auto& piece : pieces) ++counts[piece.collection];
  return counts;
}

OrderedJson describe_split(const std::filesystem::path& jsonl, const records::Tags& declared) {
  std::set<std::string> pieces;
  std::map<std::filesystem::path, Facts> clips;
  std::size_t questions = 0;
  std::size_t captions = 0;
  const auto count = [&](const records::Question& question) {
    pieces.insert(question.piece);
    clips[question.clip] = question.facts;
    ++(question.task == "caption" ? captions : questions);
  };
  records::read_lines(jsonl, declared, count, [](const std::string&, const std::string&) {});
  OrderedJson tags = OrderedJson::object();
  for (const auto& tag : declared.names()) {
    std::map<std::string, std::size_t> counts;
    for (const auto& [clip, facts] : clips) {
      if (const auto fact = facts.find(tag); fact != facts.end()) ++counts[fact->second];
    }
    if (!counts.empty()) tags[tag] = counts;
  }
  return {{"pieces", pieces.size()},
          {"clips", clips.size()},
          {"questions", questions},
          {"captions", captions},
          {"fingerprint", fingerprint_file(jsonl)},
          {"tags", std::move(tags)}};
}

OrderedJson vocabulary(const OrderedJson& splits, const records::Tags& tags) {
  std::map<std::string, std::set<std::string>> values;
  for (const auto& [name, split] : splits.items()) {
    for (const auto& [tag, counts] : split.at("tags").items()) {
      for (const auto& [value, count] : counts.items()) values[tag].insert(value);
    }
  }
  OrderedJson result = OrderedJson::object();
  for (const auto& tag : tags.names()) {
    if (values.count(tag) != 0) result[tag] = values.at(tag);
  }
  return result;
}

void write_description(const config::Corpus& config, const TagFacts& tag_facts, const Provenance& provenance, const CollectionCounts& read,
                       const CollectionCounts& kept, const BuildReport& report, const std::filesystem::path& directory) {
  const auto& tags = tag_facts.tags();
  OrderedJson splits = OrderedJson::object();
  for (const auto split : records::all_splits())
    splits[records::name(split)] = describe_split(records::split_file(directory, records::name(split)), tags);
  const OrderedJson description = {{"format", kDatasetFormat},
                                   {"pieces",
                                    {{"read", report.read},
                                     {"unreadable", report.skipped.size()},
                                     {"duplicates", report.duplicates.size()},
                                     {"too_short", report.without_clips.size()},
                                     {"kept", report.pieces}}},
                                   {"collections", collection_table(read, kept)},
                                   {"splits", splits},
                                   {"vocabulary", vocabulary(splits, tags)},
                                   {"tags", tags_json(tag_facts)},
                                   {"settings", settings_json(config)},
                                   {"sources", provenance_json(provenance)},
                                   {"unreadable", places(report.skipped)},
                                   {"duplicates", places(report.duplicates)},
                                   {"too_short", places(report.without_clips)}};
  write_atomically(directory / "dataset.json", json_text(description, 2) + '\n');
}

}  // namespace midillama::corpus
