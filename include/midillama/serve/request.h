// What clients of OpenAI's API ask for, read strictly: what cannot be served is refused by its key, never passed over. Keys that OpenAI's
// own API does not know are ignored, as its clients send some.
#pragma once

#include "midillama/core/file.h"
#include "midillama/midi/score.h"
#include "midillama/text/conversation.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace midillama::serve {

// What a server allows and takes where a request does not say.
struct RequestLimits {
  bool takes_music = true;
  std::int64_t max_new_tokens = 128;    // where a request names none
  std::int64_t most_new_tokens = 4096;  // that a request may ask for
  std::int64_t most_choices = 16;       // n
  std::size_t most_notes = 200'000;     // of a file
  double temperature = 0, top_p = 1;    // where a request names none
};

// One request, whichever way it came.
struct Asked {
  std::string model;                  // as it was named
  text::Conversation conversation;    // of chat; ends with a question
  std::optional<std::string> prompt;  // of completions: continued as it is
  std::optional<midi::Score> music;   // the part that was asked for
  std::int64_t max_new_tokens = 0;
  double temperature = 0, top_p = 1;
  std::optional<std::uint64_t> seed;
  std::vector<std::string> stop;  // texts that end the answer; not part of it
  std::int64_t choices = 1;
  bool is_streamed = false;
  bool includes_usage = false;  // in the stream
};

// POST /v1/chat/completions and /v1/completions. web::HttpError (400) naming the key.
Asked read_chat_request(const std::string& body, const RequestLimits& limits);
Asked read_completion_request(const std::string& body, const RequestLimits& limits);

// POST /v1/embeddings of MIDI files, each base64 or a data URL.
struct AskedEmbeddings {
  std::string model;
  std::vector<midi::Score> music;
  bool is_base64 = false;  // encoding_format
};
AskedEmbeddings read_embeddings_request(const std::string& body, const RequestLimits& limits);

}  // namespace midillama::serve
