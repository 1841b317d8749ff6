// The questions of a split, left where they are: memory holds where each line begins (16 bytes a question), and a question is read again
// whenever it is asked for. Millions of them are trained on so.
#pragma once

#include "midillama/core/random_access_file.h"
#include "midillama/records/question.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace midillama::records {

class QuestionFile {
 public:
  // Reads every line once, in order; there may be none. InputError as read_questions() has it.
  QuestionFile(std::filesystem::path data_dir, const std::string& split);

  std::size_t size() const { return lines_.size(); }
  // As read_questions() gives it; from several threads at once. InputError where the file was changed meanwhile.
  Question at(std::size_t index) const;
  // Each in turn.
  void for_each(const OnQuestion& record) const;
  // The clips of the questions, each once, in the order in which they first come.
  const std::vector<std::filesystem::path>& clips() const { return clips_; }

 private:
  struct Place {
    std::uint64_t begin;   // byte
    std::uint32_t length;  // bytes
    std::uint32_t number;  // of the line
  };

  std::filesystem::path data_dir_;
  std::string file_;
  RandomAccessFile bytes_;
  std::vector<Place> lines_;
  std::vector<std::filesystem::path> clips_;
};

// InputError where there is no question.
QuestionFile open_questions(const std::filesystem::path& data_dir, const std::string& split);

// Nothing for a split that a dataset may lack or leave empty, as small ones do with the validation split.
std::optional<QuestionFile> open_optional_questions(const std::filesystem::path& data_dir, const std::string& split);

}  // namespace midillama::records
