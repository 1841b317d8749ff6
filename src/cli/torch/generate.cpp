#include "cli/commands/generate.h"

#include "cli/torch/device.h"
#include "cli/torch/read_part.h"
#include "midillama/core/about_file.h"
#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/core/json_text.h"
#include "midillama/generate/session.h"
#include "midillama/model/midi_llama.h"
#include "midillama/runs/trained_with.h"
#include "midillama/text/utf8.h"

#include <chrono>
#include <iostream>

namespace midillama::cli {
void run(const config::Config& given, const GenerateCommand& command) {
  if (text::strip(command.prompt).empty()) throw UsageError("--prompt: the question is empty");
  if (!text::is_valid_utf8(command.prompt)) throw UsageError("--prompt: the question is not valid UTF-8");
  const auto [checkpoint, config] = runs::use_checkpoint(given, command.checkpoint);
  const torch::Device device = prepare_device(config.run);
  const midi::Score clip = read_part(command.midi, command.start, command.duration);
  generate::Session session(config, checkpoint, device);
  const generate::Heard heard = about_file(command.midi, [&] { return session.hear(clip); });

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
  std::cout << json_text(result) << "\n";
}

}  // namespace midillama::cli
