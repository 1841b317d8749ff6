// What clients of OpenAI's API ask for, read strictly: what cannot be served is refused by its key, never passed over. Keys that neither
// OpenAI's API nor other servers of it are known to have are ignored there, as its clients send some; about music they are refused.
#pragma once

#include "midillama/core/file.h"
#include "midillama/midi/score.h"
#include "midillama/text/conversation.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace midillama::serve {

// The music that a request names by an id; nothing where none is kept under it.
using ClipById = std::function<std::shared_ptr<const midi::Score>(const std::string& id)>;

// What a server allows and takes where a request does not say.
struct RequestLimits {
  bool takes_music = true;
  std::int64_t max_new_tokens = 128;    // where a request names none
  std::int64_t most_new_tokens = 4096;  // that a request may ask for
  std::int64_t most_choices = 16;       // n
  std::size_t most_notes = 200'000;     // of a file, and of all that one request has embedded
  double temperature = 0, top_p = 1;    // where a request names none
  ClipById clip_by_id = nullptr;        // null: no clips are kept
};

// What an answer must be: a JSON object, or JSON that satisfies a schema (grammar/grammar.h).
struct AnswerFormat {
  std::optional<OrderedJson> schema = std::nullopt;  // none: any object
};

// One request, whichever way it came.
struct Asked {
  text::Conversation conversation;    // of chat; ends with a question
  std::optional<std::string> prompt;  // of completions: continued as it is
  std::optional<midi::Score> music;   // the part that was asked for
  std::int64_t max_new_tokens = 0;
  double temperature = 0, top_p = 1;
  std::optional<std::uint64_t> seed;
  std::vector<std::string> stop;          // texts that end the answer; not part of it
  std::optional<AnswerFormat> format;     // none: any text
  std::optional<std::int64_t> likeliest;  // log-probabilities are wanted, with as many of the likeliest tokens
  std::int64_t choices = 1;
  bool is_streamed = false;
  bool includes_usage = false;  // in the stream
};

// POST /v1/chat/completions. web::HttpError (400) naming the key; 404 where a clip is not there any more.
Asked read_chat_request(const std::string& body, const RequestLimits& limits);
// POST /v1/completions: one for each prompt.
std::vector<Asked> read_completion_request(const std::string& body, const RequestLimits& limits);

// POST /v1/explanations: a chat request with the `answer` that is to be explained.
struct AskedExplanation {
  midi::Score music;
  text::Conversation conversation;
  std::string answer;
};
AskedExplanation read_explanation_request(const std::string& body, const RequestLimits& limits);

// POST /v1/embeddings of MIDI files, each base64, a data URL or {"clip": {…}}, and of texts: what does not begin as a MIDI file in base64
// does.
struct AskedEmbeddings {
  std::vector<std::variant<midi::Score, std::string>> inputs;
  bool is_base64 = false;  // encoding_format
};
AskedEmbeddings read_embeddings_request(const std::string& body, const RequestLimits& limits);

// POST /v1/clips: a MIDI file that is to be kept, or the id of a clip that is.
struct AskedClip {
  std::optional<std::string> id = {};  // none: `music` is to be kept
  std::string name = {};
  midi::Score music = {};
};
AskedClip read_clip_request(const std::string& body, const RequestLimits& limits);

}  // namespace midillama::serve
