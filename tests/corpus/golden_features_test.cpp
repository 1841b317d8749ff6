// features.jsonl beside music21 (tests/golden/music/make_features.py): on random files, and on those of Debian's openttd-openmsx.
#include "collection.h"
#include "midillama/core/base64.h"
#include "midillama/core/file.h"
#include "midillama/corpus/steps.h"
#include "midillama/music/key.h"
#include "support/binary.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <string>

namespace midillama::corpus {
namespace {

namespace fs = std::filesystem;

constexpr double kDigits = 6e-5;  // to which features.jsonl is rounded
const fs::path kOpenmsx = "/usr/share/games/openttd/baseset/openmsx";

// A row of the golden, and the line of features.jsonl that its file got.
using Compare = std::function<void(const Json& golden, const Json& line)>;

class GoldenFeatures : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (GetParam() == std::string("openmsx") && !fs::exists(kOpenmsx)) GTEST_SKIP() << "openttd-openmsx is not installed";
  }

  static std::string midi_of(const std::string& name, const Json& golden) {
    if (golden.contains("midi")) return from_base64(golden.at("midi").get<std::string>()).value();
    return read_binary(kOpenmsx / name);
  }

  static void for_each_file(const Compare& compare) {
    const Json rows = read_json("tests/golden/music/features.json").at(GetParam());
    ASSERT_GE(rows.size(), 31u);
    Collection collection;
    for (const auto& [name, golden] : rows.items()) collection.add_file(name, midi_of(name, golden));
    measure_features(collection.config, collection.data());
    std::size_t lines = 0;
    for_each_json_line(collection.data() / "features.jsonl", [&](const Json& line, std::size_t) {
      SCOPED_TRACE(line.at("piece").get<std::string>());
      const auto& name = line.at("piece").get_ref<const std::string&>();
      compare(rows.is_array() ? rows.at(std::stoul(name)) : rows.at(name), line);
      ++lines;
    });
    EXPECT_EQ(lines, rows.size());
  }
};

TEST_P(GoldenFeatures, KeysAreMusic21s) {
  for_each_file([](const Json& golden, const Json& line) {
    for (const char* key : {"key", "key_krumhansl_kessler"}) {
      const Json& expected = golden.at(key);
      EXPECT_EQ(line.at(key).at("value"), music::name({expected.at("tonic"), expected.at("mode") == "minor"})) << key;
      EXPECT_NEAR(line.at(key).at("correlation").get<double>(), expected.at("r").get<double>(), kDigits) << key;
    }
  });
}

TEST_P(GoldenFeatures, RegisterIsMusic21s) {
  for_each_file([](const Json& golden, const Json& line) {
    const Json &expected = golden.at("register"), &found = line.at("register");
    EXPECT_EQ(found.at("lowest"), expected.at("lowest"));
    EXPECT_EQ(found.at("highest"), expected.at("highest"));
    EXPECT_NEAR(found.at("mean_of_notes").get<double>(), expected.at("mean").get<double>(), kDigits);
  });
}

TEST_P(GoldenFeatures, PolyphonyAndDensityAreMusic21s) {
  for_each_file([](const Json& golden, const Json& line) {
    for (const char* key : {"polyphony", "notes_per_second"})
      EXPECT_NEAR(line.at(key).get<double>(), golden.at(key).get<double>(), 2 * kDigits) << key;
  });
}

// music21 leaves out or cuts notes of some files when it moves them to its grid; of these the golden has none.
TEST_P(GoldenFeatures, DynamicsAreMusic21sWhereItHasTheSameNotes) {
  std::size_t same = 0;
  for_each_file([&](const Json& golden, const Json& line) {
    const Json& expected = golden.at("dynamics");
    if (expected.is_null()) return;
    ++same;
    for (const char* key : {"mean", "deviation"})
      EXPECT_NEAR(line.at("dynamics").at(key).get<double>(), expected.at(key).get<double>(), kDigits) << key;
  });
  EXPECT_GE(same, 15u);
}

// What files state is music21's, and where they state one thing throughout so does music21.
TEST_P(GoldenFeatures, MeterAndTempoAreMusic21sWhereTheyAreStated) {
  std::size_t meters = 0, tempos = 0;
  for_each_file([&](const Json& golden, const Json& line) {
    if (const Json& meter = line.at("meter").at("value"); !meter.is_null()) {
      ++meters;
      EXPECT_EQ(Json::array({meter}), golden.at("meters"));
    }
    if (const Json& tempo = line.at("tempo").at("quarters_per_minute"); !tempo.is_null()) {
      ++tempos;
      ASSERT_EQ(golden.at("quarters_per_minute").size(), 1u);
      EXPECT_NEAR(tempo.get<double>(), golden.at("quarters_per_minute")[0].get<double>(), 0.01);  // it rounds
    }
  });
  EXPECT_GE(meters, 15u);
  EXPECT_GE(tempos, 15u);
}

INSTANTIATE_TEST_SUITE_P(Files, GoldenFeatures, testing::Values("random", "openmsx"));

}  // namespace
}  // namespace midillama::corpus
