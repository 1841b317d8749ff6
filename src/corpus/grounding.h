// What a text about a clip may say: nothing but what is known of the clip, of music and nothing else.
//
// Values of tags are found by records::stated_value(). What no tag reads (free text, captions) is held to the words of the facts: a name
// or a number that they do not have is none of theirs, and an answer in free text shares so many of its longer words with its fact.
// Whether a sentence means what a fact means is not checked.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/corpus/question_writer.h"
#include "midillama/records/tags.h"

#include <set>
#include <string>
#include <vector>

namespace midillama::corpus {

// Why a text cannot be used.
struct Fault {
  std::string kind;  // "not grounded", "gives the answer away", "speaks of other things", "held back", "repeated", "missing"
  std::string what;  // in one sentence, for whoever wrote it
  bool is_none() const { return kind.empty(); }
};

class Grounding {
 public:
  Grounding(const config::Writing& config, const records::Tags& tags);

  // Of a question about one tag, or a caption.
  Fault fault_of(const QuestionAnswer& text, const Facts& facts) const;

 private:
  Fault fault_of_question(const QuestionAnswer& text, const Facts& facts) const;
  Fault fault_of_answer(const QuestionAnswer& text, const Facts& facts) const;

  const records::Tags& tags_;
  double shared_words_;
  std::vector<std::string> forbidden_;  // plain words
  std::set<std::string> held_back_;     // wordings of the tags that no question for training may have, in plain words
};

}  // namespace midillama::corpus
