#include "midillama/config/config.h"

#include "midillama/config/flatten.h"
#include "midillama/core/error.h"
#include "midillama/core/file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

namespace midillama::config {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Lt;
using testing::Not;
using testing::SizeIs;

std::vector<std::string> mistakes_of(const std::string& yaml, const std::vector<std::string>& overrides = {}) {
  try {
    parse(yaml, "x.yaml", overrides);
  } catch (const ConfigError& error) {
    return error.mistakes();
  }
  return {};
}

TEST(Config, DefaultsAreThePapers) {
  const Config config = parse("", "x.yaml");
  EXPECT_EQ(config.train.batch_size, 16);
  EXPECT_DOUBLE_EQ(config.train.learning_rate, 5e-4);
  EXPECT_DOUBLE_EQ(config.train.warmup_ratio, 0.03);
  EXPECT_EQ(config.lora.rank, 8);
  EXPECT_EQ(config.music_encoder.pooling, "mean");
  EXPECT_EQ(config.music_encoder.tokens, 1);
}

// One dataset is made by the first and trained on by the second.
TEST(Config, ThePapersDatasetIsTheSameInBothOfItsFiles) {
  const Config made = load("configs/giantmidi/default.yaml", {}), trained = load("configs/llama3-8b/default.yaml", {});
  EXPECT_EQ(made.data.dir, trained.data.dir);
  const auto of = [](const Config& config) {
    std::vector<std::string> values;
    const Json all = flatten(config);
    for (const auto& [key, value] : all.items()) {
      if (key.starts_with("corpus.") || key.starts_with("writing.")) values.push_back(key + ": " + value.dump());
    }
    return values;
  };
  EXPECT_THAT(of(made), testing::Not(testing::IsEmpty()));
  EXPECT_EQ(of(made), of(trained));
}

TEST(Config, StagesOverrideTrain) {
  const Config config = parse("train: {batch_size: 4, learning_rate: 1e-3}\nstages: {sft: {batch_size: 2}}\n", "x.yaml");
  EXPECT_EQ(resolve_stage(config, "align").train.batch_size, 4);
  EXPECT_EQ(resolve_stage(config, "sft").train.batch_size, 2);
  EXPECT_DOUBLE_EQ(resolve_stage(config, "sft").train.learning_rate, 1e-3);
}

TEST(Config, StagesOverrideTrainWhateverTheirOrderInTheFile) {
  const Config config = parse("stages: {sft: {batch_size: 2}}\ntrain: {batch_size: 4}\n", "x.yaml");
  EXPECT_EQ(resolve_stage(config, "sft").train.batch_size, 2);
}

TEST(Config, TrainOnTheCommandLineWinsOverStages) {
  const Config config = parse("stages: {sft: {batch_size: 2, max_steps: 9}}\n", "x.yaml", {"train.batch_size=8"});
  EXPECT_EQ(resolve_stage(config, "sft").train.batch_size, 8);
  EXPECT_EQ(resolve_stage(config, "sft").train.max_steps, 9);
  EXPECT_EQ(resolve_stage(config, "align").train.batch_size, 8);
}

TEST(Config, OverridesTakeYamlValues) {
  const Config config =
      parse("", "x.yaml", {"lora.target_modules=[q_proj, v_proj]", "run.dir=runs/a b", "train.shuffle=false", "llm.path="});
  EXPECT_THAT(config.lora.target_modules, ElementsAre("q_proj", "v_proj"));
  EXPECT_EQ(config.run.dir, "runs/a b");
  EXPECT_FALSE(config.train.shuffle);
  EXPECT_EQ(config.llm.path, "");
}

TEST(Config, AllMistakesComeAtOnceWithTheirPlaces) {
  const auto mistakes = mistakes_of("lora:\n  rnak: 4\n  rank: 0\ntrain:\n  batch_size: many\n", {"prompt.nothing=1", "oops"});
  EXPECT_THAT(mistakes, ElementsAre(HasSubstr("x.yaml: line 2: lora.rnak: unknown key (did you mean rank?)"),
                                    HasSubstr("x.yaml: line 5: train.batch_size: a whole number is expected, not \"many\""),
                                    HasSubstr("--set prompt.nothing=1: prompt.nothing: unknown key"), HasSubstr("--set oops"),
                                    HasSubstr("lora.rank: 0 — must be at least 1")));
}

TEST(Config, NoFileIsTwoSplitsNorOutsideOfTheDataset) {
  EXPECT_THAT(mistakes_of("data: {train_split: test}"), ElementsAre(HasSubstr("data.test_split: test — is another split already")));
  EXPECT_THAT(mistakes_of("data: {valid_split: train}"), ElementsAre(HasSubstr("data.valid_split: train")));
  EXPECT_THAT(mistakes_of("data: {test_split: ../odd/train}"), ElementsAre(HasSubstr("data.test_split: ../odd/train")));
  EXPECT_NO_THROW(parse("data: {valid_split: \"\", test_split: \"\"}", "x.yaml"));
}

TEST(Config, NumbersThatNoRunCanMeanAreMistakes) {
  for (const char* text : {"run: {threads: 100000}",
                           "train: {epochs: 1.0e+18}",
                           "eval: {bootstrap_samples: 3000000000}",
                           "generate: {stop_token_ids: [-1]}",
                           "corpus: {questions_per_tag: 0, captions: 0}",
                           "retrieval: {pages_per_work: 0}",
                           "retrieval: {seconds_between_requests: -1}",
                           "retrieval: {largest_page: 10}",
                           "retrieval: {timeout: 0}",
                           "annotation: {max_characters: 0}",
                           "annotation: {max_tokens: 0}",
                           "writing: {by: hand}",
                           "writing: {temperature: 2.5}",
                           "writing: {max_tokens: 0}",
                           "writing: {held_out_fraction: 1}",
                           "writing: {shared_words: 1.5}",
                           "chat: {max_parallel: 0}",
                           "chat: {requests_per_minute: -1}",
                           "chat: {tokens_per_minute: -1}",
                           "chat: {tries: 0}",
                           "chat: {tries_for_an_answer: 0}",
                           "chat: {timeout: 0}",
                           "chat: {price_per_million_prompt_tokens: -1}",
                           "chat: {price_per_million_completion_tokens: -1}"}) {
    EXPECT_THAT(mistakes_of(text), ElementsAre(HasSubstr("must be"))) << text;
  }
}

TEST(Config, ASourceOfTextsIsAFolderOrAnAddressWithoutSecrets) {
  const auto mistakes = [](const std::string& endpoint, const std::string& contact = "me@example.org") {
    return mistakes_of("retrieval: {contact: \"" + contact + "\", endpoint: " + endpoint + "}");
  };
  EXPECT_THAT(mistakes("texts", ""), testing::IsEmpty());
  EXPECT_THAT(mistakes("[texts, \"https://wiki.example/w/api.php\"]"), testing::IsEmpty());
  EXPECT_THAT(mistakes("https://wiki.example/w/api.php", ""), ElementsAre(HasSubstr("retrieval.contact: \"\" — must be a mail address")));
  EXPECT_THAT(mistakes("https://wiki.example/w/api.php", "Zoë (me)"), ElementsAre(HasSubstr("retrieval.contact: Zoë (me)")));
  EXPECT_THAT(mistakes("ftp://wiki.example"), ElementsAre(HasSubstr("must begin with http://")));
  EXPECT_THAT(mistakes("[texts, texts]"), ElementsAre(HasSubstr("must not name a source twice")));
  EXPECT_THAT(mistakes("[\"\"]"), ElementsAre(HasSubstr("must be the address of an api.php or a folder")));
  EXPECT_THAT(mistakes("\"https://wiki.example/w/api.php?token=secret\""),
              ElementsAre(AllOf(HasSubstr("https://wiki.example/w/api.php"), Not(HasSubstr("secret")))));
}

TEST(Config, AMistakeInTrainIsSaidOnceForAllStages) {
  EXPECT_THAT(mistakes_of("train: {batch_size: 0}\nstages: {sft: {epochs: -1}}\n"),
              ElementsAre(HasSubstr("train.batch_size: 0"), HasSubstr("stages.sft.epochs: -1")));
}

TEST(Config, BrokenYamlNamesItsLine) {
  EXPECT_THAT(mistakes_of("run:\n  dir: [a\n"), ElementsAre(HasSubstr("x.yaml: line 3: not valid YAML")));
}

TEST(Config, ASecondDocumentIsAMistake) {
  EXPECT_THAT(mistakes_of("run: {seed: 1}\n---\nrun: {seed: 2}\n"),
              ElementsAre(HasSubstr("x.yaml: line 3: not valid YAML (a second document")));
  EXPECT_THAT(mistakes_of("---\nrun: {seed: 1}\n...\n"), SizeIs(0));
}

// 016 is 14 in YAML 1.1 and 16 in YAML 1.2.
TEST(Config, WholeNumbersWithZerosBeforeThemAreMistakes) {
  for (const char* yaml :
       {"train: {batch_size: 016}", "train: {max_steps: 0100}", "run: {seed: 010}", "run: {seed: 08}", "run: {seed: +010}"})
    EXPECT_THAT(mistakes_of(yaml), ElementsAre(HasSubstr("a whole number without zeros before it is expected"))) << yaml;
  EXPECT_THAT(mistakes_of("run: {seed: 0}\ntrain: {batch_size: 10, learning_rate: 010}\n"), SizeIs(0));
}

TEST(Config, WrongTypesAreMistakes) {
  EXPECT_THAT(mistakes_of("run: 3\n"), ElementsAre(HasSubstr("run: a section")));
  EXPECT_THAT(mistakes_of("run: {seed: -1}\n"), ElementsAre(HasSubstr("run.seed: a whole number of at least 0")));
  EXPECT_THAT(mistakes_of("train: {learning_rate: .inf}\n"), ElementsAre(HasSubstr("train.learning_rate: a finite number")));
  EXPECT_THAT(mistakes_of("train: {learning_rate: 1.0e39}\n"), ElementsAre(HasSubstr("train.learning_rate: 1e+39")));
  EXPECT_THAT(mistakes_of("train: {shuffle: 3}\n"), ElementsAre(HasSubstr("train.shuffle: true or false")));
  EXPECT_THAT(mistakes_of("lora: {target_modules: q_proj}\n"), ElementsAre(HasSubstr("lora.target_modules: a list")));
  EXPECT_THAT(mistakes_of("stages: {algin: {epochs: 1}}\n"), ElementsAre(HasSubstr("stages.algin: unknown key (did you mean align?)")));
  EXPECT_THAT(mistakes_of("run: {seed: 1, seed: 2}\n"), ElementsAre(HasSubstr("run.seed: stands here twice")));
}

TEST(Config, ADeterministicReductionNeedsMicroBatchesThatDoNotDependOnTheRanks) {
  EXPECT_THAT(mistakes_of("train: {deterministic_reduction: true}\n"), ElementsAre(HasSubstr("train.deterministic_reduction: true")));
  EXPECT_THAT(mistakes_of("train: {deterministic_reduction: true, micro_batch_size: 4}\n"), testing::IsEmpty());
  EXPECT_THAT(mistakes_of("train: {deterministic_reduction: true, micro_batch_tokens: 512}\n"), testing::IsEmpty());
}

TEST(Config, AnOverrideIsTheTextThatWasGiven) {
  const Config config = parse("", "x.yaml", {"data.dir=my data #2", "run.dir=a: b", "llm.path= - x ", "data.valid_split=null"});
  EXPECT_EQ(config.data.dir, "my data #2");
  EXPECT_EQ(config.run.dir, "a: b");
  EXPECT_EQ(config.llm.path, "- x");
  EXPECT_EQ(config.data.valid_split, "");
  EXPECT_EQ(parse("", "x.yaml", {"prompt.template='{music}: # {question} {answer}'"}).prompt.template_text.substr(0, 9), "{music}: ");
  EXPECT_EQ(parse(dump(config), "x.yaml").data.dir, "my data #2");
}

// Kind C24: every value that is a path, present and to come, knows `~`.
TEST(Config, EveryPathTakesATilde) {
  ::setenv("HOME", "/home/somebody", 1);
  std::istringstream lines(dump(parse("", "x.yaml")));
  std::vector<std::string> sections;
  int paths = 0;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t depth = line.find_first_not_of(' ') / 2;
    const std::size_t colon = line.find(':');
    const std::string name = line.substr(2 * depth, colon - 2 * depth);
    sections.resize(depth);
    sections.push_back(name);
    if (name != "dir" && name != "path" && name != "metadata") continue;
    const std::string key = fmt::format("{}", fmt::join(sections, "."));
    EXPECT_THAT(dump(parse("", "x.yaml", {key + "=~/x"})), HasSubstr(name + ": /home/somebody/x")) << key;
    ++paths;
  }
  EXPECT_GE(paths, 6);
  EXPECT_EQ(parse("data: {dir: ~/x}", "x.yaml").data.dir, "/home/somebody/x");
  EXPECT_EQ(parse("prompt: {template: '~/{music} {question} {answer}'}", "x.yaml").prompt.template_text.substr(0, 2), "~/");
}

