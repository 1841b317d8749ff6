// What is asked of a system that completes melodies: which of several phrases follows this one?
#pragma once

#include "midillama/melody/phrases.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace midillama::melody {

// Phrases by their places in Phrases::all.
struct Group {
  std::size_t phrase = 0;
  std::size_t right = 0;            // what follows it
  std::vector<std::size_t> others;  // of other works, each once, and with other notes than the right one
};

// A group for each pair, or for `most` of them, evenly spread (0: all). Its others are drawn from all phrases by the phrase's id alone, so
// that every model is asked the same. InputError where a group would have fewer than `candidates`, the right one among them.
std::vector<Group> draw_groups(const Phrases& phrases, std::int64_t candidates, std::int64_t most);

// Equal where the same is asked of the same phrases.
std::string fingerprint_of(const Phrases& phrases, std::span<const Group> groups);

// InputError where there are fewer than `wanted` phrases of other works and with other notes than `right`.
void require_others(const Phrases& phrases, std::size_t right, std::int64_t wanted);

// A phrase of another work and with other notes than `right`, for the phrase before it; drawn by `number`. There must be one.
std::size_t draw_other(const Phrases& phrases, std::size_t right, std::uint64_t seed, std::uint64_t number);

// How well each candidate of a group follows its phrase, the right one first; higher is better.
using GroupScores = std::vector<double>;
using ScoreGroup = std::function<GroupScores(const Group& group)>;

// The place of each group's right candidate, from 1 on.
std::vector<std::int64_t> ranks_of(std::span<const GroupScores> scores);

// A line a candidate: {"group", "candidate", "positive", "score"}, the first two by their phrases' ids.
void write_scores(const std::filesystem::path& file, const Phrases& phrases, std::span<const Group> groups,
                  std::span<const GroupScores> scores);

}  // namespace midillama::melody
