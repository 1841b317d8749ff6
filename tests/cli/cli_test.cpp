// The executable as a user calls it: what it prints, and its exit status.
#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/core/process.h"
#include "midillama/midi/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <regex>
#include <thread>

namespace midillama {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

ProcessResult midillama(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), MIDILLAMA_BINARY);
  return run_process(arguments);
}

// A folder with two notes in two.mid and a broken file in broken.mid.
class Cli : public testing::Test {
 protected:
  void SetUp() override {
    midi::Score score;
    score.ticks_per_quarter = 480;
    score.instruments.push_back({0, false, "piano", {{{0}, {480}, 60, 64}, {{480}, {960}, 64, 64}}});
    midi::write_midi(score, two());
    write_atomically(broken(), "MThd and nothing more");
  }
  std::string two() const { return (folder_.path() / "two.mid").string(); }
  std::string broken() const { return (folder_.path() / "broken.mid").string(); }

 private:
  TemporaryDirectory folder_;
};

TEST_F(Cli, HelpOfEveryCommandShowsAnExample) {
  EXPECT_EQ(midillama({"--help"}).status, 0);
  for (const char* command : {"train", "eval", "generate", "explain", "score", "tokenize", "text-tokenize", "inspect", "embed", "merge",
                              "export", "plan", "doctor", "report"}) {
    const ProcessResult help = midillama({command, "--help"});
    EXPECT_EQ(help.status, 0) << command;
    EXPECT_THAT(help.output, HasSubstr("Example:\n  ")) << command;
  }
  for (const char* command : {"import", "retrieve", "annotate", "features", "segment", "write", "build", "stats", "check"})
    EXPECT_THAT(midillama({"data", command, "--help"}).output, HasSubstr("Example:"));
  for (const char* command : {"musicbert", "gguf"}) EXPECT_THAT(midillama({"convert", command, "--help"}).output, HasSubstr("Example:"));
  for (const char* command : {"show", "validate"}) EXPECT_THAT(midillama({"config", command, "--help"}).output, HasSubstr("Example:"));
}

