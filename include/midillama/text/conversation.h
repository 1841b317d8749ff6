// What is said to a model and by it: a question with its answer is a conversation of one turn.
#pragma once

#include <string>
#include <vector>

namespace midillama::text {

enum class Role { system, user, assistant };

struct Message {
  Role role = Role::user;
  std::string text;
};

struct Conversation {
  // A system message first, where there is one; then user and assistant take turns, the user first.
  std::vector<Message> messages;
  std::string notes = {};  // the clip as text, for templates with {notes}
};

}  // namespace midillama::text
