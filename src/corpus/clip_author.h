// Questions, answers and captions about a clip by a language model that is told what is known of it (MIDI-LLaMA, section 2.3).
//
// One call a clip asks for all of them. What grounding.h finds at fault is asked for once more, with the reason; what is at fault then is
// refused. Where writing.judge asks for it, a last call has the model judge what was written.
#pragma once

#include "corpus/grounding.h"
#include "midillama/chat/call.h"
#include "midillama/config/schema.h"
#include "midillama/corpus/question_writer.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace midillama::corpus {

// What a model wrote about a clip.
struct ClipTexts {
  std::vector<QuestionAnswer> texts = {};           // in the order of the tags; captions last, their questions empty
  std::vector<QuestionAnswer> held_out = {};        // questions in wordings that are not for training
  std::map<std::string, std::size_t> refused = {};  // by the kind of their fault, or as the judge said
  bool is_asked_again = false;
  std::string problem = {};  // why a call gave nothing, so that these are not all that the model would write
};

// The answer to a call; nothing where it is not known yet.
using AskModel = std::function<std::optional<chat::Answer>(const chat::Call& call)>;

class ClipAuthor {
 public:
  // `tags` is kept by reference.
  ClipAuthor(const config::Corpus& corpus, const config::Writing& writing, const records::Tags& tags);

  // Told of all clips, before anything else is asked.
  void prepare(std::span<const ClipFacts> clips);

  // How many texts it asks for about a tag, or captions; as many as the templates have in their place.
  std::size_t wanted(const ClipFacts& clip, const std::string& tag) const;

  // Nothing where `ask` has no answer to one of the calls: the same clip gives the same calls. From several threads at once.
  std::optional<ClipTexts> write(const ClipFacts& clip, const AskModel& ask) const;

 private:
  // One text that is asked for: the second question about the key.
  struct Slot {
    std::string tag;
    std::string number;
    bool operator<(const Slot& other) const { return std::tie(tag, number) < std::tie(other.tag, other.number); }
  };
  using Slots = std::vector<Slot>;
  using Faults = std::vector<std::pair<Slot, Fault>>;
  using Accepted = std::map<Slot, QuestionAnswer>;

  Slots slots_of(const ClipFacts& clip) const;
  std::string known_of(const Facts& facts) const;
  chat::Schema schema_of(const Slots& slots) const;
  chat::Call first_call(const ClipFacts& clip, const Slots& slots) const;
  chat::Call second_call(const chat::Call& first, const std::string& answer, const Faults& faults) const;
  chat::Call judge_call(const ClipFacts& clip, const Accepted& accepted) const;
  // Adds what holds to `accepted`; what does not.
  Faults accept(const Facts& facts, const Slots& slots, const std::string& answer, Accepted& accepted) const;
  bool is_held_out(const std::string& question) const;

  config::Writing writing_;
  const records::Tags& tags_;
  std::vector<std::string> asked_;
  QuestionQuota quota_;
  std::size_t captions_;
  std::uint64_t seed_;
  Grounding grounding_;
  std::set<std::string> trained_wordings_;  // of the tags, in plain words
};

}  // namespace midillama::corpus
