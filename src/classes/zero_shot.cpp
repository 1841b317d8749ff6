#include "midillama/classes/zero_shot.h"

#include "midillama/chat/ask_all.h"
#include "midillama/core/about_file.h"
#include "midillama/core/error.h"
#include "midillama/core/log.h"
#include "midillama/core/parallel_for.h"
#include "midillama/midi/file.h"
#include "midillama/music/clip_text.h"
#include "midillama/text/casefold.h"
#include "midillama/text/utf8.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace midillama::classes {
namespace fs = std::filesystem;
namespace {

// "genre", "genres"
std::string key_of(const Task& task) {
  return task.multi_label ? task.name + 's' : task.name;
}

OrderedJson schema_of(const Task& task) {
  OrderedJson one = {{"type", "string"}, {"enum", task.classes}};
  if (task.multi_label) one = {{"type", "array"}, {"items", one}, {"minItems", 1}, {"maxItems", task.classes.size()}};
  return {{"type", "object"}, {"properties", {{key_of(task), one}}}, {"required", {key_of(task)}}, {"additionalProperties", false}};
}

std::string instructions(const Task& task, const std::string& notation) {
  return fmt::format(
      "You are told a piece of music, {}. Say which {} it is, by the sound of it. Answer in JSON: {{\"{}\": …}}, with {} of: {}.",
      music::clip_text_from_name(notation).words, task.multi_label ? fmt::format("{}s", task.name) : task.name, key_of(task),
      task.multi_label ? "a list of one or more" : "one", fmt::join(task.classes, ", "));
}

// What models change in a name that they repeat: space around it, and its case.
std::string plain(std::string_view name) {
  return text::casefold(text::strip(name));
}

std::optional<std::size_t> class_named(const Json& name, const Task& task) {
  if (!name.is_string()) return std::nullopt;
  const auto& told = name.get_ref<const std::string&>();
  auto found = std::ranges::find(task.classes, told);
  if (found == task.classes.end()) found = std::ranges::find(task.classes, text::strip(told));
  if (found == task.classes.end())
    found = std::ranges::find(task.classes, plain(told), [](const std::string& known) { return plain(known); });
  return found == task.classes.end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - task.classes.begin()));
}

}  // namespace

PieceText write_piece(const fs::path& file, const config::Prompt& config) {
  const music::ClipText& kind = music::clip_text_from_name(config.notes);
  const auto notation = about_file(file, [&] { return kind.write(midi::read_midi(file), {.grid = static_cast<int>(config.grid)}); });
  const std::size_t measures = music::measures_within(notation, config.notes_tokens, chat::about_tokens);
  if (notation.measures() == 0) throw InputError(file.string(), "", "has no notes");
  if (measures == 0)
    throw InputError(file.string(), "", fmt::format("its first measure is longer than prompt.notes_tokens ({})", config.notes_tokens));
  return {.text = notation.text(measures), .measures = measures, .left_out = notation.measures() - measures};
}

chat::Call question_about(const std::string& piece, const Task& task, const config::Config& config) {
  const std::string& system = config.prompt.system;
  return {.messages = {{"system", system.empty() ? instructions(task, config.prompt.notes) : system},
                       {"user", fmt::format("{}\n\nWhich {} is this piece?", text::rstrip(piece), key_of(task))}},
          .temperature = config.generate.temperature,
          .max_tokens = config.generate.max_new_tokens,
          .seed = static_cast<std::int64_t>(config.run.seed),
          .schema = chat::Schema{key_of(task), schema_of(task)}};
}

std::optional<std::vector<std::size_t>> read_answer(const std::string& answer, const Task& task) {
  const Json json = Json::parse(answer, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains(key_of(task))) return std::nullopt;
  const Json& told = json[key_of(task)];
  const std::vector<Json> names = told.is_array() ? std::vector<Json>(told.begin(), told.end()) : std::vector<Json>{told};
  std::vector<std::size_t> classes;
  for (const Json& name : names) {
    const auto known = class_named(name, task);
    if (!known) return std::nullopt;
    classes.push_back(*known);
  }
  const bool fits = task.multi_label ? !classes.empty() : classes.size() == 1;
  return fits ? std::optional(classes) : std::nullopt;
}

ZeroShot ask_classes(const Task& task, const config::Config& config) {
  const auto& pieces = task.parts.test;
  std::vector<PieceText> texts(pieces.size());
  std::vector<chat::Answer> answers(pieces.size());
  parallel_for(pieces.size(), [&](std::size_t i) {
    try {
      texts[i] = write_piece(pieces[i].file, config.prompt);
    } catch (const InputError& error) {
      answers[i].problem = error.what();
    }
  });
  std::vector<std::size_t> asked;
  for (std::size_t i = 0; i < pieces.size(); ++i)
    if (answers[i].is_usable()) asked.push_back(i);
  chat::RequestLog requests(fs::path(config.run.dir) / "eval" / "requests.jsonl");
  auto told_of = chat::ask_all(
      task.name, asked.size(), [&](std::size_t i) { return question_about(texts[asked[i]].text, task, config); }, config.chat, requests);
  for (std::size_t i = 0; i < asked.size(); ++i) answers[asked[i]] = std::move(told_of[i]);

  std::size_t failed_calls = 0;
  ZeroShot told{.scores = Scores(pieces.size(), std::vector<double>(task.classes.size()))};
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    told.tokens += static_cast<double>(chat::about_tokens(texts[i].text)) / static_cast<double>(pieces.size());
    told.measures_left_out += static_cast<std::int64_t>(texts[i].left_out);
    if (texts[i].left_out > 0) ++told.cut_pieces;
    const auto classes = answers[i].is_usable() ? read_answer(answers[i].text, task) : std::nullopt;
    if (!classes) {
      if (!texts[i].text.empty() && !answers[i].is_usable()) ++failed_calls;
      const std::string why = answers[i].is_usable()
                                  ? fmt::format("\"{}\" does not name {}", answers[i].text, task.multi_label ? "classes" : "one class")
                                  : answers[i].problem;
      told.unanswered.push_back(fmt::format("{}: {}", pieces[i].id, why));
      continue;
    }
    for (const std::size_t named : *classes) told.scores[i][named] = 1;
  }
  if (!told.unanswered.empty())
    log::warning(
        "{} of {} pieces have no answer and count as told nothing (the first is {}){}", told.unanswered.size(), pieces.size(),
        told.unanswered.front(),
        failed_calls > 0 && !config.chat.replay ? fmt::format("; the same command repeats calls that failed ({})", failed_calls) : "");
  return told;
}

}  // namespace midillama::classes
