// The notes that sound at one moment of a track: one queue for each channel and pitch, first in, first out. Allocates only as the number of
// notes that sound together grows.
#pragma once

#include "midillama/midi/score.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace midillama::midi {

class OpenNotes {
 public:
  struct Started {
    Tick start;
    std::uint8_t velocity = 0;
  };

  // Takes the same short time however many queues there are: files may have thousands of tracks.
  void clear() {
    ++generation_;
    nodes_.clear();
    free_ = kNone;
    count_ = 0;
  }

  std::size_t count() const { return count_; }

  void push(int channel, int pitch, Started note) {
    ++count_;
    const std::int32_t added = allocate(note);
    Queue& queue = at(channel, pitch);
    if (queue.first == kNone) {
      queue.first = added;
    } else {
      nodes_[queue.last].next = added;
    }
    queue.last = added;
  }

  // The oldest note of the queue, removed.
  std::optional<Started> pop(int channel, int pitch) {
    Queue& queue = at(channel, pitch);
    if (queue.first == kNone) return std::nullopt;
    --count_;
    const std::int32_t oldest = queue.first;
    queue.first = nodes_[oldest].next;
    nodes_[oldest].next = free_;
    free_ = oldest;
    return nodes_[oldest].note;
  }

 private:
  static constexpr std::int32_t kNone = -1;
  struct Node {
    Started note;
    std::int32_t next = kNone;
  };
  struct Queue {
    std::int32_t first = kNone;
    std::int32_t last = kNone;
    std::int32_t generation = 0;  // what was queued in an earlier one is forgotten
  };

  Queue& at(int channel, int pitch) {
    Queue& queue = queues_[static_cast<std::size_t>(channel * 128 + pitch)];
    if (queue.generation != generation_) queue = {kNone, kNone, generation_};
    return queue;
  }

  std::int32_t allocate(Started note) {
    if (free_ == kNone) {
      nodes_.push_back({note});
      return static_cast<std::int32_t>(nodes_.size() - 1);
    }
    const std::int32_t reused = free_;
    free_ = nodes_[reused].next;
    nodes_[reused] = {note};
    return reused;
  }

  std::array<Queue, 16 * 128> queues_{};
  std::int32_t generation_ = 0;
  std::vector<Node> nodes_;
  std::int32_t free_ = kNone;
  std::size_t count_ = 0;
};

}  // namespace midillama::midi
