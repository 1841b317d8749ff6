#include "description.h"

#include "corpus/unseen.h"
#include "corpus/written_files.h"
#include "midillama/core/hash.h"
#include "midillama/core/json_text.h"
#include "midillama/corpus/splits.h"
#include "midillama/records/question.h"
#include "midillama/text/utf8.h"
#include "midillama/works/work_id.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

namespace midillama::corpus {
namespace {

// File names need not be UTF-8, JSON must be.
std::string valid_name(const std::string& name) {
  std::string storage;
  return std::string(text::valid_utf8(name, storage));
}

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

// How many of the clips whose key comes from a label sound in that key by the measure: the label is the piece's, and clips modulate.
OrderedJson keys_json(const Built& built) {
  OrderedJson keys = OrderedJson::object();
  for (const auto& tag : built.tag_facts.tags().tags) {
    if (tag.kind != "key" || tag.source() == "estimated_key") continue;
    std::size_t stated = 0, agree = 0;
    for (std::size_t i = 0; i < built.pieces.size(); ++i) {
      for (std::size_t clip = 0; clip < built.facts[i].size(); ++clip) {
        const auto fact = built.facts[i][clip].find(tag.name);
        if (fact == built.facts[i][clip].end()) continue;
        ++stated;
        const auto& labels = built.pieces[i].clips[clip].labels;
        const auto heard = labels.find("aarden_key");
        if (heard != labels.end() && heard->second == fact->second) ++agree;
      }
    }
    keys[tag.name] = {{"clips", stated}, {"as_estimated", agree}};
  }
  return keys;
}

// Of a source that knows works: how many works and composers the pieces of `split` are of, or all pieces.
OrderedJson works_json(const Built& built, std::optional<Split> split = std::nullopt) {
  std::set<std::string> works, composers;
  for (std::size_t i = 0; i < built.pieces.size(); ++i) {
    const auto& piece = built.pieces[i];
    if ((split && built.splits[i] != *split) || piece.work.empty()) continue;
    works.insert(piece.work);
    if (!piece.composer.empty()) composers.insert(works::folded_name(piece.composer));
  }
  return {{"works", works.size()}, {"composers", composers.size()}};
}

// How much of the pieces is in clips.
OrderedJson coverage_json(const Built& built) {
  double pieces = 0, clips = 0;
  for (const auto& piece : built.pieces) {
    pieces += piece.seconds;
    for (const auto& clip : piece.clips) clips += clip.span.end.value - clip.span.start.value;
  }
  const auto rounded = [](double seconds) { return std::round(seconds * 1000) / 1000; };
  return {{"seconds_of_pieces", rounded(pieces)}, {"seconds_of_clips", rounded(clips)}};
}

OrderedJson rare_json(const std::vector<RareValue>& rare) {
  OrderedJson list = OrderedJson::array();
  for (const auto& [tag, value, pieces] : rare) list.push_back({{"tag", tag}, {"value", value}, {"pieces", pieces}});
  return list;
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
  for (const auto& file : provenance.files) files.push_back({{"path", valid_name(file.path)}, {"fingerprint", file.fingerprint}});
  return {{"converter", provenance.converter}, {"files", std::move(files)}};
}

CollectionCounts pieces_by_collection(const std::vector<Piece>& pieces) {
  CollectionCounts counts;
  for (const auto& piece : pieces) ++counts[piece.collection];
  return counts;
}

void SplitCounts::add(const records::Question& question) {
  ++(question.task == "caption" ? captions_ : questions_);
  if (question.clip.native() == last_clip_) return;
  last_clip_ = question.clip.native();
  pieces_.insert(question.piece);
  clips_.try_emplace(last_clip_, question.facts);
}

void SplitCounts::add(const SplitCounts& other) {
  questions_ += other.questions_;
  captions_ += other.captions_;
  pieces_.insert(other.pieces_.begin(), other.pieces_.end());
  clips_.insert(other.clips_.begin(), other.clips_.end());
}

OrderedJson SplitCounts::json(const records::Tags& declared, const std::string& fingerprint) const {
  OrderedJson tags = OrderedJson::object();
  OrderedJson texts = OrderedJson::object();
  for (const auto& tag : declared.tags) {
    std::map<std::string, std::size_t> counts;
    std::size_t known = 0;
    for (const auto& [clip, facts] : clips_) {
      const auto fact = facts.find(tag.name);
      if (fact == facts.end()) continue;
      ++known;
      if (tag.is_checkable()) ++counts[fact->second];
    }
    if (!counts.empty()) tags[tag.name] = counts;
    if (known > 0 && !tag.is_checkable()) texts[tag.name] = known;
  }
  OrderedJson description = {{"pieces", pieces_.size()}, {"clips", clips_.size()},     {"questions", questions_},
                             {"captions", captions_},    {"fingerprint", fingerprint}, {"tags", std::move(tags)}};
  if (!texts.empty()) description["texts"] = std::move(texts);
  return description;
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

void write_description(const Built& built, const std::filesystem::path& directory) {
  const auto& tags = built.tag_facts.tags();
  const auto& report = built.report;
  OrderedJson description = {{"format", kDatasetFormat},
                             {"pieces",
                              {{"read", report.read},
                               {"unreadable", report.skipped.size()},
                               {"duplicates", report.duplicates.size()},
                               {"too_short", report.without_clips.size()},
                               {"kept", report.pieces}}},
                             {"collections", collection_table(built.read, pieces_by_collection(built.pieces))},
                             {"splits", built.described},
                             {"vocabulary", vocabulary(built.described, tags)},
                             {"tags", tags_json(built.tag_facts)},
                             {"keys", keys_json(built)},
                             {"rare", rare_json(report.rare)},
                             {"settings", settings_json(built.config)},
                             {"sources", provenance_json(built.provenance)},
                             {"unreadable", places(report.skipped)},
                             {"duplicates", places(report.duplicates)},
                             {"too_short", places(report.without_clips)}};
  if (std::ranges::any_of(built.pieces, [](const Piece& piece) { return !piece.work.empty(); })) {
    for (const auto split : records::all_splits()) description["works"][records::name(split)] = works_json(built, split);
    description["works_in_all"] = works_json(built);  // a composer may have works on several sides
    description["coverage"] = coverage_json(built);
  }
  if (!built.writing.is_null()) description["writing"] = built.writing;
  const auto unseen = records::split_file(directory, records::kUnseenSplit);
  if (std::filesystem::exists(unseen)) description[records::kUnseenSplit] = describe_unseen(unseen, tags);
  description["written"] = written_files(directory);
  write_atomically(directory / records::kDatasetFile, json_text(description, 2) + '\n');
}

}  // namespace midillama::corpus