#ifdef MIDILLAMA_WITH_TORCH
TEST_F(Cli, OutOfMemorySaysWhatWasAskedForWithoutFrames) {
  const TemporaryDirectory folder;
  std::filesystem::create_directories(folder.path() / "data");
  std::filesystem::copy_file(two(), folder.path() / "data/two.mid");
  const OrderedJson row = {
      {"id", "a"},    {"piece", "a"},      {"clip", "two.mid"},          {"start", 0.0},      {"end", 1.0},
      {"task", "qa"}, {"tag", "register"}, {"question", "High or low?"}, {"answer", "High."}, {"facts", {{"register", "high"}}}};
  write_atomically(folder.path() / "data/train.jsonl", row.dump() + "\n");
  const ProcessResult result = midillama({"train", "--stage", "pretrain-encoder", "--set", "run.device=cpu",  //
                                          "--set", "data.dir=" + (folder.path() / "data").string(),           //
                                          "--set", "run.dir=" + (folder.path() / "run").string(),             //
                                          "--set", "music_encoder.pretrain.intermediate_size=4398046511104"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.error_output, HasSubstr("out of memory: "));
  EXPECT_THAT(result.error_output, HasSubstr(" GiB more were asked for"));
  EXPECT_THAT(result.error_output, Not(HasSubstr("frame #")));
  EXPECT_THAT(result.error_output, Not(HasSubstr("alloc_cpu")));
}
#endif

// Whatever numbers a command takes: those that no count, time or size can be are refused before anything runs.
TEST_F(Cli, NumbersThatCannotBeMeantAreRefused) {
  const auto options_of = [](const std::string& command) {
    std::vector<std::string> options;
    const std::string help = midillama({command, "--help"}).output;
    static const std::regex option(R"((--[a-z-]+) (?:S|N|T|GIB)\b)");
    for (std::sregex_iterator found(help.begin(), help.end(), option), end; found != end; ++found) options.push_back((*found)[1]);
    return options;
  };
  std::size_t tried = 0;
  for (const char* command : {"generate", "explain", "tokenize", "plan", "inspect"}) {
    for (const std::string& option : options_of(command)) {
      for (const char* number : {"nan", "inf", "-1", "1e300", "99999999999999999999", "many"}) {
        const ProcessResult result = midillama({command, option, number});
        EXPECT_EQ(result.status, 2) << command << " " << option << " " << number;
        EXPECT_THAT(result.error_output, HasSubstr(option)) << number;
        ++tried;
      }
    }
  }
  EXPECT_GE(tried, 6 * 14u) << "options are no longer found in the help";
  for (const char* works : {"0", "-1", "nan", "1e300"}) {
    const ProcessResult result = midillama({"data", "review", "sample", "--out", "/dev/null", "--works", works});
    EXPECT_EQ(result.status, 2) << works;
    EXPECT_THAT(result.error_output, HasSubstr(std::string(works) + " is no positive number up to 1000000000"));
  }
}

TEST_F(Cli, RetrieveTakesTextsFromAFolder) {
  const TemporaryDirectory folder;
  const std::string data = (folder.path() / "data").string(), texts = (folder.path() / "texts").string();
  write_atomically(data + "/pieces.jsonl", R"({"work": "w", "composer": "Satie, Erik", "title": "Gymnopédie No. 1"})"
                                           "\n");
  write_atomically(texts + "/Gymnopédies.txt", "The Gymnopédies by Erik Satie are three. Gymnopédie No. 1 is slow and sorrowful.");
  const std::vector<std::string> command = {"data", "retrieve", "--set", "data.dir=" + data};
  EXPECT_EQ(midillama(command).status, 2) << "no source";
  std::vector<std::string> with_source = command;
  with_source.insert(with_source.end(), {"--set", "retrieval.endpoint=" + texts});
  const ProcessResult result = midillama(with_source);
  EXPECT_EQ(result.status, 0) << result.error_output;
  EXPECT_THAT(result.output, testing::ContainsRegex("with a text +1\n"));
  EXPECT_THAT(read_text(data + "/texts.jsonl"), HasSubstr("slow and sorrowful"));
}

TEST_F(Cli, WrongUsageIsStatusTwo) {
  EXPECT_EQ(midillama({}).status, 2);
  EXPECT_EQ(midillama({"dance"}).status, 2);
  EXPECT_EQ(midillama({"train", "--stage", "algin"}).status, 2);
  EXPECT_EQ(midillama({"config", "validate", "--set", "lora.rank=0"}).status, 2);
  EXPECT_EQ(midillama({"tokenize", two(), "--log-level", "loud"}).status, 2);
  EXPECT_EQ(midillama({"train", "--stage", "sft", "--resume", "--overwrite"}).status, 2);
}

TEST_F(Cli, AWrongWordNamesWhatWasMeant) {
  EXPECT_THAT(midillama({"trian"}).error_output, HasSubstr("midillama has no command trian: did you mean train?\nsee midillama --help"));
  EXPECT_THAT(midillama({"data", "biuld"}).error_output, HasSubstr("midillama data has no command biuld: did you mean build?"));
  EXPECT_THAT(midillama({"train", "--satge", "align"}).error_output,
              HasSubstr("midillama train has no option --satge: did you mean --stage?"));
  EXPECT_THAT(midillama({"train", "--satge=align"}).error_output, HasSubstr("did you mean --stage?"));
  EXPECT_THAT(midillama({"config", "show", "--set", "a", "--stgae", "sft"}).error_output, HasSubstr("did you mean --stage?"));
  const ProcessResult far = midillama({"dance"});
  EXPECT_THAT(far.error_output, HasSubstr("midillama has no command dance"));
  EXPECT_THAT(far.error_output, Not(HasSubstr("did you mean")));
  EXPECT_THAT(midillama({"train"}).error_output, HasSubstr("--stage is required"));
  EXPECT_THAT(midillama({"config", "show", "--set", "lora.rnak=2"}).error_output, HasSubstr("did you mean rank?"));
}

// The shell's status and standard error of a pipeline with the program in place of MIDILLAMA.
ProcessResult shell(const std::string& pipeline) {
  return run_process({"bash", "-c", "MIDILLAMA='" MIDILLAMA_BINARY "'; " + pipeline});
}

// Kind A6: a result that could not be written is no success.
TEST_F(Cli, AFailedWriteToStandardOutputIsStatusOneWithAMessage) {
  const std::vector<std::string> commands = {"config show",
                                             "config validate",
                                             "--help",
                                             "--version",
                                             "train --help",
                                             "tokenize " + two(),
                                             "tokenize --format ids " + two(),
                                             "plan --json --help",
                                             "data stats --help"};
  for (const std::string& command : commands) {
    const ProcessResult full = shell("$MIDILLAMA " + command + " > /dev/full");
    EXPECT_EQ(full.status, 1) << command;
    EXPECT_THAT(full.error_output, HasSubstr("standard output cannot be written (No space left on device)")) << command;
    const ProcessResult closed = shell("$MIDILLAMA " + command + " >&-");
    EXPECT_EQ(closed.status, 1) << command;
    EXPECT_THAT(closed.error_output, HasSubstr("standard output cannot be written (Bad file descriptor)")) << command;
  }
}

TEST_F(Cli, WhatIsPrintedIsWholeBeforeAnErrorToo) {
  const ProcessResult full = shell("$MIDILLAMA tokenize " + broken() + " " + two() + " > /dev/full");
  EXPECT_EQ(full.status, 1);
  EXPECT_THAT(full.error_output, HasSubstr("1 of 2 files"));
}

TEST_F(Cli, AReaderThatLeavesIsNoMistake) {
  for (const char* parent : {"", "trap '' PIPE; "}) {
    const ProcessResult result = shell(std::string(parent) +
                                       "(yes 'a line' | head -100000) 2> /dev/null | $MIDILLAMA text-tokenize --tokenizer "
                                       "tests/golden/text/llama3 | head -1");
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(std::ranges::count(result.output, '\n'), 1);
    EXPECT_EQ(result.error_output, "");
  }
}

TEST_F(Cli, EveryConfigurationMistakeIsShown) {
  const ProcessResult result = midillama({"config", "validate", "--set", "lora.rank=0", "--set", "run.nothing=1"});
  EXPECT_THAT(result.error_output, HasSubstr("lora.rank: 0"));
  EXPECT_THAT(result.error_output, HasSubstr("run.nothing: unknown key"));
}

// What `train` or `data build` would refuse before they read a model or a file.
TEST_F(Cli, ConfigValidateKnowsTheRulesOfOtherCommands) {
  const ProcessResult result = midillama({"config", "validate", "--set", "prompt.template=\"{foo}{music}{music}{question}\"", "--set",
                                          "corpus.tags=[keys]", "--set", "generate.stop_token_ids=[-1]", "--set", "lora.rank=0"});
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.error_output,
              AllOf(HasSubstr("unknown field {foo}"), HasSubstr("{music} stands 2 times"), HasSubstr("{answer} is missing"),
                    HasSubstr("corpus.tags: \"keys\""), HasSubstr("generate.stop_token_ids: -1"), HasSubstr("lora.rank: 0")));
  EXPECT_THAT(midillama({"config", "validate", "--set", "corpus.tag_file=no/tags.yaml"}).error_output,
              AllOf(HasSubstr("corpus.tag_file"), HasSubstr("no/tags.yaml")));
  for (const char* file : {"configs/folk/default.yaml", "configs/midi/default.yaml", "configs/giantmidi/default.yaml",
                           "configs/llama3-8b/default.yaml", "configs/classical/default.yaml", "configs/classical/shared.yaml"}) {
    const ProcessResult good =
        midillama({"config", "validate", "--config", file, "--set", "prompt.template=llama3", "--set", "llm.path=nowhere"});
    EXPECT_EQ(good.status, 0) << good.error_output;
  }
}

