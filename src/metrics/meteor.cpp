#include "metrics/checks.h"
#include "metrics/porter.h"
#include "metrics/tokens.h"
#include "metrics/wordnet.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace midillama::metrics {
namespace {

constexpr double kAlpha = 0.9;
constexpr double kBeta = 3;
constexpr double kGamma = 0.5;
constexpr int kNone = -1;

struct Word {
  int position;  // in its sentence
  WordId id;
};
using Sentence = std::vector<Word>;

// The words of a reference that still want a partner: for each id, its places in the list, the last one on top.
class Places {
 public:
  Places(std::vector<int>& top, const Sentence& reference, std::size_t vocabulary)
      : top_(top), reference_(reference), below_(reference.size()) {
    top_.resize(std::max(top_.size(), vocabulary), kNone);
    for (std::size_t j = 0; j < reference.size(); ++j) {
      below_[j] = top_[reference[j].id];
      top_[reference[j].id] = static_cast<int>(j);
    }
  }
  ~Places() {
    for (const Word& word : reference_) top_[word.id] = kNone;
  }
  Places(const Places&) = delete;
  Places& operator=(const Places&) = delete;

  int last(WordId id) const { return top_[id]; }
  int take(WordId id) {
    const int place = top_[id];
    if (place != kNone) top_[id] = below_[static_cast<std::size_t>(place)];
    return place;
  }

 private:
  std::vector<int>& top_;  // by id, kNone everywhere between two uses
  const Sentence& reference_;
  std::vector<int> below_;
};

class Meteor {
 public:
  explicit Meteor(const WordNet& wordnet) : wordnet_(wordnet) {}

  double score(const ScoredText& example) {
    const std::vector<WordId> prediction = tokens_.wordpunct_lower(example.prediction);
    double best = 0;
    for (const std::string& reference : example.references) best = std::max(best, score(prediction, tokens_.wordpunct_lower(reference)));
    return best;
  }

 private:
  double score(const std::vector<WordId>& prediction, const std::vector<WordId>& reference) {
    const std::vector<int> partners = align(prediction, reference);
    const auto matches = static_cast<double>(std::ranges::count_if(partners, [](int partner) { return partner != kNone; }));
    if (matches == 0) return 0;
    const double precision = matches / static_cast<double>(prediction.size());
    const double recall = matches / static_cast<double>(reference.size());
    const double mean = precision * recall / (kAlpha * precision + (1 - kAlpha) * recall);
    return (1 - kGamma * std::pow(count_chunks(partners) / matches, kBeta)) * mean;
  }

  // For each word of the prediction its partner's position in the reference: equal words first, then equal stems, then synonyms of the
  // stem.
  std::vector<int> align(const std::vector<WordId>& prediction, const std::vector<WordId>& reference) {
    std::vector<int> partners(prediction.size(), kNone);
    Sentence ours = positions(prediction), theirs = positions(reference);
    match(ours, theirs, partners, [](WordId id, Places& places) { return places.take(id); });
    for (Sentence* sentence : {&ours, &theirs}) {
      for (Word& word : *sentence) word.id = stem(word.id);
    }
    match(ours, theirs, partners, [](WordId id, Places& places) { return places.take(id); });
    for (const Word& word : ours) find_synonyms(word.id);
    match(ours, theirs, partners, [this](WordId id, Places& places) {
      WordId best = id;
      for (const WordId synonym : *synonyms_[id]) {
        if (places.last(synonym) > places.last(best)) best = synonym;
      }
      return places.take(best);
    });
    return partners;
  }

  // One stage: every word of the prediction, from its end, takes the last free word of the reference that `take` finds. Matched words leave
  // both lists.
  template <typename Take>
  void match(Sentence& ours, Sentence& theirs, std::vector<int>& partners, const Take& take) {
    std::vector<bool> taken(theirs.size(), false);
    {
      Places places(top_, theirs, tokens_.vocabulary().size());
      for (auto word = ours.rbegin(); word != ours.rend(); ++word) {
        const int place = take(word->id, places);
        if (place == kNone) continue;
        taken[static_cast<std::size_t>(place)] = true;
        partners[static_cast<std::size_t>(word->position)] = theirs[static_cast<std::size_t>(place)].position;
      }
    }
    std::erase_if(ours, [&](const Word& word) { return partners[static_cast<std::size_t>(word.position)] != kNone; });
    std::size_t place = 0;
    std::erase_if(theirs, [&](const Word&) { return static_cast<bool>(taken[place++]); });
  }

  static Sentence positions(const std::vector<WordId>& ids) {
    Sentence sentence;
    for (const WordId id : ids) sentence.push_back({static_cast<int>(sentence.size()), id});
    return sentence;
  }

  // Runs of neighbours in the prediction whose partners are neighbours in the same order.
  static double count_chunks(const std::vector<int>& partners) {
    int chunks = 0;
    for (std::size_t i = 0; i < partners.size(); ++i) {
      const bool goes_on = i > 0 && partners[i - 1] != kNone && partners[i] == partners[i - 1] + 1;
      chunks += partners[i] != kNone && !goes_on;
    }
    return chunks;
  }

  WordId stem(WordId id) {
    if (id >= stems_.size()) stems_.resize(id + 1);
    if (!stems_[id]) {
      const WordId stem = tokens_.vocabulary().id(porter_stem(tokens_.vocabulary().word(id)));
      stems_[id] = stem;
    }
    return *stems_[id];
  }

  void find_synonyms(WordId id) {
    if (id >= synonyms_.size()) synonyms_.resize(id + 1);
    if (synonyms_[id]) return;
    std::vector<WordId> found;
    const std::string word(tokens_.vocabulary().word(id));
    wordnet_.synonyms(word, [&](std::string_view name) { found.push_back(tokens_.vocabulary().id(name)); });
    std::ranges::sort(found);
    found.erase(std::unique(found.begin(), found.end()), found.end());
    synonyms_[id] = std::move(found);
  }

  const WordNet& wordnet_;
  Tokens tokens_;
  std::vector<std::optional<WordId>> stems_;                  // by word
  std::vector<std::optional<std::vector<WordId>>> synonyms_;  // by stem
  std::vector<int> top_;
};

}  // namespace

Score meteor(std::span<const ScoredText> examples, const std::filesystem::path& wordnet) {
  check(examples, "METEOR");
  const WordNet& synonyms = WordNet::open(wordnet);
  Meteor meteor(synonyms);
  std::vector<double> scores;
  for (const ScoredText& example : examples) scores.push_back(meteor.score(example));
  return mean_of(std::move(scores), fmt::format("nltk.meteor|alpha:0.9|beta:3|gamma:0.5|tok:wordpunct|case:lower|stemmer:porter|wordnet:{}|"
                                                "refs:best|average:mean|version:3.10.4",
                                                synonyms.version()));
}

}  // namespace midillama::metrics
