// The side of the commands that knows LibTorch: option structs in, calls of the rooms out.
#include "cli/torch_commands.h"
#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/core/log.h"
#include "midillama/doctor/doctor.h"
#include "midillama/eval/evaluate.h"
#include "midillama/eval/report.h"
#include "midillama/eval/scoring.h"
#include "midillama/generate/session.h"
#include "midillama/model/dtype.h"
#include "midillama/model/midi_llama.h"
#include "midillama/model/music_encoder.h"
#include "midillama/octuple/file.h"
#include "midillama/parallel/process_group.h"
#include "midillama/tools/convert_musicbert.h"
#include "midillama/tools/embed.h"
#include "midillama/tools/export.h"
#include "midillama/tools/inspect.h"
#include "midillama/tools/merge.h"
#include "midillama/train/checkpoint.h"
#include "midillama/train/trainer.h"

#include <ATen/Parallel.h>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <thread>

namespace midillama::cli {
namespace {

// Device and threads of a command that does not train.
torch::Device prepare(const config::Config& config) {
  at::set_num_threads(static_cast<int>(
      config.run.threads > 0 ? config.run.threads : std::max(1U, std::thread::hardware_concurrency() / parallel::local_size())));
  return parallel::choose_device(config.run.device);
}

void train(const config::Config& config, const TrainCommand& command) {
  train::train(config, {command.stage, command.resume, command.overwrite, command.init});
}

void eval(const config::Config& config, const EvalCommand& command) {
  const torch::Device device = prepare(config);
  const auto group = parallel::ProcessGroup::from_environment(device, std::chrono::seconds(config.run.timeout));
  eval::EvalOptions options;
  options.task = command.task;
  options.checkpoint = train::find_checkpoint(config, command.checkpoint);
  if (command.music == "all") {
    options.music = eval::music_modes();
    options.comparisons = true;
  } else {
    options.music = {eval::music_mode(command.music)};
  }
  const eval::Report report = eval::evaluate(config, options, device, *group);
  if (group->is_main()) std::cout << eval::to_text(report);
}

void generate(const config::Config& config, const GenerateCommand& command) {
  const torch::Device device = prepare(config);
  octuple::Part part{.start = command.start, .duration = {}};
  if (command.duration > 0) part.duration = command.duration;
  const std::vector<std::vector<octuple::Octuple>> clip = {octuple::require_notes(command.midi, part)};
  const generate::Session session(config, train::find_checkpoint(config, command.checkpoint), device);
  const torch::Tensor music = model::MusicEncoder(config.music_encoder, device).encode(clip)[0];

  const auto start = std::chrono::steady_clock::now();
  const std::vector<model::MusicText> prompt = {session.encode(command.prompt, music)};
  model::MidiLlama model = session.model;
  const generate::Completion completion = generate::generate(model, prompt, session.sampling).at(0);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  const std::string text = session.decode(completion.token_ids);
  if (!command.json) {
    std::cout << text << "\n";
    return;
  }
  const OrderedJson result = {{"text", text},
                              {"token_ids", completion.token_ids},
                              {"prompt_tokens", static_cast<std::int64_t>(prompt[0].input_ids.size()) + music.size(0)},
                              {"seconds", seconds}};
  std::cout << result.dump(-1, ' ', false, OrderedJson::error_handler_t::replace) << "\n";
}

void inspect(const config::Config& config, const InspectCommand& command) {
  tools::InspectOptions options;
  options.split = command.split;
  options.examples = command.examples;
  options.loss = command.loss;
  options.colour = command.colour;
  if (command.loss) options.checkpoint = train::find_checkpoint(config, command.checkpoint);
  tools::inspect(config, options, prepare(config), std::cout);
}

void embed(const config::Config& config, const EmbedCommand& command) {
  const std::vector<std::filesystem::path> files(command.files.begin(), command.files.end());
  const tools::Embedded done = tools::embed(config, files, command.out, prepare(config));
  log::info("{}: {} clip embeddings, {} files skipped", command.out, done.files, done.skipped);
}

void score(const config::Config& config, const ScoreCommand& command) {
  std::cout << eval::score_file(command.predictions, config.eval, prepare(config)).dump(2) << "\n";
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
  std::cout << result.dump() << "\n";
}

void merge(const config::Config& config, const MergeCommand& command) {
  const torch::Device device = prepare(config);
  const std::filesystem::path adapter = train::find_checkpoint(config, command.checkpoint) / model::kAdapterFolder;
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
  std::cout << result.dump() << "\n";
}

void export_checkpoint(const config::Config& config, const ExportCommand& command) {
  const std::filesystem::path checkpoint = train::find_checkpoint(config, command.checkpoint);
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
  static constexpr TorchCommands commands = {train, eval, generate, inspect, embed, score, convert_musicbert, merge, export_checkpoint,
                                             doctor};
  return &commands;
}

}  // namespace midillama::cli
