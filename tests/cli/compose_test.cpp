// `midillama compose` and its conversions as a user calls them.
#include "midillama/core/file.h"
#include "midillama/core/process.h"
#include "support/binary.h"
#include "support/scripted_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

namespace midillama {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing_support::ScriptedServer;

const std::string kPiece =
    R"({"melody":[[60,480,80,0],[62,240,80,480]],"chords":[[48,960,70,0],[52,960,70,0]],"bass":[[36,960,90,0]],"rhythm":[[35,240,99,0],[42,240,9,240]]})";

ProcessResult compose(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {MIDILLAMA_BINARY, "compose"});
  return run_process(arguments);
}

class ComposeCommand : public testing::Test {
 protected:
  // Two small pieces in data.dir.
  std::vector<std::string> options(const std::string& server) const {
    std::vector<std::string> options;
    for (const std::string& value :
         {"data.dir=" + (folder.path() / "set").string(), "chat.endpoint=" + server + "/v1", std::string("chat.api_key_env="),
          std::string("compose.genres=[Jazz]"), std::string("compose.styles=[Dance, Punk]"), std::string("compose.pieces=1"),
          std::string("compose.bars=2"), std::string("compose.melody_notes=2"), std::string("compose.chord_notes=2"),
          std::string("compose.bass_notes=1"), std::string("compose.rhythm_notes=2")})
      options.insert(options.end(), {"--set", value});
    return options;
  }
  ProcessResult compose_set(const std::string& server, const std::string& option = "") const {
    auto arguments = options(server);
    if (!option.empty()) arguments.push_back(option);
    return compose(arguments);
  }

  TemporaryDirectory folder;
};

TEST_F(ComposeCommand, WritesASetAndSaysWhatCameOfIt) {
  ScriptedServer server([](std::size_t, const httplib::Request&, httplib::Response& response) {
    const Json message = {{"role", "assistant"}, {"content", "```json\n" + kPiece + "\n```"}};
    response.set_content(Json({{"choices", {{{"index", 0}, {"message", message}, {"finish_reason", "stop"}}}}}).dump(), "application/json");
  });
  const ProcessResult estimate = compose_set(server.url(), "--estimate");
  EXPECT_EQ(estimate.status, 0) << estimate.error_output;
  EXPECT_THAT(estimate.output, HasSubstr("2 calls: "));
  EXPECT_TRUE(server.bodies().empty());

  const ProcessResult result = compose_set(server.url());
  EXPECT_EQ(result.status, 0) << result.error_output;
  EXPECT_THAT(result.output, AllOf(HasSubstr("2 files of 2, 14 notes (7.0 a file)"), HasSubstr("2  a block of code"),
                                   HasSubstr("1 pairs of near-duplicates"), HasSubstr("2 calls answered")));
  for (const char* file : {"pieces.jsonl", "compose.json", "statistics.json", "failed.jsonl", "midi/Jazz_Punk/001.mid"})
    EXPECT_TRUE(fs::exists(folder.path() / "set" / file)) << file;
  EXPECT_THAT(compose_set(server.url(), "--replay").output, HasSubstr("0 calls answered, 2 from the log"));
  EXPECT_EQ(server.bodies().size(), 2u);
}

TEST_F(ComposeCommand, JsonBecomesMidiAndJsonAgain) {
  const fs::path json = folder.path() / "song.json";
  write_atomically(json, kPiece);
  const ProcessResult midi = compose({"to-midi", json.string()});
  EXPECT_EQ(midi.status, 0) << midi.error_output;
  EXPECT_EQ(midi.output, (folder.path() / "song.mid").string() + "\n");
  EXPECT_EQ(compose({"to-json", (folder.path() / "song.mid").string()}).output, kPiece + "\n");
  EXPECT_EQ(compose({"to-midi", json.string(), "--writer", "compatible", "--out", (folder.path() / "other").string()}).status, 0);
  EXPECT_NE(read_binary(folder.path() / "other/song.mid"), read_binary(folder.path() / "song.mid"));
}