// A template is checked with the tokens of the decoder, where that is there.
TEST_F(Cli, ConfigValidateKnowsTheDecodersTokens) {
  const std::string llm = "llm.path=tests/golden/text/llama3";
  EXPECT_EQ(midillama({"config", "validate", "--set", llm, "--set", "prompt.template=llama3"}).status, 0);
  const ProcessResult result = midillama({"config", "validate", "--set", llm, "--set", "prompt.template=chatml"});
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.error_output, HasSubstr("the tokenizer has no token <|im_start|>"));
  EXPECT_THAT(midillama({"config", "validate", "--set", llm, "--set", "prompt.template=chat"}).error_output, HasSubstr("chat template"));
}

TEST_F(Cli, AnOverrideTakesOneValueAndLeavesWhatFollows) {
  const ProcessResult result = midillama({"tokenize", "--set", "run.seed=2", two()});
  EXPECT_EQ(result.status, 0) << result.error_output;
  EXPECT_THAT(result.output, HasSubstr("{\"file\""));
}

// What cannot be written ends as a full disk does: with a message, and nothing left behind.
TEST_F(Cli, AFileThatMayGrowNoFurtherIsAMessage) {
  const TemporaryDirectory folder;
  std::filesystem::create_directory(folder.path() / "songs");
  std::filesystem::copy_file(two(), folder.path() / "songs/two.mid");
  const auto limited =
      run_process({"/bin/bash", "-c", "ulimit -f 0; exec \"$@\"", "limited", MIDILLAMA_BINARY, "data", "build", "--config",
                   "configs/midi/default.yaml", "--set", "corpus.min_clip_notes=1", "--set", "corpus.min_clip_seconds=0", "--set",
                   "corpus.path=" + (folder.path() / "songs").string(), "--set", "data.dir=" + (folder.path() / "data").string()});
  EXPECT_EQ(limited.status, 1) << limited.error_output;
  EXPECT_THAT(limited.error_output, HasSubstr("cannot be written"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1) << "the songs";
}

TEST_F(Cli, DataImportWritesPiecesOnce) {
  const TemporaryDirectory folder;
  std::filesystem::create_directory(folder.path() / "songs");
  std::filesystem::copy_file(two(), folder.path() / "songs/two.mid");
  std::filesystem::copy_file(broken(), folder.path() / "songs/broken.mid");
  write_atomically(folder.path() / "songs.csv", "name,title,composer\ntwo.mid,Song,Ada Berg\nbroken.mid,Song,Ada Berg\n");
  const auto import = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments = {"data", "import"};
    for (const std::string& setting :
         {std::string("corpus.source=csv"), "corpus.path=" + (folder.path() / "songs").string(),
          "corpus.metadata=" + (folder.path() / "songs.csv").string(), "data.dir=" + (folder.path() / "data").string()})
      arguments.insert(arguments.end(), {"--set", setting});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return midillama(arguments);
  };
  const ProcessResult refused = import({});
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.error_output, HasSubstr("songs.csv: line 1: names no column \"file\""));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "data/pieces.jsonl"));

  const ProcessResult first = import({"--set", "corpus.file_column=name"});
  EXPECT_EQ(first.status, 0) << first.error_output;
  EXPECT_THAT(first.output, testing::MatchesRegex("rows +2\npieces +1\nworks +1\n  no readable MIDI file +1\n"));
  const ProcessResult second = import({"--set", "corpus.file_column=name"});
  EXPECT_EQ(second.status, 0);
  EXPECT_THAT(second.error_output, HasSubstr("nothing to do"));
  EXPECT_EQ(second.output, first.output);

  write_atomically(folder.path() / "songs.csv", "name,title,composer\ntwo.mid,Song,Ada Low\n");
  EXPECT_THAT(import({"--set", "corpus.file_column=name"}).error_output, HasSubstr("--overwrite imports again"));
  EXPECT_EQ(import({"--set", "corpus.file_column=name", "--overwrite"}).status, 0);
}

