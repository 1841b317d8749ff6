#pragma once

#include "cli/command.h"
#include "cli/commands/numbers.h"

namespace midillama::cli {

struct DataImportCommand : Command {
  static constexpr const char* kName = "data import";
  static constexpr const char* kDescription =
      "Read a collection of MIDI files with its catalog: pieces, their composers, titles and labels";
  static constexpr const char* kExample = "midillama data import --config configs/giantmidi/default.yaml --set corpus.path=/path/to/midis";

  void declare(CLI::App& app) { app.add_flag("--overwrite", overwrite, "Import again where pieces are there already"); }

  bool overwrite = false;
};

// Of the steps that a tempo which no file states makes a difference to.
struct BeatsCommand : Command {
  void declare(CLI::App& app) {
    app.add_flag("--estimate-beats", estimate_beats,
                 "Estimate the tempo of files that state none, by BeatRoot's method (Dixon 2001); the same as corpus.estimate_beats=true");
  }
  config::Config load() const {
    auto given = overrides;
    if (estimate_beats) given.emplace_back("corpus.estimate_beats=true");
    return config::load_chosen(config_file, given);
  }

  bool estimate_beats = false;
};

struct DataBuildCommand : BeatsCommand {
  static constexpr const char* kName = "data build";
  static constexpr const char* kDescription =
      "Make the dataset of the configuration's `corpus` section at data.dir; of a collection with a catalog by its steps (import, "
      "retrieve, "
      "annotate, features, segment, write), of which those are not run again that are current";
  static constexpr const char* kExample = "midillama data build --set corpus.clips_per_piece=1 --set data.dir=data/short";

  void declare(CLI::App& app) {
    BeatsCommand::declare(app);
    app.add_flag("--overwrite", overwrite, "Build it again where it is there already, and import where the pieces are of other files");
  }

  bool overwrite = false;
};

struct DataFeaturesCommand : BeatsCommand {
  static constexpr const char* kName = "data features";
  static constexpr const char* kDescription =
      "Measure each piece of data.dir's pieces.jsonl into features.jsonl: key, timing, meter, tempo, register, polyphony, dynamics, "
      "articulation, pedal";
  static constexpr const char* kExample = "midillama data features --config configs/giantmidi/default.yaml";

  void declare(CLI::App& app) {
    BeatsCommand::declare(app);
    app.add_flag("--overwrite", overwrite, "Measure again what is there already");
  }

  bool overwrite = false;
};

struct DataSegmentCommand : BeatsCommand {
  static constexpr const char* kName = "data segment";
  static constexpr const char* kDescription =
      "Cut the pieces of data.dir's pieces.jsonl into clips, and tell which pieces stay on one side of the splits, into clips.jsonl";
  static constexpr const char* kExample = "midillama data segment --config configs/giantmidi/default.yaml --set corpus.clips_per_piece=1";

  void declare(CLI::App& app) {
    BeatsCommand::declare(app);
    app.add_flag("--overwrite", overwrite, "Cut again; a dataset of the old clips goes");
  }

  bool overwrite = false;
};

// Of commands that ask a language model and can say before what that takes.
struct ModelCallOptions {
  void declare(CLI::App& app) {
    auto* one = app.add_option_group("instead of asking the server");
    one->add_flag("--estimate", estimate, "Say what the calls would take, and make none");
    one->add_option("--batch", batch, "Write the calls that wait for an answer to this file, for a server that takes batches")
        ->type_name("FILE");
    one->add_option("--batch-results", batch_results, "Read what came back for such a file, then say what is left")->type_name("FILE");
    one->require_option(0, 1);
    app.add_flag("--replay", replay, "Take every answer from requests.jsonl: no network");
  }
  bool asks_the_server() const { return !estimate && batch.empty() && batch_results.empty(); }

  bool estimate = false, replay = false;
  std::string batch;
  std::vector<std::string> batch_results;
};

struct DataWriteCommand : BeatsCommand {
  static constexpr const char* kName = "data write";
  static constexpr const char* kDescription =
      "Write questions, captions and splits about the clips of data.dir's clips.jsonl, by the wordings of the tags or by a language model";
  static constexpr const char* kExample = "midillama data write --config configs/giantmidi/default.yaml --set writing.by=model --estimate";

