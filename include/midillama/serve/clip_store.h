// Clips that requests name by an id instead of sending their file again.
#pragma once

#include "midillama/midi/score.h"

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace midillama::serve {

struct Clip {
  std::string id;    // given by the store; nobody guesses it
  std::string name;  // for people: of the file that it came from
  midi::Score score;
};

struct ClipLimits {
  std::size_t clips = 256;         // beside the examples
  std::size_t events = 2'000'000;  // notes and changes of tempo, meter and key of all of them; the newest clip stays whatever it has
};

// In memory, for as long as there is room: the clip that was least recently asked for goes first. Any thread.
class ClipStore {
 public:
  // The examples stay.
  explicit ClipStore(std::vector<Clip> examples, ClipLimits limits = {});

  // Lyrics, which no answer is made from, are not kept.
  std::shared_ptr<const Clip> add(std::string name, midi::Score score);
  // Nothing where there is no such clip, or none any more.
  std::shared_ptr<const Clip> find(const std::string& id);
  const std::vector<std::shared_ptr<const Clip>>& examples() const { return examples_; }

 private:
  ClipLimits limits_;
  std::vector<std::shared_ptr<const Clip>> examples_;
  std::mutex mutex_;                             // of all below
  std::list<std::shared_ptr<const Clip>> kept_;  // the one that was asked for last is first
  std::size_t events_ = 0;                       // of `kept_`
};

}  // namespace midillama::serve