TEST_F(Cli, TokenizePrintsFieldCodes) {
  const ProcessResult result = midillama({"tokenize", two()});
  ASSERT_EQ(result.status, 0) << result.error_output;
  const Json object = Json::parse(result.output);
  EXPECT_EQ(object["file"], two());
  EXPECT_EQ(object["notes"], 2);
  const Json expected = {{0, 0, 0, 60, 16, 16, 9, 35}, {0, 16, 0, 64, 16, 16, 9, 35}};
  EXPECT_EQ(object["octuples"], expected);
}

TEST_F(Cli, TokenizeTakesAPart) {
  const ProcessResult result = midillama({"tokenize", two(), "--start", "0.5", "--duration", "0.5"});
  EXPECT_EQ(Json::parse(result.output)["notes"], 1);
}

TEST_F(Cli, TokenizeIdsHaveSpecialsAroundThem) {
  const std::string ids = midillama({"tokenize", two(), "--format", "ids"}).output;
  EXPECT_THAT(ids, testing::StartsWith("0 0 0 0 0 0 0 0 4 260 388 577 789 917 942 1222 "));
  EXPECT_THAT(ids, testing::EndsWith(" 2 2 2 2 2 2 2 2\n"));
}

TEST_F(Cli, OneBadFileDoesNotStopTheOthers) {
  const ProcessResult result = midillama({"tokenize", broken(), two(), "--format", "text"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.output, testing::StartsWith("<0-0> <1-0> <2-0> <3-60>"));
  EXPECT_THAT(result.error_output, HasSubstr("broken.mid"));
  EXPECT_THAT(result.error_output, HasSubstr("1 of 2 files"));
}

// Kind: whatever a user names may have no end.
TEST_F(Cli, WhatHasNoEndIsRefused) {
  EXPECT_THAT(shell("(ulimit -v 1000000; $MIDILLAMA tokenize /dev/zero)").error_output, HasSubstr("/dev/zero: offset 0x0: no MIDI file"));
  EXPECT_THAT(shell("yes | (ulimit -v 1000000; $MIDILLAMA tokenize -)").error_output, HasSubstr("-: offset 0x0: no MIDI file"));
  EXPECT_THAT(midillama({"config", "show", "--config", "/dev/zero"}).error_output, HasSubstr("/dev/zero: does not end after 256 MiB"));
}

TEST_F(Cli, ConfigShowCanBeReadBack) {
  const ProcessResult shown = midillama({"config", "show", "--set", "lora.rank=4"});
  ASSERT_EQ(shown.status, 0);
  const std::string file = two() + ".yaml";
  write_atomically(file, shown.output);
  EXPECT_EQ(midillama({"config", "show", "--config", file}).output, shown.output);
}

TEST_F(Cli, MissingConfigurationFileIsNamed) {
  const ProcessResult result = midillama({"config", "show", "--config", "no/such.yaml"});
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.error_output, HasSubstr("no/such.yaml"));
}

