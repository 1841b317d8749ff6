#include "midillama/records/question_file.h"

#include "records/question_lines.h"

#include <fmt/format.h>

#include <set>
#include <utility>

namespace midillama::records {
namespace fs = std::filesystem;
namespace {

fs::path existing_file(const fs::path& data_dir, const std::string& split) {
  require_split(data_dir, split);
  return split_file(data_dir, split);
}

}  // namespace

QuestionFile::QuestionFile(fs::path data_dir, const std::string& split)
    : data_dir_(std::move(data_dir)), file_(split_file(data_dir_, split).string()), bytes_(existing_file(data_dir_, split)) {
  std::set<fs::path> seen;
  read_valid_lines(data_dir_, split, [&](const Question& question, const LinePlace& place) {
    lines_.push_back({place.begin, static_cast<std::uint32_t>(place.length), static_cast<std::uint32_t>(place.number)});
    if (seen.insert(question.clip).second) clips_.push_back(question.clip);
  });
}

Question QuestionFile::at(std::size_t index) const {
  const auto& [begin, length, number] = lines_.at(index);
  const auto place = fmt::format("line {}", number);
  try {
    auto question = parse_question(bytes_.read(begin, length));
    question.place = fmt::format("{}: {}", file_, place);
    question.clip = data_dir_ / question.clip;
    return question;
  } catch (const Mistake& mistake) {
    throw InputError(file_, place, fmt::format("{}: the file was changed while it was in use", mistake.what()));
  }
}

void QuestionFile::for_each(const OnQuestion& record) const {
  for (std::size_t i = 0; i < size(); ++i) record(at(i));
}

QuestionFile open_questions(const fs::path& data_dir, const std::string& split) {
  QuestionFile questions(data_dir, split);
  if (questions.size() == 0) fail_empty_split(data_dir, split);
  return questions;
}

std::optional<QuestionFile> open_optional_questions(const fs::path& data_dir, const std::string& split) {
  if (split.empty() || !fs::exists(split_file(data_dir, split))) return std::nullopt;
  QuestionFile questions(data_dir, split);
  if (questions.size() == 0) return std::nullopt;
  return questions;
}

}  // namespace midillama::records
