// Text metrics as pure functions. Each equals a named reference implementation to 1e-6 and says so in its signature.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace midillama::metrics {

struct Score {
  double score = 0;                  // 0 … 1
  std::string signature;             // which implementation, which options
  std::vector<double> per_example;   // empty for corpus-level metrics
};

// One prediction with one or more references.
struct Example {
  std::string prediction;
  std::vector<std::string> references;
};

// sacrebleu's corpus BLEU / 100: 13a tokens, 4-grams, exponential smoothing.
Score bleu(std::span<const Example> examples);

// nltk's METEOR (alpha .9, beta 3, gamma .5) over wordpunct tokens: exact, Porter stem, WordNet synonyms; mean over examples, best reference.
// `wordnet`: the folder with index.* and data.* (Debian's wordnet-base).
Score meteor(std::span<const Example> examples, const std::filesystem::path& wordnet = "/usr/share/wordnet");

// rouge_score 0.1.2 ROUGE-L with stemmer: mean F1, best reference.
Score rouge_l(std::span<const Example> examples);

// The profile of the common music-LLM script (MU-LLaMA): character-level BLEU, and ROUGE-L recall. METEOR is the same.
Score mullama_bleu(std::span<const Example> examples);
Score mullama_rouge_l(std::span<const Example> examples);

}  // namespace midillama::metrics