TEST_F(Cli, PlanNeedsNothingButTheShapes) {
  const std::string folder = two() + ".models";
  write_atomically(
      folder + "/llm/config.json",
      R"({"model_type": "llama", "vocab_size": 128256, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
                       "num_attention_heads": 32, "num_key_value_heads": 8, "max_position_embeddings": 8192})");
  write_atomically(folder + "/encoder/config.json",
                   R"({"model_type": "musicbert", "vocab_size": 1237, "hidden_size": 768, "num_hidden_layers": 12,
                       "num_attention_heads": 12, "intermediate_size": 3072, "max_position_embeddings": 8194})");
  const std::vector<std::string> arguments = {"plan",
                                              "--config",
                                              "configs/llama3-8b/default.yaml",
                                              "--set",
                                              "llm.path=" + folder + "/llm",
                                              "--set",
                                              "music_encoder.path=" + folder + "/encoder",
                                              "--ranks",
                                              "2",
                                              "--gpu-memory",
                                              "48"};
  const ProcessResult table = midillama(arguments);
  ASSERT_EQ(table.status, 0) << table.error_output;
  EXPECT_THAT(table.output, HasSubstr("LoRA 20,971,520"));
  auto as_json = arguments;
  as_json.insert(as_json.end(), {"--json", "--stage", "sft"});
  const Json plans = Json::parse(midillama(as_json).output);
  ASSERT_EQ(plans.size(), 1U);
  EXPECT_EQ(plans[0]["parameters"]["projector"], 768 * 4096 + 4096);
  EXPECT_EQ(plans[0]["memory"], 48LL << 30);
  EXPECT_TRUE(plans[0]["fits"]);

  const ProcessResult missing = midillama({"plan", "--set", "llm.path=no/such/model"});
  EXPECT_EQ(missing.status, 1);
  EXPECT_THAT(missing.error_output, HasSubstr("no/such/model/config.json"));
  EXPECT_EQ(midillama({"plan", "--stage", "pretrain-llm"}).status, 2);
}

