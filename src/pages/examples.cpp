#include "midillama/pages/examples.h"

#include "midillama/core/error.h"
#include "midillama/core/numbers.h"
#include "midillama/midi/file.h"
#include "midillama/records/checked_facts.h"
#include "midillama/records/tags.h"
#include "midillama/web/clip_view.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

namespace midillama::pages {
namespace fs = std::filesystem;
namespace {

// A line of a predictions file, as far as a page shows it.
struct Answered {
  std::string id, tag, question, text, reference;
};

std::vector<Answered> read_answers(const fs::path& predictions) {
  std::vector<Answered> answers;
  const std::string file = predictions.string();
  for_each_json_line(predictions, [&](const Json& line, std::size_t number) {
    const std::string place = fmt::format("line {}", number);
    const auto text = [&](const char* key) { return line.contains(key) ? json_get<std::string>(line, key, file, place) : std::string(); };
    Answered answer = {.id = json_get<std::string>(line, "id", file, place),
                       .tag = text("tag"),
                       .question = text("question"),
                       .text = json_get<std::string>(line, "prediction", file, place),
                       .reference = {}};
    if (line.contains("references")) {
      const auto references = json_get<std::vector<std::string>>(line, "references", file, place);
      if (!references.empty()) answer.reference = references.front();
    }
    answers.push_back(std::move(answer));
  });
  return answers;
}

// At most `most` of them in their order. Neighbours in the list that is cut have the same tag: every tag keeps its part, however regularly
// the file repeats them.
std::vector<Answered> spread(const std::vector<Answered>& answers, std::size_t most) {
  if (answers.size() <= most) return answers;
  std::vector<std::size_t> by_tag(answers.size());
  std::iota(by_tag.begin(), by_tag.end(), std::size_t{0});
  std::ranges::stable_sort(by_tag, {}, [&](std::size_t i) { return answers[i].tag; });
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < most; ++i) chosen.push_back(by_tag[i * answers.size() / most]);
  std::ranges::sort(chosen);
  std::vector<Answered> kept;
  for (const std::size_t i : chosen) kept.push_back(answers[i]);
  return kept;
}

// The dataset's questions that are asked for, and its tags.
struct Dataset {
  records::Tags tags;
  std::map<std::string, records::Question> questions;  // by id

