#include "midillama/metrics/metrics.h"

#include "metrics/porter.h"
#include "metrics/tokens.h"
#include "metrics/unicode.h"
#include "metrics/wordnet.h"
#include "midillama/core/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace midillama::metrics {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr double kTolerance = 1e-6;

const std::vector<ScoredText> kKnown = {
    {"The piece is in D minor, with a slow tempo of 60.5 bpm.", {"This piece is written in D minor with a slow tempo (60.5 bpm)."}},
    {"A lively waltz.", {"A lively and charming waltz in 3/4."}}};

double meteor_of(const std::string& prediction, std::vector<std::string> references) {
  return meteor(std::vector<ScoredText>{{prediction, std::move(references)}}).score;
}

double bleu_of(const std::string& prediction, std::vector<std::string> references) {
  return bleu(std::vector<ScoredText>{{prediction, std::move(references)}}).score;
}

TEST(Bleu, IsTheCorpusScoreOfSacrebleu) {
  const Score score = bleu(kKnown);
  EXPECT_NEAR(score.score, 0.19331711, 1e-8);
  EXPECT_EQ(score.signature, "sacrebleu|nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0");
  EXPECT_THAT(score.per_example, IsEmpty());
}

TEST(Bleu, OfSummedCountsIsThatOfTheExamples) {
  const std::vector<ScoredText> examples = {{"a slow reel in G major", {"a slow jig in G major", "a reel"}},
                                            {"it is fast", {"it is a fast march in D"}},
                                            {"", {"a hornpipe"}},
                                            {"a jig in six eight time", {"a jig in six eight time"}}};
  const Additive counts = bleu(examples).additive;
  ASSERT_EQ(counts.examples(), examples.size());
  for (const std::vector<std::size_t>& drawn : {std::vector<std::size_t>{0, 1}, {3, 3, 1}, {2}, {0, 0, 1, 2, 3}}) {
    std::vector<ScoredText> some;
    std::vector<double> sums(counts.width);
    for (const std::size_t i : drawn) {
      some.push_back(examples[i]);
      for (std::size_t j = 0; j < counts.width; ++j) sums[j] += counts.of(i)[j];
    }
    EXPECT_EQ(counts.value(sums), bleu(some).score);
  }
}

TEST(Bleu, IsZeroWithoutAMatchOrWithoutFourWords) {
  EXPECT_EQ(bleu_of("a b c d e", {"f g h i j"}), 0);
  EXPECT_EQ(bleu_of("a b c", {"a b c"}), 0);
  EXPECT_EQ(bleu_of("", {"a b c d"}), 0);
  EXPECT_NEAR(bleu_of("a b c d", {"a b c d"}), 1, kTolerance);
}

TEST(Bleu, CountsTheReferencesInItsSignature) {
  EXPECT_THAT(bleu(std::vector<ScoredText>{{"a", {"b", "c"}}}).signature, HasSubstr("|nrefs:2|"));
  EXPECT_THAT(bleu(std::vector<ScoredText>{{"a", {"b", "c"}}, {"a", {"b"}}}).signature, HasSubstr("|nrefs:var|"));
}

TEST(Meteor, GivesNltksDocumentedValues) {
  EXPECT_NEAR(meteor_of("It is a guide to action which ensures that the military always obeys the commands of the party",
                        {"It is a guide to action that ensures that the military will forever heed Party commands"}),
              0.694444, kTolerance);
  EXPECT_NEAR(meteor_of("the music is slow and sad", {"the music is slow and sad"}), 0.997685, kTolerance);
}

TEST(Meteor, MatchesStemsAndSynonyms) {
  const double equal = meteor_of("a slow song", {"a slow song"});
  EXPECT_EQ(meteor_of("a slow songs", {"a slow song"}), equal);
  EXPECT_EQ(meteor_of("a slow vocal", {"a slow song"}), equal);
  EXPECT_LT(meteor_of("a slow reel", {"a slow song"}), equal);
}

TEST(Meteor, TakesTheBestReferenceAndTheMeanOfTheExamples) {
  const Score score = meteor(std::vector<ScoredText>{{"a reel", {"a jig", "a reel", "x"}}, {"a reel", {"x"}}});
  ASSERT_EQ(score.per_example.size(), 2u);
  EXPECT_EQ(score.per_example[0], meteor_of("a reel", {"a reel"}));
  EXPECT_EQ(score.per_example[1], 0);
  EXPECT_EQ(score.score, score.per_example[0] / 2);
  EXPECT_THAT(score.signature, HasSubstr("|wordnet:3.0|"));
}

TEST(Meteor, NamesAFolderWithoutWordNet) {
  const TemporaryDirectory empty;
  for (const auto& folder : {empty.path(), empty.path() / "missing"}) {
    try {
      meteor(kKnown, folder);
      FAIL() << "METEOR was computed without WordNet";
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), StartsWith(folder.string()));
    }
  }
}

