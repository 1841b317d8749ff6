// A conversation about a clip, line by line: questions, and commands that begin with a slash.
#pragma once

#include "midillama/generate/queue.h"
#include "midillama/generate/session.h"
#include "midillama/midi/score.h"
#include "midillama/text/conversation.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>

namespace midillama::serve {

class Chat {
 public:
  // Answers are written to `answers` as they come, each ended by a line break. `interrupted` is asked between two tokens: true ends the
  // answer. The session must outlive the chat.
  Chat(generate::Session& session, std::ostream& answers, std::function<bool()> interrupted);

  // Another file to talk about, with which a conversation begins. InputError where it is no MIDI file or has no notes.
  void hear(const std::filesystem::path& midi);

  // Takes a line: a question, or one of the commands of help(). Returns whether the conversation goes on. An error leaves it as it was.
  bool take(std::string_view line);

  // The commands, one a line.
  static std::string help();

  // What was said. An answer that was broken off is in it as far as it came.
  const text::Conversation& conversation() const { return conversation_; }

 private:
  struct Command;
  static const Command kCommands[];

  void obey(std::string_view line);
  void ask(std::string_view question);
  generate::Completion complete(generate::Request request);
  // A whole file or a part of it, and a new conversation about it.
  void hear(const std::filesystem::path& midi, midi::Score score, const midi::Part& part);
  void hear_part(std::string_view seconds);
  void begin_again();
  void save(const std::filesystem::path& file) const;

  generate::Session& session_;
  std::ostream& answers_;
  std::function<bool()> interrupted_;
  std::unique_ptr<generate::Queue> queue_;  // made for the first question

  std::string file_;  // empty: nothing is heard
  midi::Score score_;
  midi::Part part_;
  generate::Heard heard_;
  text::Conversation conversation_;
  std::uint64_t asked_ = 0;  // questions so far: each draws from a stream of its own
  bool ended_ = false;
};

}  // namespace midillama::serve
