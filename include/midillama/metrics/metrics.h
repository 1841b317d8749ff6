// Text metrics as pure functions. Each equals a named reference implementation to 1e-6 and says in its signature which one, with which
// options.
//
// All of them throw an InputError where there are no examples or an example has no reference (the references have no value for either), and
// read invalid UTF-8 as U+FFFD. An empty prediction or reference is fine: it scores 0 where it is alone.
#pragma once

#include "midillama/metrics/additive.h"

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace midillama::metrics {

struct Score {
  double score = 0;                 // 0 to 1
  std::string signature;            // implementation|option:value|...|version:X
  std::vector<double> per_example;  // in the order of the examples; empty for a corpus-level metric
  Additive additive = {};           // the same metric as counts that add up
};

// The mean over the examples; 0 where there are none.
Score mean_of(std::vector<double> per_example, std::string signature);

// One prediction with one or more references.
struct ScoredText {
  std::string prediction;
  std::vector<std::string> references;
};

// sacrebleu 2.6.0's corpus BLEU / 100: 13a tokens, 4-grams, exponential smoothing, the closest reference's length. Corpus-level.
Score bleu(std::span<const ScoredText> examples);

// nltk 3.10.4's meteor_score (alpha .9, beta 3, gamma .5) over wordpunct tokens: words equal in lower case, then equal Porter stems, then
// WordNet synonyms of the stem; each example against its best reference, mean over the examples. `wordnet`: the folder with index.*, data.*
// and *.exc (Debian's wordnet-base); InputError where it has no such files.
Score meteor(std::span<const ScoredText> examples, const std::filesystem::path& wordnet = "/usr/share/wordnet");

// rouge_score 0.1.2's ROUGE-L with stemmer: F1 against the reference with the highest F1, mean over the examples.
Score rouge_l(std::span<const ScoredText> examples);

// The numbers of the evaluation script that came with MU-LLaMA and that many music-language models reuse. It is not comparable to the
// above:
//   BLEU     nltk's sentence_bleu on strings instead of lists of words, so n-grams of characters (1 to 4, spaces and case count), no
//   smoothing; mean over
//            the examples;
//   ROUGE-L  rouge_score as above, but recall, which rewards long answers;
//   METEOR   meteor() as it is;  BERTScore: recall, not here.
Score mullama_bleu(std::span<const ScoredText> examples);
Score mullama_rouge_l(std::span<const ScoredText> examples);

}  // namespace midillama::metrics