TEST(Config, DepthAndLengthHaveBounds) {
  const std::string dots(50'000, '.');
  EXPECT_THAT(mistakes_of("", {dots + "=1"}), ElementsAre(AllOf(HasSubstr("no key is longer"), SizeIs(Lt(300U)))));
  EXPECT_EQ(mistakes_of("", {std::string(150, '.') + "=1"}).size(), 1U);
  EXPECT_EQ(mistakes_of("", {"lora.rank=" + std::string(100'000, '[')}).size(), 1U);
  EXPECT_EQ(mistakes_of(std::string(100'000, '[')).size(), 1U);
  EXPECT_EQ(mistakes_of(std::string(100'000, '{')).size(), 1U);
  EXPECT_THAT(mistakes_of(std::string(2 << 20, '#')), ElementsAre(HasSubstr("is longer than")));
}

TEST(Config, DumpReadsBackToTheSameValues) {
  const Config config = parse(
      "prompt: {template: \"{bos}{music}Q: {question}\\nA:{answer}{eos}\"}\nrun: {dir: \"7\", seed: 18446744073709551615}\n"
      "train: {learning_rate: 0.1}\nstages: {align: {epochs: 2.5}}\nlora: {target_modules: [q_proj]}\nllm: {path: \"true\"}\n",
      "x.yaml", {"generate.stop_token_ids=[1, 2]", "eval.bertscore.path='[#x'", "data.dir=' a'"});
  const Config again = parse(dump(config), "dumped.yaml");
  EXPECT_EQ(dump(again), dump(config));
  EXPECT_EQ(again.prompt.template_text, config.prompt.template_text);
  EXPECT_EQ(again.run.dir, "7");
  EXPECT_EQ(again.run.seed, 18446744073709551615ULL);
  EXPECT_EQ(again.eval.bertscore.path, config.eval.bertscore.path);
  EXPECT_EQ(again.data.dir, " a");
  EXPECT_DOUBLE_EQ(again.stages.at("align").epochs, 2.5);
  EXPECT_DOUBLE_EQ(again.stages.at("sft").learning_rate, 0.1);
}

TEST(Config, SourcesOfTextsAreOneOrAList) {
  EXPECT_THAT(parse("retrieval: {endpoint: texts}", "x.yaml").retrieval.endpoint, ElementsAre("texts"));
  EXPECT_THAT(parse("retrieval: {endpoint: [texts, more]}", "x.yaml").retrieval.endpoint, ElementsAre("texts", "more"));
  EXPECT_THAT(parse("retrieval: {endpoint: texts}", "x.yaml", {"retrieval.endpoint="}).retrieval.endpoint, testing::IsEmpty());
  const Config config = parse("", "x.yaml", {"retrieval.endpoint=http://a/w/api.php", "retrieval.contact=me@a"});
  EXPECT_THAT(config.retrieval.endpoint, ElementsAre("http://a/w/api.php"));
  EXPECT_THAT(parse(dump(config), "x.yaml").retrieval.endpoint, ElementsAre("http://a/w/api.php"));
  EXPECT_EQ(flatten(config).at("retrieval.endpoint"), Json::array({"http://a/w/api.php"}));
}

TEST(Config, AServerIsToldWhoAsksAndItsAddressHoldsNoSecret) {
  const auto mistakes = [](const std::string& retrieval) { return mistakes_of("retrieval: {" + retrieval + "}"); };
  EXPECT_THAT(mistakes("endpoint: http://a/api.php"), ElementsAre(HasSubstr("retrieval.contact: \"\" — must be")));
  EXPECT_THAT(mistakes("endpoint: a, contact: 'me (x)'"), ElementsAre(HasSubstr("retrieval.contact: me (x) — must be")));
  EXPECT_THAT(mistakes("endpoint: [a, a]"), ElementsAre(HasSubstr("must not name a source twice")));
  EXPECT_THAT(mistakes("endpoint: ftp://a/api.php, contact: me"),
              ElementsAre(HasSubstr("retrieval.endpoint: ftp://a/api.php — must begin")));
  EXPECT_THAT(mistakes("endpoint: 'http://a/api.php?key=secret', contact: me"),
              ElementsAre(AllOf(HasSubstr("retrieval.endpoint: http://a/api.php — must have no"), testing::Not(HasSubstr("secret")))));
  EXPECT_THAT(mistakes("pages_per_work: 0, largest_page: 1, timeout: 0, seconds_between_requests: -1"), SizeIs(4));
}

TEST(Config, EveryShippedConfigurationIsValid) {
  const std::set<std::string> of_other_rooms = {"tags.yaml", "study.yaml", "table1.yaml", "transfer.yaml",
                                                "experiment.yaml"};            // tests/records, study, experiment
  const std::filesystem::path vocabularies = "configs/llm-midi/vocabularies";  // tests/compose
  int found = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("configs")) {
    if (entry.path().extension() != ".yaml" || of_other_rooms.contains(entry.path().filename().string())) continue;
    if (entry.path().parent_path() == vocabularies) continue;
    EXPECT_NO_THROW(load(entry.path())) << entry.path();
    ++found;
  }
  EXPECT_GE(found, 1);
}

TEST(Config, UnknownStageIsAUsageError) {
  EXPECT_THROW(resolve_stage(parse("", "x"), "tune"), UsageError);
}

TEST(Config, MissingFileIsAConfigError) {
  EXPECT_THROW(load("no/such.yaml"), ConfigError);
}

TEST(LoadChosen, TellsWhatSomebodyChoseFromWhatIsAssumed) {
  const TemporaryDirectory folder;
  write_atomically(folder.path() / "mine.yaml", "lora:\n  rank: 3\nrun: {dir: runs/mine}\n");
  const Config mine = load_chosen(folder.path() / "mine.yaml", {"prompt.template=plain"});
  for (const char* key : {"lora.rank", "run.dir", "prompt.template"}) EXPECT_FALSE(mine.assumed.contains(key)) << key;
  for (const char* key : {"lora.alpha", "llm.path"}) EXPECT_TRUE(mine.assumed.contains(key)) << key;

  const Config standard = load_chosen("", {"run.dir=elsewhere"});  // the default configuration is nobody's choice
  EXPECT_FALSE(standard.assumed.contains("run.dir"));
  EXPECT_TRUE(standard.assumed.contains("llm.path"));
  EXPECT_TRUE(load(folder.path() / "mine.yaml").assumed.empty());
}

TEST(Flatten, NamesEveryValueAndGivesItBack) {
  Config config;
  config.lora.rank = 5;
  config.lora.target_modules = {"q_proj"};
  const Json values = flatten(config);
  EXPECT_EQ(values.at("lora.rank"), 5);
  EXPECT_EQ(values.at("llm.pretrain.vocab_size"), 1024);
  Config other;
  assign(other, values, "values");
  EXPECT_EQ(flatten(other), values);
}

TEST(Flatten, SharedSettingsAreThoseOfEveryMachine) {
  Config config;
  const Json shared = shared_settings(config);
  for (const char* key : {"run.dir", "run.threads", "llm.path", "eval.bertscore.path", "data.dir", "corpus.metadata"})
    EXPECT_FALSE(shared.contains(key)) << key;
  for (const char* key : {"run.seed", "train.learning_rate", "lora.rank", "llm.dtype", "generate.temperature", "data.train_split"}) {
    EXPECT_TRUE(shared.contains(key)) << key;
  }
}

TEST(Config, APoolingThatTheProjectorCannotTakeIsRefusedByName) {
  EXPECT_THAT(mistakes_of("music_encoder: {pooling: none}"), ElementsAre(HasSubstr("projector.kind linear takes pooled ones")));
  EXPECT_THAT(mistakes_of("projector: {kind: mlp, initialization: answers}"), ElementsAre(HasSubstr("projector.initialization: answers")));
  for (const std::string initialization : {"linear", "whitened", "contrastive"})
    EXPECT_THAT(mistakes_of("projector: {kind: mlp, initialization: " + initialization + "}"), testing::IsEmpty());
  EXPECT_THAT(mistakes_of("projector: {kind: attention}"), ElementsAre(HasSubstr("must be none for projector.kind attention")));
  EXPECT_THAT(mistakes_of("{projector: {kind: attention, queries: 4}, music_encoder: {pooling: none}}"), testing::IsEmpty());
  EXPECT_THAT(mistakes_of("projector: {queries: 0}"), ElementsAre(HasSubstr("projector.queries")));
  EXPECT_THAT(mistakes_of("projector: {contrastive: {batch_size: 1, temperature: 0}}"),
              ElementsAre(HasSubstr("projector.contrastive.batch_size"), HasSubstr("projector.contrastive.temperature")));
  EXPECT_THAT(mistakes_of("lora: {alpha: 1.0e39}"), ElementsAre(HasSubstr("lora.alpha")));
  EXPECT_THAT(mistakes_of("projector: {kind: magic}"), ElementsAre(HasSubstr("must be one of linear, mlp, attention")));
  EXPECT_THAT(mistakes_of("generate: {weights: int4}"), ElementsAre(HasSubstr("must be one of own, int8")));
  EXPECT_THAT(mistakes_of("prompt: {notes: braille}"), ElementsAre(HasSubstr("prompt.notes")));
  EXPECT_THAT(mistakes_of("projector: {kind: mlp, hidden_size: 64}"), testing::IsEmpty());
}

TEST(Config, ASourceWithACatalogNeedsIt) {
  for (const std::string& source : catalog_sources()) {
    EXPECT_THAT(mistakes_of("corpus: {source: " + source + "}"), ElementsAre(HasSubstr("corpus.metadata: \"\" — must name the catalog")));
    EXPECT_THAT(mistakes_of("corpus: {source: " + source + ", metadata: x}"), testing::IsEmpty());
  }
  EXPECT_THAT(mistakes_of("corpus: {source: giant}"), ElementsAre(HasSubstr("must be one of abc, midi, giantmidi, midicaps")));
  EXPECT_THAT(mistakes_of("corpus: {file_column: \"\", title_column: \"\"}"), ElementsAre(HasSubstr("corpus.file_column")));
  EXPECT_THAT(mistakes_of("corpus: {composer_column: file}"), ElementsAre(HasSubstr("corpus.composer_column")));
}

}  // namespace
}  // namespace midillama::config
