// Words of a text about a clip that say what no fact says: names, numbers, denials.
//
// - A name is a capitalised word, of any script, that neither the facts nor the phrases and units of the tags have. A sentence begins
//   with a capital letter anyway: there only the composers of the collection are names.
// - A number is one in digits or in English words. Those below ten have everyday senses ("for two hands"): they count beside another
//   number ("three-four") and before what music counts ("six beats"). A question may count, too ("in 20 words"): there a number of
//   one or two digits is none.
// - A denial ("not", "never", "n't") is a fact's where the fact has it between the same words.
#pragma once

#include "midillama/records/question.h"
#include "midillama/records/tags.h"

#include <optional>
#include <set>
#include <string>

namespace midillama::corpus {

class ForeignWords {
 public:
  // `tags` is kept by reference.
  explicit ForeignWords(const records::Tags& tags);

  // A composer of the collection, as the catalog spells the name.
  void add_composer(const std::string& name);

  // The first of each kind; nothing where there is none. From several threads at once.
  std::optional<std::string> name_in(const std::string& text, const records::Facts& facts) const;
  std::optional<std::string> number_in(const std::string& text, const records::Facts& facts, bool is_question) const;
  std::optional<std::string> denial_in(const std::string& text, const records::Facts& facts) const;

 private:
  const records::Tags& tags_;
  std::set<std::string> units_;      // of the tags, in plain words
  std::set<std::string> composers_;  // words of their names, folded
};

}  // namespace midillama::corpus
