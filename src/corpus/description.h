// dataset.json: what a dataset holds and how it was made.
#pragma once

#include "corpus/tag_facts.h"
#include "midillama/config/schema.h"
#include "midillama/core/file.h"
#include "midillama/corpus/dataset.h"
#include "midillama/records/question.h"
#include "midillama/records/split.h"

#include <cstddef>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace midillama::corpus {

inline constexpr int kDatasetFormat = 1;  // raised when a reader of older datasets would misread newer ones

using CollectionCounts = std::map<std::string, std::size_t>;
CollectionCounts pieces_by_collection(const std::vector<Piece>& pieces);

// What a split has, counted line by line, so that no more than its clips are in memory.
class SplitCounts {
 public:
  void add(const records::Question& question);
  void add(const SplitCounts& other);

  // Pieces, clips, questions, captions, the file's fingerprint, clips of each value of each tag, clips that have free text.
  OrderedJson json(const records::Tags& tags, const std::string& fingerprint) const;
  std::size_t lines() const { return questions_ + captions_; }

 private:
  std::set<std::string> pieces_;
  std::map<std::string, Facts> clips_;
  std::string last_clip_;  // lines about a clip follow each other
  std::size_t questions_ = 0;
  std::size_t captions_ = 0;
};

// The values of each tag over all splits, sorted.
OrderedJson vocabulary(const OrderedJson& splits, const records::Tags& tags);

// The keys of dataset.json that say how a dataset was made.
OrderedJson settings_json(const config::Corpus& config);
OrderedJson provenance_json(const Provenance& provenance);
OrderedJson tags_json(const TagFacts& tag_facts);

// What a build made.
struct Built {
  const config::Corpus& config;
  const TagFacts& tag_facts;
  const Provenance& provenance;
  const CollectionCounts& read;
  const std::vector<Piece>& pieces;              // kept
  const std::vector<records::Split>& splits;     // of each piece
  const std::vector<std::vector<Facts>>& facts;  // of each clip of each piece
  const OrderedJson& described;                  // SplitCounts of each side, by its name
  const BuildReport& report;
  OrderedJson writing = nullptr;  // QuestionWriter::description()
};

// Writes dataset.json into `directory`, where the splits are already.
void write_description(const Built& built, const std::filesystem::path& directory);

}  // namespace midillama::corpus