TEST_F(ComposeCommand, AMidiFileThatIsThereStaysUnlessItIsToBeReplaced) {
  const fs::path json = folder.path() / "song.json", midi = folder.path() / "song.mid";
  write_atomically(json, kPiece);
  write_atomically(midi, "mine");
  const ProcessResult refused = compose({"to-midi", json.string()});
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.error_output, HasSubstr("song.mid: is there already: --overwrite replaces it"));
  EXPECT_EQ(read_binary(midi), "mine");
  EXPECT_EQ(compose({"to-midi", "--overwrite", json.string()}).status, 0);
  EXPECT_NE(read_binary(midi), "mine");
}

TEST_F(ComposeCommand, TwoInputsOfOneTargetAreRefusedBeforeAnythingIsWritten) {
  const fs::path out = folder.path() / "out";
  for (const char* name : {"a/song.json", "b/song.json"}) write_atomically(folder.path() / name, kPiece);
  const ProcessResult result =
      compose({"to-midi", (folder.path() / "a/song.json").string(), (folder.path() / "b/song.json").string(), "--out", out.string()});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.error_output, AllOf(HasSubstr("b/song.json: would become"), HasSubstr("a/song.json does")));
  EXPECT_FALSE(fs::exists(out));
}

TEST_F(ComposeCommand, SeveralFilesAreLinesThatBecomeTheSameFiles) {
  for (const char* name : {"one", "two"}) {
    write_atomically(folder.path() / (std::string(name) + ".json"), kPiece);
    EXPECT_EQ(compose({"to-midi", (folder.path() / (std::string(name) + ".json")).string()}).status, 0);
  }
  const std::string one = (folder.path() / "one.mid").string(), two = (folder.path() / "two.mid").string();
  const ProcessResult lines = compose({"to-json", one, two});
  EXPECT_THAT(lines.output, HasSubstr("{\"file\":\"" + two + "\",\"melody\":[["));
  const fs::path all = folder.path() / "all.jsonl", out = folder.path() / "out";
  write_atomically(all, lines.output + kPiece + "\n");
  const ProcessResult midi = compose({"to-midi", all.string(), "--out", out.string()});
  EXPECT_EQ(midi.status, 0) << midi.error_output;
  for (const char* name : {"one.mid", "two.mid"}) EXPECT_EQ(read_binary(out / name), read_binary(folder.path() / name)) << name;
  EXPECT_EQ(read_binary(out / "all-003.mid"), read_binary(folder.path() / "one.mid")) << "a line without a name has its number";
  write_atomically(all, kPiece + "\n{\"melody\": [[60]]}\n");
  EXPECT_THAT(compose({"to-midi", "--overwrite", all.string(), "--out", out.string()}).error_output,
              HasSubstr("all.jsonl: line 2: melody[0]: is no [pitch"));
}

TEST_F(ComposeCommand, WrongFilesAreNamedAndTheOthersConverted) {
  const fs::path good = folder.path() / "good.json", bad = folder.path() / "bad.json";
  write_atomically(good, kPiece);
  write_atomically(bad, "{\"melody\": [[60, 480, 80]]}");
  const ProcessResult result = compose({"to-midi", bad.string(), good.string()});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.error_output, AllOf(HasSubstr("bad.json: melody[0]: is no [pitch"), HasSubstr("1 of 2 files")));
  EXPECT_TRUE(fs::exists(folder.path() / "good.mid"));
  EXPECT_EQ(compose({"to-json", good.string()}).status, 1);
  EXPECT_EQ(compose({"to-json", (folder.path() / "good.mid").string(), "--parts", "7"}).status, 2);
  EXPECT_THAT(compose({"to-jsn"}).error_output, HasSubstr("did you mean to-json?"));
  EXPECT_THAT(compose({"--set", "compose.genres=[Jaz]"}).error_output, HasSubstr("compose.genres: \"Jaz\" — is none of the vocabulary's"));
}

}  // namespace
}  // namespace midillama
