// One call of a chat-completions server: what is asked, the name under which it is remembered, and what counts as its answer.
#pragma once

#include "midillama/core/file.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::chat {

struct Message {
  std::string role;  // system, user, assistant
  std::string content;
};

struct Schema {
  std::string name;   // at most 64 letters, digits, _ and -
  OrderedJson value;  // a JSON schema
};

struct Call {
  std::vector<Message> messages;
  double temperature = 0;
  std::optional<double> top_p = {};  // nothing: the server's own
  std::int64_t max_tokens = 512;
  std::optional<std::int64_t> seed = {};
  std::optional<Schema> schema = {};  // the answer is JSON that satisfies it
};

// The body of POST /chat/completions.
OrderedJson request_body(const Call& call, const std::string& model);

// The name of this request: the same for equal values, whatever the order of their keys. `request` is what request_body() gives, or what a
// log has of it.
std::string key_of(const OrderedJson& request);

struct Usage {
  std::int64_t prompt_tokens = 0;
  std::int64_t completion_tokens = 0;
};

// How many tokens a text has where nobody here has the tokenizer: one for four characters, about right for English.
std::int64_t about_tokens(std::string_view text);

// What a request can cost: about_tokens() of its messages and of its schema, which servers put before the model too, and an answer as long
// as it may be.
Usage usage_at_most(const OrderedJson& request);

// What a response says it cost; nothing where it does not say.
Usage usage_of(const OrderedJson& response);

inline constexpr const char* kThoughts = "thoughts before the answer";
inline constexpr const char* kBlockOfCode = "a block of code";

// An answer that can be used, or why there is none.
struct Answer {
  std::string text = {};                   // where there is one
  std::string problem = {};                // "the answer was cut at 512 tokens"
  std::vector<std::string> stripped = {};  // what stood around the text: kThoughts, kBlockOfCode
  std::vector<std::string> before = {};    // the problems of the answers that came to the same request before this one
  bool is_usable() const { return problem.empty(); }
};

// Of the response to `request`, without the model's thoughts (what comes before the last "</think>"), the parts of a content in parts
// joined: an answer is not refused, has something after its thoughts, and where a schema was asked for is whole (it ended by itself, as far
// as the server says) and JSON, which is taken out of a block of code. A text that was cut at max_tokens is an answer, one that was cut
// within its thoughts is none.
Answer read_answer(const OrderedJson& request, const OrderedJson& response);

// The same of a response with a HTTP status, which is the problem where it is not 200; 0 where none came, for the reason that `response`
// is.
Answer answer_of(const OrderedJson& request, int status, const OrderedJson& response);

// What a server says about an error, in one line, with control characters as "\x1b".
std::string error_text(const OrderedJson& response);

}  // namespace midillama::chat
