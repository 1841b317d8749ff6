// The records of a dataset: one question about one clip a line (DATASET/{train,valid,test}.jsonl, see docs/formats.md).
#pragma once

#include "midillama/core/file.h"

#include <filesystem>
#include <string>
#include <vector>

namespace midillama::data {

struct Question {
  std::string id;
  std::string piece;
  std::filesystem::path clip;  // absolute, or relative to the working directory: data.dir is already in front
  std::string task;            // "qa" or "caption"
  std::string tag;
  std::string question;
  std::string answer;
  Json facts = Json::object();
  std::string place;  // "data/folk/train.jsonl: line 17", for errors
};

// In file order. InputError naming file, line and key where a record is malformed or the split has no record.
std::vector<Question> read_questions(const std::filesystem::path& data_dir, const std::string& split);

// DATA_DIR/SPLIT.jsonl
std::filesystem::path split_file(const std::filesystem::path& data_dir, const std::string& split);

}  // namespace midillama::data