#ifdef MIDILLAMA_WITH_TORCH
TEST_F(Cli, DoctorSaysWhatIsWrongAndWhatMendsIt) {
  const ProcessResult result = midillama({"doctor", "--json", "--set", "run.device=cpu", "--set", "llm.path=no/model", "--set",
                                          "music_encoder.path=no/encoder", "--set", "data.dir=no/data"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.error_output, HasSubstr("checks failed"));
  std::map<std::string, Json> checks;
  for (const Json& check : Json::parse(result.output)) checks[check["name"]] = check;
  EXPECT_EQ(checks["device"]["status"], "ok");
  EXPECT_EQ(checks["llm"]["status"], "fail");
  EXPECT_THAT(checks["llm"]["detail"].get<std::string>(), HasSubstr("no/model"));
  EXPECT_THAT(checks["llm"]["mend"].get<std::string>(), HasSubstr("midillama train --stage pretrain-llm"));
  EXPECT_EQ(checks["dataset"]["status"], "fail");
  EXPECT_THAT(checks["dataset"]["mend"].get<std::string>(), HasSubstr("midillama data build"));
}

TEST_F(Cli, InspectIsNotColouredInAPipe) {
  const std::string folder = two() + ".data";
  write_atomically(
      folder + "/train.jsonl",
      R"({"id": "1", "piece": "p", "clip": "c.mid", "task": "qa", "tag": "key", "question": "Which key?", "answer": "G major."})");
  const ProcessResult result = midillama(
      {"inspect", "--set", "data.dir=" + folder, "--set", "run.dir=" + folder + "/run", "--set", "llm.path=tests/golden/text/llama3"});
  ASSERT_EQ(result.status, 0) << result.error_output;
  EXPECT_EQ(result.output.find('\x1b'), std::string::npos);
  EXPECT_EQ(Json::parse(result.output)["id"], "1");
}

TEST_F(Cli, ConvertPrintsTheSizes) {
  const std::string out = two() + ".musicbert";
  const std::vector<std::string> arguments = {"convert", "musicbert", "--in", "tests/golden/model/musicbert_checkpoints/fairseq.pt",
                                              "--out",   out};
  const ProcessResult result = midillama(arguments);
  ASSERT_EQ(result.status, 0) << result.error_output;
  const Json sizes = Json::parse(result.output);
  EXPECT_EQ(sizes["out"], out);
  EXPECT_EQ(sizes["num_hidden_layers"], 2);
  EXPECT_EQ(sizes["num_attention_heads"], 2);
  EXPECT_THAT(result.error_output, HasSubstr("left out, for the encoder has no use for them: encoder.lm_head.bias"));
  const ProcessResult again = midillama(arguments);
  EXPECT_EQ(again.status, 1);
  EXPECT_THAT(again.error_output, HasSubstr("is there already"));
}

TEST_F(Cli, ConvertMakesADirectoryOfAGgufFile) {
  const std::string out = two() + ".llama";
  const ProcessResult result = midillama({"convert", "gguf", "--in", "tests/golden/gguf/tied.gguf", "--out", out, "--dtype", "bfloat16"});
  ASSERT_EQ(result.status, 0) << result.error_output;
  const Json converted = Json::parse(result.output);
  EXPECT_EQ(converted["dtype"], "bfloat16");
  EXPECT_EQ(converted["vocab_size"], 421);
  EXPECT_EQ(converted["types"]["Q8_0"], 3);
  EXPECT_EQ(midillama({"convert", "gguf", "--in", "tests/golden/gguf/tied.gguf", "--out", out + "2", "--dtype", "float8"}).status, 2);
  const ProcessResult unfit = midillama({"convert", "gguf", "--in", "tests/golden/gguf/gpt-2.gguf", "--out", out + "2"});
  EXPECT_EQ(unfit.status, 1);
  EXPECT_THAT(unfit.error_output, HasSubstr("llama.context_length: is missing"));
}

TEST_F(Cli, OfConversionsToOneFolderAtOnceOneSucceeds) {
  const std::string out = two() + ".one";
  std::vector<int> statuses(4);
  std::vector<std::thread> threads;
  for (int& status : statuses) {
    threads.emplace_back([&] { status = midillama({"convert", "gguf", "--in", "tests/golden/gguf/tied.gguf", "--out", out}).status; });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(statuses, testing::UnorderedElementsAre(0, 1, 1, 1));
}

// The rows of the others are written; a script must learn that some are missing.
TEST_F(Cli, EmbedEndsInFailureWhereAFileCannotBeRead) {
  const std::string encoder = two() + ".encoder", out = two() + ".safetensors";
  ASSERT_EQ(midillama({"convert", "musicbert", "--in", "tests/golden/model/musicbert_checkpoints/fairseq.pt", "--out", encoder}).status, 0);
  const auto embed = [&](const std::vector<std::string>& files) {
    std::vector<std::string> arguments = {"embed"};
    arguments.insert(arguments.end(), files.begin(), files.end());
    for (const char* option : {"--out", out.c_str(), "--set", "run.device=cpu", "--set"}) arguments.emplace_back(option);
    arguments.push_back("music_encoder.path=" + encoder);
    return midillama(arguments);
  };
  const ProcessResult whole = embed({two()});
  EXPECT_EQ(whole.status, 0) << whole.error_output;
  std::filesystem::remove(out);
  const ProcessResult result = embed({broken(), two(), two() + ".none"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.error_output, AllOf(HasSubstr("broken.mid"), HasSubstr("two.mid.none"), HasSubstr("2 of 3 files")));
  const auto bytes = read_bytes(out);
  EXPECT_THAT(std::string(bytes.begin(), bytes.end()), HasSubstr("two.mid\\\""));
}

TEST_F(Cli, AFileThatIsWrittenIsNotNamedAsStandardOutput) {
  const std::vector<std::vector<std::string>> commands = {{"embed", two(), "--out", "-"},
                                                          {"export", "--out", "-"},
                                                          {"merge", "--out", "-"},
                                                          {"convert", "gguf", "--in", two(), "--out", "-"},
                                                          {"convert", "musicbert", "--in", two(), "--out", "-"},
                                                          {"explain", "--midi", two(), "--prompt", "Which key?", "--svg", "-"}};
  for (const auto& command : commands) {
    const ProcessResult result = midillama(command);
    EXPECT_EQ(result.status, 2) << command[0];
    EXPECT_THAT(result.error_output, HasSubstr("cannot be standard output (-)")) << command[0];
  }
  EXPECT_FALSE(std::filesystem::exists("-"));
}

// A name that was left out, or typed beside another, costs nobody a file.
TEST_F(Cli, WhatIsThereIsReplacedOnlyByItsOwnKind) {
  const std::string file = (std::filesystem::path(two()).parent_path() / "mine.mid").string();
  const std::vector<std::vector<std::string>> commands = {{"embed", "--out", file, two()},
                                                          {"explain", "--midi", two(), "--prompt", "Which key?", "--svg", file},
                                                          {"explain", "--midi", two(), "--prompt", "Which key?", "--json", file}};
  for (const auto& command : commands) {
    std::filesystem::copy_file(two(), file, std::filesystem::copy_options::overwrite_existing);
    const ProcessResult result = midillama(command);
    EXPECT_EQ(result.status, 1) << command[0];
    EXPECT_THAT(result.error_output, HasSubstr("mine.mid: is there already and is no ")) << command[0];
    EXPECT_TRUE(read_bytes(file) == read_bytes(two())) << command[0];
  }
}

TEST_F(Cli, AnEmptyPathIsAMistake) {
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"config", "validate", "--config", ""}, {"embed", "--out", "", two()}}) {
    const ProcessResult result = midillama(command);
    EXPECT_EQ(result.status, 2) << command[0];
    EXPECT_THAT(result.error_output, HasSubstr("the path is empty")) << command[0];
  }
}

