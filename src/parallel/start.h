// Which start of the ranks this is: the name under which they keep their keys.
//
// A launcher's store outlives the ranks that it restarts, and launchers of several machines count restarts each for itself. So the ranks
// agree among themselves: rank 0 draws a name and tells it to every rank that asks, each with a number drawn for this one question.
#pragma once

#include "parallel/bounded_store.h"

#include <chrono>
#include <string>
#include <vector>

namespace midillama::parallel {

class Start {
 public:
  // Rank 0 returns at once; the others wait for its answer. Error where it does not come within `timeout`.
  Start(BoundedStore& store, int rank, int size, std::chrono::milliseconds timeout);

  // What the keys of this start begin with.
  std::string prefix() const { return "start/" + name_; }
  std::string key(const std::string& name) const { return prefix() + "/" + name; }

  // Tells the name to those that have asked since; called by rank 0 until all are there.
  void answer();

 private:
  void ask(std::chrono::milliseconds timeout);

  BoundedStore& store_;
  int rank_;
  std::string number_;
  std::string name_;
  std::vector<std::string> answered_;  // the last number of each rank
};

}  // namespace midillama::parallel