  Dataset(const ExampleSource& source, const std::set<std::string>& ids) : tags(records::dataset_tags(source.data_dir)) {
    for (records::Question& question : records::read_questions(source.data_dir, source.split)) {
      if (ids.contains(question.id)) questions.emplace(question.id, std::move(question));
    }
  }
  // nullptr where the dataset asks something else under this id.
  const records::Question* find(const Answered& answer) const {
    const auto question = questions.find(answer.id);
    const bool is_same = question != questions.end() && (answer.question.empty() || question->second.question == answer.question);
    return is_same ? &question->second : nullptr;
  }
};

std::optional<Dataset> read_dataset(const ExampleSource& source, const std::vector<Answered>& answers, std::vector<Block>& blocks) {
  std::set<std::string> ids;
  for (const Answered& answer : answers) ids.insert(answer.id);
  try {
    return Dataset(source, ids);
  } catch (const Error& error) {
    blocks.push_back(Paragraph{
        fmt::format(
            "{} is shown without music and without right or wrong, which its dataset tells ({}). --set data.dir=DIR says where it is.",
            source.task, error.what()),
        true});
    return std::nullopt;
  }
}

std::vector<std::string> tags_of(const records::Question& question) {
  std::vector<std::string> tags = {question.tag};
  tags.insert(tags.end(), question.also.begin(), question.also.end());
  return tags;
}

Answer judged(std::string system, const std::string& text, const Dataset& dataset, const records::Question& question) {
  Answer answer{.system = std::move(system), .text = text};
  if (records::checked_facts(dataset.tags, question).empty()) return answer;
  const std::vector<std::string> wrong = records::wrong_facts(dataset.tags, question, text);
  answer.verdict = wrong.empty() ? Verdict::right : Verdict::wrong;
  if (wrong != std::vector{question.tag}) answer.note = fmt::format("{}", fmt::join(wrong, ", "));
  return answer;
}

// Clips that could not be read, and why the first could not.
struct Unread {
  std::set<std::string> clips;
  std::string why;
};

void add_clip(Examples& examples, const std::string& clip, Unread& unread) {
  if (examples.clips.contains(clip) || unread.clips.contains(clip)) return;
  try {
    examples.clips[clip] = web::view_of(midi::read_midi(clip));
  } catch (const Error& error) {
    if (unread.clips.empty()) unread.why = error.what();
    unread.clips.insert(clip);
  }
}

// The answers of every file by the id of their question.
using AnswersById = std::vector<std::map<std::string, Answered>>;

std::vector<Answer> answers_to(const Answered& asked, const ExampleSource& source, const AnswersById& by_id,
                               const std::function<Answer(const std::string& system, const std::string& text)>& judge) {
  std::vector<Answer> answers;
  for (std::size_t i = 0; i < by_id.size(); ++i) {
    const auto answer = by_id[i].find(asked.id);
    // An evaluation of other questions may have the same ids.
    const bool is_there = answer != by_id[i].end() && answer->second.question == asked.question;
    if (is_there) answers.push_back(judge(source.answers[i].system, answer->second.text));
  }
  return answers;
}

Example example_of(const Answered& asked, const ExampleSource& source, const AnswersById& by_id) {
  Example example{.id = asked.id,
                  .task = source.task,
                  .tags = {asked.tag},
                  .clip = {},
                  .question = asked.question,
                  .reference = asked.reference,
                  .answers = {}};
  example.answers =
      answers_to(asked, source, by_id, [](const auto& system, const auto& text) { return Answer{.system = system, .text = text}; });
  return example;
}

Example example_of(const Answered& asked, const ExampleSource& source, const AnswersById& by_id, const Dataset& dataset,
                   const records::Question& question) {
  Example example{.id = question.id,
                  .task = source.task,
                  .tags = tags_of(question),
                  .clip = question.clip.string(),
                  .earlier = question.earlier,
                  .question = question.question,
                  .reference = question.answer,
                  .answers = {}};
  example.answers =
      answers_to(asked, source, by_id, [&](const auto& system, const auto& text) { return judged(system, text, dataset, question); });
  return example;
}

Paragraph notice(const std::string& task, const std::string& what) {
  return {fmt::format("{}: {}", task, what), true};
}

}  // namespace

void add_examples(Examples& examples, const ExampleSource& source, std::size_t most) {
  AnswersById by_id;
  std::vector<Answered> asked;
  for (const AnswerFile& file : source.answers) {
    const std::vector<Answered> answers = read_answers(file.predictions);
    if (by_id.empty()) asked = answers;
    auto& of_system = by_id.emplace_back();
    for (const Answered& answer : answers) of_system.emplace(answer.id, answer);
  }
  const std::vector<Answered> chosen = spread(asked, most);
  if (chosen.empty()) return;
  const auto dataset = read_dataset(source, chosen, examples.blocks);

  std::size_t others = 0;
  Unread unread;
  for (const Answered& row : chosen) {
    const records::Question* question = dataset ? dataset->find(row) : nullptr;
    if (question == nullptr) {
      if (dataset) ++others;
      examples.items.push_back(example_of(row, source, by_id));
      continue;
    }
    examples.items.push_back(example_of(row, source, by_id, *dataset, *question));
    add_clip(examples, examples.items.back().clip, unread);
  }

  if (chosen.size() < asked.size())
    examples.blocks.push_back(
        Paragraph{fmt::format("{}: {} of {} questions, evenly spread.", source.task, with_commas(static_cast<std::int64_t>(chosen.size())),
                              with_commas(static_cast<std::int64_t>(asked.size())))});
  if (others > 0)
    examples.blocks.push_back(notice(
        source.task, fmt::format("{} of the questions are not in {} now: their answers are without music and without right or wrong.",
                                 others, records::split_file(source.data_dir, source.split).string())));
  if (!unread.clips.empty())
    examples.blocks.push_back(
        notice(source.task, fmt::format("{} cannot be shown. The first: {}",
                                        unread.clips.size() == 1 ? "one clip" : fmt::format("{} clips", unread.clips.size()), unread.why)));
}

}  // namespace midillama::pages
