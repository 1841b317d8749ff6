#include "midillama/data/question.h"

#include <fmt/format.h>

namespace midillama::data {
namespace {

Question parse(const Json& record, const std::filesystem::path& data_dir, const std::string& file, std::size_t line) {
  const std::string place = fmt::format("line {}", line);
  const auto text = [&](const char* key) { return json_get<std::string>(record, key, file, place); };
  Question question;
  question.id = text("id");
  question.piece = text("piece");
  question.clip = data_dir / text("clip");
  question.task = text("task");
  question.tag = text("tag");
  question.question = text("question");
  question.answer = text("answer");
  if (question.task != "qa" && question.task != "caption") {
    throw InputError(file, place, fmt::format("\"task\" is \"{}\": \"qa\" or \"caption\" is right", question.task));
  }
  if (question.answer.empty()) throw InputError(file, place, "\"answer\" is empty");
  if (record.contains("facts")) question.facts = record["facts"];
  question.place = fmt::format("{}: {}", file, place);
  return question;
}

}  // namespace

std::vector<Question> read_questions(const std::filesystem::path& data_dir, const std::string& split) {
  const auto file = split_file(data_dir, split);
  if (!std::filesystem::exists(file)) {
    throw InputError(file.string(), "", "there is no such split (data.dir): `midillama data build` makes the dataset of a configuration");
  }
  std::vector<Question> questions;
  for_each_json_line(file,
                     [&](const Json& record, std::size_t line) { questions.push_back(parse(record, data_dir, file.string(), line)); });
  if (questions.empty()) throw InputError(file.string(), "", "has no record");
  return questions;
}

std::filesystem::path split_file(const std::filesystem::path& data_dir, const std::string& split) {
  return data_dir / (split + ".jsonl");
}

}  // namespace midillama::data