TEST(RougeL, GivesTheKnownValues) {
  const Score score = rouge_l(kKnown);
  ASSERT_EQ(score.per_example.size(), 2u);
  EXPECT_NEAR(score.per_example[0], 0.857143, kTolerance);
  EXPECT_NEAR(score.per_example[1], 0.545455, kTolerance);
  EXPECT_NEAR(score.score, (0.857143 + 0.545455) / 2, kTolerance);
}

TEST(Mullama, RewardsRecallAndSharedCharacters) {
  const std::vector<ScoredText> examples = {{"a slow reel in G major and more words", {"slow reel"}}, {"melody", {"melodic"}}};
  EXPECT_EQ(mullama_rouge_l(examples).per_example[0], 1);
  EXPECT_LT(rouge_l(examples).per_example[0], 1);
  EXPECT_GT(mullama_bleu(examples).per_example[1], 0.5);
  EXPECT_THAT(mullama_bleu(examples).signature, HasSubstr("profile:mullama"));
  EXPECT_THAT(mullama_rouge_l(examples).signature, HasSubstr("profile:mullama"));
}

TEST(Metrics, InvalidUtf8CountsAsReplacementCharacter) {
  const std::vector<ScoredText> broken = {{"a \xff reel is a dance", {"a \xef\xbf\xbd reel is a dance"}}};
  EXPECT_NEAR(bleu(broken).score, 1, kTolerance);
  EXPECT_NEAR(mullama_bleu(broken).score, 1, kTolerance);
  EXPECT_GT(meteor(broken).score, 0.99);
}

TEST(Metrics, RefuseNoExamplesAndExamplesWithoutReference) {
  const std::vector<ScoredText> none, without = {{"a", {"a"}}, {"b", {}}};
  for (const auto& metric : {bleu, rouge_l, mullama_bleu, mullama_rouge_l}) {
    EXPECT_THROW(metric(none), InputError);
    EXPECT_THROW(metric(without), InputError);
  }
  EXPECT_THROW(meteor(none), InputError);
  EXPECT_THROW(meteor(without), InputError);
}

// The golden file's examples with the values of one metric.
class GoldenMetrics : public testing::Test {
 protected:
  GoldenMetrics() {
    for (const Json& row : golden["examples"]) examples.push_back({row["prediction"], row["references"].get<std::vector<std::string>>()});
  }
  void expect(const std::vector<double>& scores, const char* metric) const {
    ASSERT_EQ(scores.size(), examples.size());
    for (std::size_t i = 0; i < scores.size(); ++i)
      EXPECT_NEAR(scores[i], golden["examples"][i][metric].get<double>(), kTolerance) << metric << " of " << i;
  }

  Json golden = read_json("tests/golden/metrics/metrics.json");
  std::vector<ScoredText> examples;
};

TEST_F(GoldenMetrics, BleuOfTheCorpusAndOfEachExample) {
  EXPECT_NEAR(bleu(examples).score, golden["corpus_bleu"].get<double>(), kTolerance);
  std::vector<double> alone;
  for (const ScoredText& example : examples) alone.push_back(bleu({&example, 1}).score);
  expect(alone, "bleu");
}

TEST_F(GoldenMetrics, Meteor) {
  expect(meteor(examples).per_example, "meteor");
}
TEST_F(GoldenMetrics, RougeL) {
  expect(rouge_l(examples).per_example, "rouge_l");
}
TEST_F(GoldenMetrics, MullamaBleu) {
  expect(mullama_bleu(examples).per_example, "mullama_bleu");
}
TEST_F(GoldenMetrics, MullamaRougeL) {
  expect(mullama_rouge_l(examples).per_example, "mullama_rouge_l");
}

TEST_F(GoldenMetrics, Stems) {
  for (const auto& [word, stem] : golden["stems"].items()) EXPECT_EQ(porter_stem(word), stem) << word;
}

TEST_F(GoldenMetrics, Synonyms) {
  for (const auto& [word, names] : golden["synonyms"].items()) {
    std::set<std::string> found;
    WordNet::open("/usr/share/wordnet").synonyms(word, [&](std::string_view name) { found.emplace(name); });
    EXPECT_EQ(Json(found), names) << word;
  }
}

TEST_F(GoldenMetrics, LowerCase) {
  for (const auto& [text, expected] : golden["lower"].items()) {
    std::string lowered;
    lower(text, lowered);
    EXPECT_EQ(lowered, expected) << text;
  }
}

TEST_F(GoldenMetrics, WordPunctuation) {
  for (const auto& [text, expected] : golden["wordpunct"].items()) {
    Tokens tokens;
    std::vector<std::string> words;
    for (const WordId id : tokens.wordpunct_lower(text)) words.emplace_back(tokens.vocabulary().word(id));
    EXPECT_EQ(Json(words), expected) << text;
  }
}

}  // namespace
}  // namespace midillama::metrics
