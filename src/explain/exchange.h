// A question about a clip with its answer, as the decoder reads them.
#pragma once

#include "midillama/generate/session.h"
#include "midillama/midi/score.h"
#include "midillama/model/midi_llama.h"
#include "midillama/text/conversation.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace midillama::explain {

struct Exchange {
  generate::HeardNotes notes;
  model::MusicText text;       // prompt and answer, labels on the answer's tokens; without the music
  std::int64_t answer_at = 0;  // the answer's tokens are text.input_ids from here on
  std::string answer;

  std::span<const std::int64_t> answer_ids() const { return std::span(text.input_ids).subspan(static_cast<std::size_t>(answer_at)); }
};

// As explain() takes them, with its errors.
Exchange read_exchange(generate::Session& session, const midi::Score& clip, text::Conversation conversation,
                       const std::optional<std::string>& answer);

}  // namespace midillama::explain
