// The side of the commands that knows LibTorch: option structs in, calls of the rooms out.
#include "cli/torch/plain_errors.h"
#include "cli/torch_commands.h"
#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/core/json_text.h"
#include "midillama/core/log.h"
#include "midillama/doctor/doctor.h"
#include "midillama/eval/evaluate.h"
#include "midillama/eval/report.h"
#include "midillama/eval/scoring.h"
#include "midillama/generate/session.h"
#include "midillama/kernels/target.h"
#include "midillama/midi/file.h"
#include "midillama/model/dtype.h"
#include "midillama/model/midi_llama.h"
#include "midillama/parallel/process_group.h"
#include "midillama/runs/checkpoints.h"
#include "midillama/runs/files.h"
#include "midillama/runs/trained_with.h"
#include "midillama/systems/answerer.h"
#include "midillama/tools/convert_musicbert.h"
#include "midillama/tools/embed.h"
#include "midillama/tools/export.h"
#include "midillama/tools/inspect.h"
#include "midillama/tools/merge.h"
#include "midillama/train/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iostream>

namespace midillama::cli {
namespace {

// Device and threads of a command that does not train.
torch::Device prepare(const config::Config& config) {
  parallel::set_threads(config.run.threads);
  return parallel::choose_device(config.run.device);
}

void train(const config::Config& config, const TrainCommand& command) {
  plainly(
      [&] {
        train::train(config, {command.stage, command.resume, command.overwrite, command.init});
      },
      [&] { return advice_for(config, command.stage); });
}

void eval(const config::Config& given, const EvalCommand& command) {
  const auto [checkpoint, config] = runs::use_checkpoint(given, command.checkpoint);
  const torch::Device device = prepare(config);
  const auto group = parallel::ProcessGroup::from_environment(device, std::chrono::seconds(config.run.timeout));
  eval::EvalOptions options;
  options.task = command.task;
  options.checkpoint = checkpoint;
  if (command.music == "all") {
    options.systems = systems::comparison_names();
    options.writes_report = true;
  } else {
    options.systems = {command.music};
  }
  const eval::Report report = eval::evaluate(config, options, device, *group);
  if (group->is_main()) std::cout << eval::to_text(report);
}

midi::Score read_clip(const GenerateCommand& command) {
  midi::Score score = midi::read_midi(command.midi);
  if (command.start > 0 || command.duration > 0) {
    const midi::Tick to = command.duration > 0 ? score.to_tick({command.start + command.duration}) : score.end();
    score = midi::clip(score, score.to_tick({command.start}), to);
  }
  if (score.note_count() == 0) throw InputError(command.midi, "", "there are no notes in the part that was asked for");
  return score;
}

void generate(const config::Config& given, const GenerateCommand& command) {
  const auto [checkpoint, config] = runs::use_checkpoint(given, command.checkpoint);
  const torch::Device device = prepare(config);
  const midi::Score clip = read_clip(command);
  generate::Session session(config, checkpoint, device);
  const generate::Heard heard = session.hear(clip);

  const auto start = std::chrono::steady_clock::now();
  const std::vector<model::MusicText> prompt = {session.encode(command.prompt, heard)};
  const generate::Completion completion = generate::generate(session.model, prompt, session.sampling).at(0);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  const std::string text = session.decode(completion.token_ids);
  if (!command.json) {
    std::cout << text << "\n";
    return;
  }
  const OrderedJson result = {
      {"text", text},
      {"token_ids", completion.token_ids},
      {"prompt_tokens", static_cast<std::int64_t>(prompt[0].input_ids.size()) + session.model->music_tokens(prompt[0])},
      {"seconds", seconds}};
  std::cout << result.dump(-1, ' ', false, OrderedJson::error_handler_t::replace) << "\n";
}

void inspect(const config::Config& given, const InspectCommand& command) {
  // What a model is trained on can be seen before there is a checkpoint.
  const bool uses = command.loss || !command.checkpoint.empty() || runs::newest_checkpoint(given);
  const auto [checkpoint, config] = uses ? runs::use_checkpoint(given, command.checkpoint) : runs::Used{{}, given};
  tools::InspectOptions options;
  options.split = command.split;
  options.examples = command.examples;
  options.loss = command.loss;
  options.colour = command.colour;
  options.checkpoint = checkpoint;
  tools::inspect(config, options, prepare(config), std::cout);
}

void embed(const config::Config& config, const EmbedCommand& command) {
  const std::vector<std::filesystem::path> files(command.files.begin(), command.files.end());
  const tools::Embedded done = tools::embed(config, files, command.out, prepare(config));
  log::info("{}: {} clip embeddings, {} files skipped", command.out, done.files, done.skipped);
}

void score(const config::Config& config, const ScoreCommand& command) {
  std::cout << json_text(eval::score_file(command.predictions, config.eval, prepare(config)), 2) << "\n";
}

void convert_musicbert(const ConvertCommand& command) {
  const tools::ConvertedMusicBert done = tools::convert_musicbert(command.in, command.out);
  const OrderedJson result = {{"out", command.out},
                              {"tensors", done.tensors},
                              {"left_out", done.left_out},
                              {"hidden_size", done.config.hidden_size},
                              {"num_hidden_layers", done.config.num_hidden_layers},
                              {"num_attention_heads", done.config.num_attention_heads},
                              {"intermediate_size", done.config.intermediate_size},
                              {"max_position_embeddings", done.config.max_position_embeddings}};
  std::cout << json_text(result) << "\n";
}

void merge(const config::Config& given, const MergeCommand& command) {
  const auto [checkpoint, config] = runs::use_checkpoint(given, command.checkpoint);
  const torch::Device device = prepare(config);
  const std::filesystem::path adapter = checkpoint / runs::kAdapterFolder;
  if (!std::filesystem::exists(adapter)) {
    throw InputError(adapter.string(), "", "is missing: only an sft checkpoint has an adapter to merge (`midillama train --stage sft`)");
  }
  const auto tokenizer = text::load_tokenizer(config.llm.path);
  const auto probe =
      text::PromptTemplate(config.prompt.template_text, *tokenizer).encode_prompt(command.prompt, config.prompt.max_length, 0);

  const tools::Merged merged = tools::merge_adapter(config.llm.path, adapter, command.out);
  const tools::LogitDifference difference =
      tools::compare_merged(config.llm.path, adapter, command.out, probe.input_ids, device, model::dtype_from_name(config.llm.dtype));
  const OrderedJson result = {{"out", command.out},
                              {"tensors", merged.tensors},
                              {"merged", merged.merged},
                              {"probe_tokens", probe.input_ids.size()},
                              {"largest_logit_difference", difference.largest},
                              {"mean_logit_difference", difference.mean}};
  std::cout << json_text(result) << "\n";
}

void export_checkpoint(const config::Config& given, const ExportCommand& command) {
  const auto [checkpoint, config] = runs::use_checkpoint(given, command.checkpoint);
  tools::export_checkpoint(config, checkpoint, command.out);
  std::cout << OrderedJson{{"out", command.out}, {"checkpoint", checkpoint.string()}}.dump() << "\n";
}

void doctor(const config::Config& config, const DoctorCommand& command) {
  const std::vector<doctor::Check> checks = doctor::examine(config);
  std::cout << (command.json ? doctor::to_json(checks).dump(2) + "\n" : doctor::to_text(checks));
  const auto failed = std::ranges::count(checks, doctor::Status::fail, &doctor::Check::status);
  if (failed > 0) throw Error(fmt::format("{} of {} checks failed", failed, checks.size()));
}

}  // namespace

extern "C" const TorchCommands* midillama_torch_commands() {
  kernels::use_environments_target();
  static constexpr TorchCommands commands = {PlainCommand<train>::run,
                                             PlainCommand<eval>::run,
                                             PlainCommand<generate>::run,
                                             PlainCommand<inspect>::run,
                                             PlainCommand<embed>::run,
                                             PlainCommand<score>::run,
                                             PlainCommand<convert_musicbert>::run,
                                             PlainCommand<merge>::run,
                                             PlainCommand<export_checkpoint>::run,
                                             PlainCommand<doctor>::run};
  return &commands;
}

}  // namespace midillama::cli
