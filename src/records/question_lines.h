// Lines of a split with their places: what question.h and question_file.h read through.
#pragma once

#include "midillama/records/question.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace midillama::records {

// What is wrong with a line.
class Mistake : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Where a line is in its file.
struct LinePlace {
  std::uint64_t begin;  // byte
  std::size_t length;   // bytes
  std::size_t number;   // from 1 on
};
using OnQuestionAt = std::function<void(Question question, const LinePlace& place)>;

// Without its place; the clip as the line has it. Mistake where it has not the form of a question.
Question parse_question(std::string_view line);

// read_lines() with places.
void read_lines_at(const std::filesystem::path& file, const Tags& tags, const OnQuestionAt& record, const OnProblem& problem);

// Of a split that is there, with the folder before the clips. InputError after the last line where one is not valid.
void read_valid_lines(const std::filesystem::path& data_dir, const std::string& split, const OnQuestionAt& record);

// InputError where there is no such split.
void require_split(const std::filesystem::path& data_dir, const std::string& split);
// InputError: the split has no line.
[[noreturn]] void fail_empty_split(const std::filesystem::path& data_dir, const std::string& split);

}  // namespace midillama::records