  void declare(CLI::App& app) {
    BeatsCommand::declare(app);
    app.add_flag("--overwrite", overwrite, "Write again where a dataset is there already");
    calls.declare(app);
  }

  bool overwrite = false;
  ModelCallOptions calls;
};

struct DataStatsCommand : Command {
  static constexpr const char* kName = "data stats";
  static constexpr const char* kDescription =
      "Counts of pieces, clips, questions and of each fact; lengths of the texts in tokens of llm.path, in words where it is not there";
  static constexpr const char* kExample = "midillama data stats --svg plots";

  void declare(CLI::App& app) {
    app.add_flag("--json", json, "Print dataset.json with the lengths");
    app.add_option("--svg", svg, "Write plots into this folder")->type_name("DIR");
  }

  bool json = false;
  std::string svg;
};

struct DataCheckCommand : Command {
  static constexpr const char* kName = "data check";
  static constexpr const char* kDescription = "Check every line, clip, split and count of a dataset";
  static constexpr const char* kExample = "midillama data check";

  void declare(CLI::App&) {}
};

struct DataRetrieveCommand : Command {
  static constexpr const char* kName = "data retrieve";
  static constexpr const char* kDescription =
      "Look for texts about the works of data.dir's pieces.jsonl at retrieval.endpoint, into texts.jsonl";
  static constexpr const char* kExample =
      "midillama data retrieve --set data.dir=data/mine --set retrieval.endpoint=https://wiki.example/w/api.php "
      "--set retrieval.contact=me@example.org";

  void declare(CLI::App&) {}
};

struct DataAnnotateCommand : Command {
  static constexpr const char* kName = "data annotate";
  static constexpr const char* kDescription =
      "Have a language model read the texts about each work: genre, style, background, intent, emotion";
  static constexpr const char* kExample =
      "midillama data annotate --set chat.endpoint=http://127.0.0.1:8080/v1 --set chat.model=MODEL --estimate";

  void declare(CLI::App& app) { calls.declare(app); }

  ModelCallOptions calls;
};

struct DataReviewSampleCommand : Command {
  static constexpr const char* kName = "data review sample";
  static constexpr const char* kDescription = "A page on which people judge the annotations of some works";
  static constexpr const char* kExample = "midillama data review sample --works 100 --out review.html";

  void declare(CLI::App& app) {
    app.add_option("--works", works, "How many, drawn by period and composer")->check(positive_number())->capture_default_str();
    app.add_option("--seed", seed, "Draws other works")->capture_default_str();
    app.add_option("--out", out, "Where the page goes")->type_name("FILE")->required();
  }

  std::size_t works = 100;
  std::uint64_t seed = 1;
  std::string out;
};

struct DataReviewScoreCommand : Command {
  static constexpr const char* kName = "data review score";
  static constexpr const char* kDescription = "What the reviewers accepted, and how far they agree";
  static constexpr const char* kExample = "midillama data review score review-Anna.json review-Ben.json";

  void declare(CLI::App& app) {
    app.add_option("files", files, "What reviewers saved")->type_name("FILE")->required();
    app.add_flag("--json", json, "Print the numbers as JSON");
  }

  std::vector<std::string> files;
  bool json = false;
};

void run(const config::Config& config, const DataImportCommand& command);
void run(const config::Config& config, const DataBuildCommand& command);
void run(const config::Config& config, const DataFeaturesCommand& command);
void run(const config::Config& config, const DataSegmentCommand& command);
void run(const config::Config& config, const DataWriteCommand& command);
void run(const config::Config& config, const DataStatsCommand& command);
void run(const config::Config& config, const DataCheckCommand& command);
void run(const config::Config& config, const DataRetrieveCommand& command);
void run(const config::Config& config, const DataAnnotateCommand& command);
void run(const config::Config& config, const DataReviewSampleCommand& command);
void run(const config::Config& config, const DataReviewScoreCommand& command);

}  // namespace midillama::cli
