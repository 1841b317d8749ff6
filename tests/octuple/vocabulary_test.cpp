#include "midillama/octuple/vocabulary.h"

#include <gtest/gtest.h>

namespace midillama::octuple {
namespace {

TEST(Vocabulary, FieldsFillTheDictionary) {
  std::int64_t next = kUnkId + 1;
  for (const Field& field : kFieldTable) {
    EXPECT_EQ(field.first_id, next) << field.name;
    next += field.count;
  }
  EXPECT_EQ(next, kMaskId);
  EXPECT_EQ(kMaskId + 1, kVocabularySize);
}

// The reference lists, octave by octave, sixteen codes of 1, 2, 4 ... 128 positions each.
TEST(Vocabulary, DurationCodesFollowTheReferenceTable) {
  int position = 0, code = 0;
  for (int octave = 0; octave < 8; ++octave) {
    for (int step = 0; step < 16; ++step, ++code) {
      EXPECT_EQ(duration_positions(code), position);
      for (int i = 0; i < 1 << octave; ++i, ++position) ASSERT_EQ(duration_code(position), code) << position;
    }
  }
  EXPECT_EQ(position, 4080);
  EXPECT_EQ(duration_code(4080), 127);
  EXPECT_EQ(duration_code(std::int64_t{1} << 40), 127);
}

TEST(Vocabulary, TempoCodesAreTwelfthsOfAnOctave) {
  for (int code = 0; code < 49; ++code) EXPECT_EQ(tempo_code(tempo_bpm(code)), code);
  EXPECT_EQ(tempo_code(120), 35);
  EXPECT_EQ(tempo_code(1), 0);
  EXPECT_EQ(tempo_code(15.99), 0);
  EXPECT_EQ(tempo_code(6e7), 48);
  EXPECT_DOUBLE_EQ(tempo_bpm(48), 256);
}

TEST(Vocabulary, VelocityCodesAreFoursAndDecodeToTheirMiddle) {
  EXPECT_EQ(velocity_code(1), 0);
  EXPECT_EQ(velocity_code(127), 31);
  for (int code = 0; code < 32; ++code) EXPECT_EQ(velocity_code(code_velocity(code)), code);
  EXPECT_EQ(code_velocity(0), 2);
  EXPECT_EQ(code_velocity(31), 126);
}

TEST(Vocabulary, TimeSignatureCodesFollowTheReferenceTable) {
  int code = 0;
  for (int denominator = 1; denominator <= 64; denominator *= 2) {
    for (int numerator = 1; numerator <= 2 * denominator; ++numerator, ++code) {
      EXPECT_EQ(time_signature_code(numerator, denominator), code);
      EXPECT_EQ(time_signature(code), std::pair(numerator, denominator));
      EXPECT_EQ(bar_positions(code), numerator * 64 / denominator);
    }
  }
  EXPECT_EQ(code, 254);
}

TEST(Vocabulary, TimeSignaturesAreReduced) {
  const auto reduced = [](int numerator, int denominator) {
    return reduce_time_signature(numerator, denominator).value_or(std::pair(0, 0));
  };
  EXPECT_EQ(reduced(9, 4), std::pair(3, 4));    // the smallest divisor, 3, is taken out
  EXPECT_EQ(reduced(12, 4), std::pair(6, 4));   // 2
  EXPECT_EQ(reduced(17, 8), std::pair(1, 8));   // a prime
  EXPECT_EQ(reduced(255, 1), std::pair(1, 1));  // 3, 5, 17
  EXPECT_EQ(reduced(4, 128), std::pair(2, 64));
  EXPECT_EQ(reduced(128, 1 << 13), std::pair(1, 64));
  EXPECT_EQ(reduce_time_signature(3, 128), std::nullopt);
  EXPECT_EQ(reduce_time_signature(4, 3), std::nullopt);
  EXPECT_EQ(reduce_time_signature(0, 4), std::nullopt);
  EXPECT_THROW(time_signature_code(3, 128), OctupleError);
}

TEST(Vocabulary, WordsAreThoseOfMuzic) {
  EXPECT_EQ(to_words({12, 0, 128, 163, 5, 31, 9, 35}), "<0-12> <1-0> <2-128> <3-163> <4-5> <5-31> <6-9> <7-35>");
}

TEST(Vocabulary, IdsStandBetweenSpecials) {
  const std::vector<Octuple> notes = {{0, 0, 0, 0, 0, 0, 0, 0}, {255, 127, 128, 255, 127, 31, 253, 48}};
  const std::vector<std::int64_t> expected = {0,   0,   0,   0,   0,   0,   0,    0,    4, 260, 388, 517, 773, 901, 933, 1187,
                                              259, 387, 516, 772, 900, 932, 1186, 1235, 2, 2,   2,   2,   2,   2,   2,   2};
  EXPECT_EQ(to_ids(notes), expected);
  EXPECT_EQ(from_ids(expected), notes);
}

TEST(Vocabulary, IdsMustFit) {
  EXPECT_THROW(to_ids(std::vector<Octuple>{{256, 0, 0, 0, 0, 0, 0, 0}}), OctupleError);
  EXPECT_THROW(to_ids(std::vector<Octuple>{{0, 0, 0, 0, 0, 0, -1, 0}}), OctupleError);
  EXPECT_THROW(from_ids(std::vector<std::int64_t>(7, 0)), OctupleError);
  EXPECT_THROW(from_ids(std::vector<std::int64_t>{4, 4, 388, 517, 773, 901, 933, 1187}), OctupleError);
  EXPECT_THROW(from_ids(std::vector<std::int64_t>{kMaskId, 260, 388, 517, 773, 901, 933, 1187}), OctupleError);
  EXPECT_TRUE(from_ids(std::vector<std::int64_t>{0, 1, 2, 3, kMaskId, 0, 0, 0}).empty());
}

}  // namespace
}  // namespace midillama::octuple
