#include "midillama/serve/chat.h"

#include "midillama/core/about_file.h"
#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/core/json_text.h"
#include "midillama/core/log.h"
#include "midillama/core/paths.h"
#include "midillama/midi/file.h"
#include "midillama/text/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace midillama::serve {
namespace {

// Writes an answer as it grows, without the white space around it.
class AnswerWriter {
 public:
  explicit AnswerWriter(std::ostream& out) : out_(out) {}

  void show(std::string_view text_so_far) {
    const auto text = text::strip(text_so_far);
    if (text.size() <= written_.size()) return;
    out_ << text.substr(written_.size()) << std::flush;
    written_ = text;
  }

  // The whole text: the last token may have ended a character.
  void end(const std::string& text) {
    if (text.starts_with(written_)) show(text);
    out_ << std::endl;
  }

 private:
  std::ostream& out_;
  std::string written_;
};

// "10-30", "10-" and "-30", in seconds.
midi::Part part_from(std::string_view text) {
  const auto refuse = [&] { throw UsageError(fmt::format("/clip {}: two times in seconds were expected, as in /clip 10-30", text)); };
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) refuse();
  const auto seconds = [&](std::string_view number) -> std::optional<double> {
    number = text::strip(number);
    if (number.empty()) return std::nullopt;
    double value = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (error != std::errc() || end != number.data() + number.size() || !std::isfinite(value)) refuse();
    return value;
  };
  const auto from = seconds(text.substr(0, dash)), to = seconds(text.substr(dash + 1));
  midi::Part part = {.start = from.value_or(0)};
  if (to && *to <= part.start) throw UsageError(fmt::format("/clip {}: the part ends before it begins", text));
  if (to) part.duration = *to - part.start;
  return part;
}

const char* name_of(text::Role role) {
  return role == text::Role::system ? "system" : role == text::Role::user ? "user" : "assistant";
}

}  // namespace

struct Chat::Command {
  std::string_view name;
  std::string_view argument;  // empty: takes none
  bool is_optional;           // the argument
  std::string_view what;
  void (*run)(Chat& chat, std::string_view argument);
};

const Chat::Command Chat::kCommands[] = {
    {"/midi", "FILE", false, "talk about this file; a new conversation begins",
     [](Chat& chat, std::string_view file) { chat.hear(expand_home(std::string(file))); }},
    {"/clip", "10-30", true, "hear only this part, in seconds (without: all of it); a new conversation begins",
     [](Chat& chat, std::string_view seconds) { chat.hear_part(seconds); }},
    {"/reset", "", false, "forget what was said", [](Chat& chat, std::string_view) { chat.begin_again(); }},
    {"/save", "FILE", false, "write the conversation to a new JSON file",
     [](Chat& chat, std::string_view file) { chat.save(expand_home(std::string(file))); }},
    {"/help", "", false, "show these commands", [](Chat& chat, std::string_view) { chat.answers_ << help() << std::flush; }},
    {"/quit", "", false, "end the conversation (as Ctrl-D does)", [](Chat& chat, std::string_view) { chat.ended_ = true; }},
};

Chat::Chat(generate::Session& session, std::ostream& answers, std::function<bool()> interrupted)
    : session_(session), answers_(answers), interrupted_(std::move(interrupted)) {}

std::string Chat::help() {
  std::string text;
  for (const auto& command : kCommands)
    text += fmt::format("{:<14}{}\n", fmt::format("{} {}", command.name, command.argument), command.what);
  return text;
}

bool Chat::take(std::string_view line) {
  line = text::strip(line);
  if (!text::is_valid_utf8(line)) throw UsageError("the line is not valid UTF-8");
  if (line.starts_with('/')) {
    obey(line);
  } else if (!line.empty()) {
    ask(line);
  }
  return !ended_;
}

void Chat::obey(std::string_view line) {
  const auto end = std::min(line.find_first_of(" \t"), line.size());
  const auto name = line.substr(0, end), argument = text::strip(line.substr(end));
  const auto* command = std::ranges::find(kCommands, name, &Command::name);
  if (command == std::end(kCommands)) throw UsageError(fmt::format("there is no command {}; the commands are\n{}", name, help()));
  if (argument.empty() && !command->argument.empty() && !command->is_optional)
    throw UsageError(fmt::format("{} needs something behind it: {} {}", name, name, command->argument));
  if (!argument.empty() && command->argument.empty()) throw UsageError(fmt::format("{} takes nothing behind it", name));
  command->run(*this, argument);
}

