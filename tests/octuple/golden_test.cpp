// Octuples equal muzic's (tests/golden/octuple/make_octuple.py), note for note.
#include "midillama/midi/file.h"
#include "octuple_json.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace midillama::octuple {
namespace {

namespace fs = std::filesystem;

const fs::path kGolden = "tests/golden/octuple";
const fs::path kEdgeCases = "tests/golden/midi/files";
const fs::path kOpenMsx = "/usr/share/games/openttd/baseset/openmsx";
constexpr std::size_t kBlock = 256;

Json golden_files(const std::string& name) {
  return read_json(kGolden / name).at("files");
}

std::vector<Octuple> encode_file(const fs::path& path) {
  return encode(midi::read_midi(path));
}

std::string fnv1a(std::string_view text) {
  std::uint64_t value = 0xcbf29ce484222325;
  for (const char byte : text) value = (value ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return fmt::format("{:016x}", value);
}

Json block_hashes(std::span<const Octuple> octuples) {
  Json hashes = Json::array();
  for (std::size_t begin = 0; begin < octuples.size(); begin += kBlock) {
    hashes.push_back(fnv1a(to_json(octuples.subspan(begin, std::min(kBlock, octuples.size() - begin))).dump()));
  }
  return hashes;
}

TEST(GoldenOctuple, EdgeCasesEqualTheReference) {
  const Json encodings = golden_files("encodings.json");
  int compared = 0;
  for (const auto& [name, entry] : encodings.items()) {
    if (!entry.contains("octuples")) continue;
    SCOPED_TRACE(name);
    EXPECT_EQ(to_json(encode_file(kEdgeCases / (name + ".mid"))), entry.at("octuples"));
    ++compared;
  }
  EXPECT_GE(compared, 35);
}

// Truncated files alone are read although the reference refuses them.
TEST(GoldenOctuple, RefusesWhatTheReferenceRefuses) {
  const Json encodings = golden_files("encodings.json");
  int refused = 0;
  for (const auto& [name, entry] : encodings.items()) {
    if (entry.contains("octuples") || name.rfind("truncated_", 0) == 0) continue;
    SCOPED_TRACE(name);
    EXPECT_THROW(encode_file(kEdgeCases / (name + ".mid")), Error);
    ++refused;
  }
  EXPECT_GE(refused, 30);
}

TEST(GoldenOctuple, OpenMsxEqualsTheReference) {
  if (!fs::exists(kOpenMsx)) GTEST_SKIP() << "the Debian package openttd-openmsx is not installed (" << kOpenMsx << ")";
  const Json golden = golden_files("openmsx.json");
  std::size_t total = 0;
  for (const auto& [name, entry] : golden.items()) {
    const auto octuples = encode_file(kOpenMsx / name);
    EXPECT_EQ(octuples.size(), entry.at("octuples")) << name;
    const Json hashes = block_hashes(octuples);
    for (std::size_t block = 0; block < std::min(hashes.size(), entry.at("blocks").size()); ++block) {
      EXPECT_EQ(hashes[block], entry.at("blocks")[block]) << name << ": octuples " << block * kBlock << " to " << (block + 1) * kBlock - 1;
    }
    total += octuples.size();
  }
  EXPECT_EQ(golden.size(), 31u);
  EXPECT_EQ(total, 80'363u);
}

Json instruments_json(const midi::Score& score) {
  Json list = Json::array();
  for (const auto& instrument : score.instruments) {
    Json notes = Json::array();
    for (const auto& note : instrument.notes) notes.push_back({note.start.value, note.end.value, note.pitch, note.velocity});
    list.push_back({{"program", instrument.program}, {"is_drum", instrument.is_drum}, {"name", instrument.name}, {"notes", notes}});
  }
  return list;
}

TEST(GoldenOctuple, DecodesAsTheReferenceDoes) {
  const Json encodings = golden_files("encodings.json"), decodings = golden_files("decodings.json");
  int compared = 0;
  for (const auto& [name, golden] : decodings.items()) {
    SCOPED_TRACE(name);
    const midi::Score score = decode(from_json(encodings.at(name).at("octuples")));
    EXPECT_EQ(score.ticks_per_quarter, golden.at("ticks_per_quarter"));
    EXPECT_EQ(instruments_json(score), golden.at("instruments"));
    Json meters = Json::array();
    for (const auto& meter : score.time_signatures) meters.push_back({meter.time.value, meter.numerator, meter.denominator});
    EXPECT_EQ(meters, golden.at("time_signatures"));
    ASSERT_EQ(score.tempos.size(), golden.at("tempos").size());
    for (std::size_t i = 0; i < score.tempos.size(); ++i) {
      EXPECT_EQ(score.tempos[i].time.value, golden.at("tempos")[i][0]);
      EXPECT_DOUBLE_EQ(score.tempos[i].bpm, golden.at("tempos")[i][1].get<double>());
    }
    ++compared;
  }
  EXPECT_GE(compared, 25);
}

}  // namespace
}  // namespace midillama::octuple
