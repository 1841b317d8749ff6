#pragma once

#include "cli/command.h"
#include "cli/commands/numbers.h"
#include "cli/commands/origins.h"

#include <string>
#include <vector>

namespace midillama::cli {

// In the current folder where --study does not say.
inline constexpr const char* kStudyFolder = "study";

struct StudyBuildCommand : Command {
  static constexpr const char* kName = "study build";
  static constexpr const char* kDescription = "Draw clips, match two systems' captions, assign judges: the folder of a listening study";
  static constexpr const char* kExample =
      "midillama study build --system music=runs/folk-table1/midi-llama/seed-1/eval/caption/true/predictions.jsonl "
      "--system text=runs/folk-table1/abc-llama/seed-1/eval/caption/true/predictions.jsonl";

  void declare(CLI::App& app) {
    app.add_option(
           "--system", systems,
           "A system's name and the predictions.jsonl that eval --task caption wrote of it; twice. Of the counts that the design has of "
           "another study, the first is beside \"first\" (the paper's MIDI-LLaMA), the second beside \"second\" (its ABC-LLaMA)")
        ->required()
        ->type_name("NAME=FILE")
        ->expected(1)
        ->allow_extra_args(false)
        ->take_all();
    app.add_option("--design", design, "Criteria, numbers of clips, judges and participants, consent")
        ->capture_default_str()
        ->type_name("FILE");
    app.add_option("--split", split, "The split of the dataset (data.dir) that the captions are of")
        ->capture_default_str()
        ->type_name("NAME");
    app.add_option("--study", study, "The study's folder, which must not be there")->capture_default_str()->type_name("DIR");
  }

  std::vector<std::string> systems;
  std::string design = "configs/folk/study.yaml";
  std::string split = "test";
  std::string study = kStudyFolder;
};

struct StudyServeCommand : Command {
  static constexpr const char* kName = "study serve";
  static constexpr const char* kDescription = "Serve a listening study to its participants";
  static constexpr const char* kExample = "midillama study serve --study study --port 8090";

  void declare(CLI::App& app) {
    app.add_option("--study", study, "The study's folder")->capture_default_str()->type_name("DIR");
    app.add_option("--host", host, "The address to listen at; others than this machine's own reach it at 0.0.0.0")
        ->capture_default_str()
        ->type_name("HOST");
    app.add_option("--port", port, "0: any that is free; it is printed")
        ->check(CLI::Range(0, 65535))
        ->capture_default_str()
        ->type_name("PORT");
    app.add_option("--requests-per-second", requests_per_second, "Of each participant; more are told to come back")
        ->check(positive_number())
        ->capture_default_str()
        ->type_name("N");
    add_origin_option(app, allowed_origins);
  }

  // Needs no experiment.
  config::Config load() const { return {}; }

  std::string study = kStudyFolder;
  std::string host = "127.0.0.1";
  int port = 8090;
  double requests_per_second = 10;
  std::vector<std::string> allowed_origins;
};

struct StudyReportCommand : Command {
  static constexpr const char* kName = "study report";
  static constexpr const char* kDescription = "What a listening study has found: votes, agreement, tests, a figure";
  static constexpr const char* kExample = "midillama study report --study study";

  void declare(CLI::App& app) {
    app.add_option("--study", study, "The study's folder")->capture_default_str()->type_name("DIR");
    app.add_option("--judgments", judgments, "An export of judgments as JSON lines (default: those in the study's folder)")
        ->type_name("FILE");
    app.add_flag("--leave-out-failed", leaves_out_failed, "Without the participants who failed a check of attention");
    app.add_option("--out", out, "Where report.md, report.json and figure2.svg are written (default: report in the study's folder)")
        ->type_name("DIR");
    app.add_flag("--json", json, "Print JSON instead of Markdown");
  }

  // Needs no experiment.
  config::Config load() const { return {}; }

  std::string study = kStudyFolder;
  std::string judgments;
  std::string out;
  bool leaves_out_failed = false;
  bool json = false;
};

void run(const config::Config& config, const StudyBuildCommand& command);
void run(const config::Config& config, const StudyServeCommand& command);
void run(const config::Config& config, const StudyReportCommand& command);

}  // namespace midillama::cli