// Every character of a line has its ids, and ids are made of nothing else.
TEST_F(Cli, LinesAreTokenizedAsTheyAre) {
  const std::string command = " | $MIDILLAMA text-tokenize --tokenizer tests/golden/text/llama3";
  EXPECT_EQ(shell("printf 'a\r\nb\rc'" + command).output, shell("printf 'a\nb\nc\n'" + command).output);
  EXPECT_EQ(shell("printf '\357\273\277a\n'" + command).output, shell("printf 'a\n'" + command).output);
  EXPECT_NE(shell("printf 'a\n\357\273\277a\n'" + command).output, shell("printf 'a\na\n'" + command).output);
  const ProcessResult broken = shell("printf 'a\nx\377\n'" + command);
  EXPECT_EQ(broken.status, 1);
  EXPECT_THAT(broken.error_output, HasSubstr("standard input: line 2: is not valid UTF-8"));
}

TEST_F(Cli, AWorkingFolderThatWasRemovedIsSaid) {
  const ProcessResult gone = shell("folder=$(mktemp -d); cd $folder; rmdir $folder; $MIDILLAMA generate --midi " + two() + " --prompt '?'");
  EXPECT_EQ(gone.status, 1);
  EXPECT_THAT(gone.error_output, AllOf(HasSubstr("the working folder cannot be used"), Not(HasSubstr("FATAL"))));
}

