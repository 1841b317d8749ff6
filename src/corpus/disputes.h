// What copies of a piece say of it, for tags with `copies_agree`: collections disagree on some tunes, and what one calls a reel another
// calls a hornpipe. A value that all copies agree on holds for the kept one, also where it stands in another copy only; a disputed one is
// no fact.
#pragma once

#include "midillama/corpus/piece.h"
#include "midillama/records/tags.h"

#include <map>
#include <set>
#include <string>

namespace midillama::corpus {

class Disputes {
 public:
  // `tags` is kept by reference.
  explicit Disputes(const records::Tags& tags) : tags_(tags) {}

  // What `copy`, or the kept piece itself, says of the kept one, which has the id `kept`.
  void add(const std::string& kept, const Piece& copy);
  // Its labels are then those that hold, with where they are from.
  void settle(Piece& kept) const;

 private:
  struct Said {
    std::set<std::string> values;
    Origin origin;  // of the first
  };
  const records::Tags& tags_;
  std::map<std::string, std::map<std::string, Said>> said_;  // by the kept piece and the tag
};

}  // namespace midillama::corpus