void Chat::hear(const std::filesystem::path& midi) {
  hear(midi, midi::read_midi(midi), {});
}

void Chat::hear_part(std::string_view seconds) {
  if (file_.empty()) throw UsageError("/clip: nothing is heard yet: /midi FILE comes first");
  hear(file_, score_, seconds.empty() ? midi::Part() : part_from(seconds));
}

void Chat::hear(const std::filesystem::path& midi, midi::Score score, const midi::Part& part) {
  const auto clip = midi::part_of(score, part);
  if (clip.note_count() == 0) throw InputError(midi.string(), "", part.is_whole() ? "has no notes" : "has no notes in this part");
  heard_ = about_file(midi, [&] { return session_.hear(clip); });
  file_ = midi.string();
  score_ = std::move(score);
  part_ = part;
  begin_again();
  log::info("{}: {} notes, {:.1f} s", file_, clip.note_count(), clip.to_seconds(clip.end()).value);
}

void Chat::begin_again() {
  conversation_ = {.messages = {}, .notes = heard_.notes};
}

void Chat::ask(std::string_view question) {
  if (asked_ == 0 && file_.empty() && (session_.prompt->has_music() || session_.prompt->has_notes()))
    log::warning("nothing is heard, and the answer is about no music: /midi FILE takes a file to talk about");
  text::Conversation conversation = conversation_;
  conversation.messages.push_back({text::Role::user, std::string(question)});
  generate::Request request = session_.request(conversation, heard_.music);
  request.sampling.stream = asked_;
  AnswerWriter writer(answers_);
  request.on_token = [&](const generate::NewToken& token) {
    writer.show(token.text);
    return !interrupted_();
  };
  const generate::Completion completion = complete(std::move(request));
  ++asked_;
  const std::string answer = session_.decode(completion.token_ids);
  writer.end(answer);
  if (completion.finish == generate::Finish::length)
    log::info("the answer ends at generate.max_new_tokens ({})", session_.sampling.max_new_tokens);
  if (completion.finish == generate::Finish::context) log::info("the answer ends where the model's context is full: /reset makes room");
  if (answer.empty()) return;  // nothing was said that one could refer to
  conversation.messages.push_back({text::Role::assistant, answer});
  conversation_ = std::move(conversation);
}

// A queue that failed in the middle of an answer is of no more use.
generate::Completion Chat::complete(generate::Request request) {
  if (!queue_) queue_ = std::make_unique<generate::Queue>(session_.model, session_.queue_options());
  generate::Completion completion;
  request.on_end = [&](std::size_t, const generate::Completion& ended) { completion = ended; };
  auto queue = std::move(queue_);
  queue->add(std::move(request));
  queue->drain();
  queue_ = std::move(queue);
  if (completion.failure) std::rethrow_exception(completion.failure);
  return completion;
}

void Chat::save(const std::filesystem::path& file) const {
  if (conversation_.messages.empty()) throw UsageError("/save: nothing was said yet");
  if (file == "-") throw UsageError("/save -: the name of a new file is expected");
  const auto folder = file.parent_path();
  if (!folder.empty() && !std::filesystem::is_directory(folder)) throw InputError(folder.string(), "", "is no folder");
  if (std::filesystem::exists(file)) throw InputError(file.string(), "", "exists: choose another name");
  OrderedJson messages = OrderedJson::array();
  for (const auto& message : conversation_.messages) messages.push_back({{"role", name_of(message.role)}, {"content", message.text}});
  OrderedJson json = OrderedJson::object();
  if (!file_.empty()) {
    json["midi"] = file_;
    json["start"] = part_.start;
    json["duration"] = part_.duration ? OrderedJson(*part_.duration) : OrderedJson();
  }
  json["messages"] = std::move(messages);
  write_atomically(file, json_text(json, 2) + "\n");
  log::info("{} messages are in {}", conversation_.messages.size(), file.string());
}

}  // namespace midillama::serve
