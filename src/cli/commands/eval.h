#pragma once

#include "cli/command.h"

namespace midillama::cli {

struct EvalCommand : TorchCommand {
  static constexpr const char* kName = "eval";
  static constexpr const char* kDescription =
      "Answer the questions of the test split and score the answers; or what other models tell of the tested pieces";
  static constexpr const char* kExample =
      "midillama eval --task caption --music shuffled\n"
      "  midillama eval --task qa --system endpoint --endpoint http://127.0.0.1:8080/v1 --model llama-3-70b --set run.dir=runs/llama-3-70b";

  void declare(CLI::App& app) {
    app.add_option(
           "--task", task,
           "caption, qa, or unseen: questions in wordings that no training question has (unseen.jsonl); genre or style: what the stage "
           "classify has learnt to tell, or a server's model, beside simpler models; melody: which of several phrases follows a phrase, by "
           "the stage melody's model and what it is compared with")
        ->required()
        ->check(CLI::IsMember({"caption", "qa", "unseen", "genre", "style", "melody"}));
    add_checkpoint_option(app, checkpoint, "sft (of genre and style, classify; of melody, melody)");
    app.add_option(
           "--music", music,
           "true: each question with its clip; shuffled: with another clip; zero: a zero embedding; mean: the mean embedding of the "
           "training "
           "clips (these two where musical tokens are heard); none: no clip; zero-shot: the untrained language model with the clip as text "
           "where the template has {notes}, else the question alone; most-frequent: what the training split says most often; all: true to "
           "none and most-frequent, as far as they can be. Several, separated by commas, and all make the report, with a linear probe "
           "where "
           "musical tokens are heard")
        ->delimiter(',')
        ->check(CLI::IsMember({"true", "shuffled", "zero", "mean", "none", "zero-shot", "most-frequent", "all"}))
        ->capture_default_str();
    app.add_option("--beside", beside, "Another run's folder, whose answers to the same questions the report has, too")->type_name("RUN");
    app.add_option(
           "--system", system,
           "What hears the clips and answers: midillama, abc (the clip as text), endpoint (a server's model, with the clip as text; "
           "it needs no checkpoint and no model here). The key system")
        ->check(CLI::IsMember(config::system_names()));
    app.add_option("--endpoint", endpoint, "Of system endpoint: its address, up to and with /v1. The key chat.endpoint")->type_name("URL");
    app.add_option("--model", model, "Of system endpoint: the model, by the server's name for it. The key chat.model")->type_name("NAME");
    app.add_flag("--replay", replay, "Of system endpoint: take every answer from eval/requests.jsonl, no network. The key chat.replay");
  }

  config::Config load() const {
    std::vector<std::string> all = overrides;
    const auto set = [&](const char* key, const std::string& value) {
      if (!value.empty()) all.push_back(std::string(key) + '=' + value);
    };
    if (task == "genre" || task == "style") set("classify.task", task);
    set("system", system);
    set("chat.endpoint", endpoint);
    set("chat.model", model);
    set("chat.replay", replay ? "true" : "");
    return config::load_chosen(config_file, all);
  }

  std::string task;
  std::string checkpoint;
  std::vector<std::string> music = {"true"};
  std::string beside;
  std::string system;
  std::string endpoint;
  std::string model;
  bool replay = false;
};

void run(const config::Config& config, const EvalCommand& command);

}  // namespace midillama::cli
