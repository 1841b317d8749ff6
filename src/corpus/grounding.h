// What a text about a clip may say: nothing but what is known of the clip, of music and nothing else.
//
// Every value of a tag that records::stated_values() finds must be known, whatever sense its words have here ("high spirits" says high): a
// text that is refused costs a second call at most. A question may name values of the tag that it asks about, but not begin with its fact.
// What no tag reads is held to the words of the facts: a name, a number or a denial that they do not have is none of theirs
// (foreign_words.h), and an answer in free text shares so many of its longer words with its fact. Whether a sentence means what a fact
// means is not checked.
#pragma once

#include "corpus/foreign_words.h"
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

  // Told before texts are looked at: whom no text may name, unless a fact does.
  void add_composer(const std::string& name) { foreign_words_.add_composer(name); }

  // Of a question about one tag, or a caption.
  Fault fault_of(const QuestionAnswer& text, const Facts& facts) const;

 private:
  Fault fault_of_question(const QuestionAnswer& text, const Facts& facts) const;
  Fault fault_of_words(const std::string& words, const std::string& about, const Facts& facts, bool is_question) const;
  Fault fault_of_answer(const QuestionAnswer& text, const Facts& facts) const;

  const records::Tags& tags_;
  double shared_words_;
  std::vector<std::string> forbidden_;  // plain words
  std::set<std::string> held_back_;     // wordings of the tags that no question for training may have, in plain words
  ForeignWords foreign_words_;
};

}  // namespace midillama::corpus