TEST_F(Cli, ServeRefusesAKeyThatNobodyCouldSend) {
  for (const char* key : {"", " ", "a b", "a\\tb", "a\\nb", "\\x7f", "a%41", "caf\\xc3\\xa9"}) {
    const ProcessResult result = shell(std::string("MIDILLAMA_API_KEY=$'") + key + "' $MIDILLAMA serve --port 0");
    EXPECT_EQ(result.status, 2) << key;
    EXPECT_THAT(result.error_output, HasSubstr("no client could send it")) << key;
  }
}

TEST_F(Cli, ServeSaysWhyAnAddressCannotBeHadBeforeItLoadsAModel) {
  const auto refusal = [](const std::string& host) { return midillama({"serve", "--port", "0", "--host", host}); };
  EXPECT_EQ(refusal("").status, 2);
  EXPECT_THAT(refusal("").error_output, HasSubstr("--host: an address is expected"));
  EXPECT_THAT(refusal("no such host").error_output, HasSubstr("the host no such host is not known"));
  EXPECT_THAT(refusal("192.0.2.1").error_output, HasSubstr("no address of this machine"));
}

TEST_F(Cli, ScoreNeedsNoExperiment) {
  const std::string file = two() + ".jsonl";
  write_atomically(file,
                   "{\"id\": \"1\", \"task\": \"qa\", \"tag\": \"key\", \"question\": \"?\", \"prediction\": \"It is in G major.\", "
                   "\"references\": [\"It is in G major.\"]}\n");
  const ProcessResult result = midillama({"score", "--predictions", file});
  ASSERT_EQ(result.status, 0) << result.error_output;
  const Json object = Json::parse(result.output);
  EXPECT_EQ(object["examples"], 1);
  EXPECT_NEAR(object["metrics"]["bleu"]["score"].get<double>(), 1.0, 1e-9);
  EXPECT_NEAR(object["metrics"]["rouge_l"]["score"].get<double>(), 1.0, 1e-9);
  EXPECT_THAT(object["metrics"]["meteor"]["signature"].get<std::string>(), HasSubstr("nltk"));
}

TEST_F(Cli, CommandsWithoutACheckpointSayWhichCommandMakesOne) {
  const ProcessResult result = midillama({"generate", "--midi", two(), "--prompt", "?", "--set", "run.dir=" + two() + ".run"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.error_output, HasSubstr("midillama train"));
}

TEST_F(Cli, ExplainSaysWhatItIsNotGiven) {
  const auto explain = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "explain");
    return midillama(std::move(arguments));
  };
  EXPECT_THAT(explain({"--prompt", "Which key?"}).error_output, HasSubstr("--midi is required"));
  EXPECT_THAT(explain({"--midi", two()}).error_output, HasSubstr("--prompt: the text is empty"));
  EXPECT_THAT(explain({"--midi", two(), "--prompt", "Which key?", "--answer", " "}).error_output, HasSubstr("--answer: the text is empty"));
  using Arguments = std::vector<std::string>;
  for (Arguments beside : {Arguments{"--midi", two()}, {"--start", "3"}, {"--duration", "3"}, {"--passes", "9"}, {"--svg", "a.svg"}}) {
    const std::string option = beside[0];
    beside.insert(beside.end(), {"--check", "key"});
    const ProcessResult both = explain(beside);
    EXPECT_EQ(both.status, 2) << option;
    EXPECT_THAT(both.error_output, HasSubstr(option + " excludes --check")) << option;
  }
  EXPECT_THAT(explain({"--midi", two(), "--prompt", "Which key?", "--heat", "gradient"}).error_output, HasSubstr("--heat requires --svg"));
}
#endif

}  // namespace
}  // namespace midillama
