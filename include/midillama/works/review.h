// Reviewing what a model read (MIDI-LLaMA, section 2.2): works drawn for people to look at, and what their judgments say.
#pragma once

#include "midillama/metrics/intervals.h"
#include "midillama/works/annotate.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace midillama::works {

// A work that may be drawn: what it is drawn by.
struct SampledWork {
  std::string composer;
  std::string period;
};

// The period of a piece's labels: `period` or `music_period`, else the half century of the composer's birth ("born 1800-1849"), whose year
// is the first number of three or four digits in `birth`, else "unknown".
std::string period_of(const Json& labels);

// `count` of the candidates, or all: each period by its share (by the largest remainder), and within a period the composers in turns, so
// that none comes twice before each came once. The same for the same seed; places in rising order.
std::vector<std::size_t> stratified_sample(std::span<const SampledWork> candidates, std::size_t count, std::uint64_t seed);

struct ReviewSample {
  std::string page;  // a whole HTML page that needs nothing else
  std::size_t works = 0, fields = 0;
};

// Draws annotated works of `directory` and makes the page on which two people judge each field that has a value: its text with the evidence
// marked; accept, reject or unsure, and a note. What they do is kept in their browser and saved as a file that score_reviews() reads.
// InputError where no work is annotated.
ReviewSample draw_review(const std::filesystem::path& directory, std::size_t works, std::uint64_t seed);

struct Acceptance {
  std::int64_t accepted = 0, rejected = 0, unsure = 0;

  std::int64_t decided() const { return accepted + rejected; }
  metrics::Interval interval() const { return metrics::wilson_interval(accepted, decided()); }  // 95 %, of those that were decided
};

// Of two reviewers on what both judged.
struct Agreement {
  std::string one, other;
  std::int64_t items = 0;
  std::optional<double> kappa = {};  // Cohen's, of accept, reject and unsure
};

struct ReviewScores {
  std::vector<std::string> reviewers;
  std::map<std::string, Acceptance> fields;  // by name
  Acceptance categorical;                    // genre, style, emotion
  Acceptance free_form;                      // background, intent
  std::vector<Agreement> agreements;         // of each two reviewers
};

// Reads what reviewers saved. InputError naming file and place where a file is no review, two are by one reviewer, or they are of different
// samples.
ReviewScores score_reviews(std::span<const std::filesystem::path> files);

}  // namespace midillama::works
