// Our side of the comparisons of the models' speed: holds model and input in memory and runs one round for every line of standard input, so
// that a script can have the other side run between them.
//
//   model_speed generate LLM CHECKPOINT EXAMPLES MUSIC THREADS [DEVICE DTYPE]
//                                                                EXAMPLES: what `midillama inspect` prints, each with the row `music` of
//                                                                MUSIC's "embeddings". cpu and float32 unless said otherwise.
//                                                                Rounds: "greedy BATCH NEW_TOKENS"
//   model_speed complete LLM THREADS WEIGHTS                     A decoder alone in float32. WEIGHTS: own or int8.
//                                                                Rounds: "greedy NEW_TOKENS ID…"; `prompt_seconds` until the first one;
//                                                                "together ROWS NEW_TOKENS ID…", the same prompt in all rows.
//   model_speed encode ENCODER CLIPS THREADS                     CLIPS: a JSON list of clips, each a list of octuples' codes.
//                                                                Rounds: "encode OUT.safetensors"
//
// Every round answers with one JSON object, `seconds` by the clock among its values.
#include "midillama/core/log.h"
#include "midillama/generate/generator.h"
#include "midillama/generate/queue.h"
#include "midillama/model/dtype.h"
#include "midillama/model/midi_llama.h"
#include "midillama/model/music_encoder.h"
#include "midillama/weights/safetensors.h"
#include "rounds.h"

#include <ATen/Parallel.h>

namespace {

using namespace midillama;
using bench::clock_seconds;
using bench::serve;
using bench::timed;

// What is before the first label.
model::MusicText prompt_of(const Json& example, const torch::Tensor& music) {
  model::MusicText prompt;
  const auto labels = example.at("labels").get<std::vector<std::int64_t>>();
  const auto answer = std::ranges::find_if(labels, [](std::int64_t label) { return label != model::kNoLabel; });
  prompt.input_ids = example.at("input_ids").get<std::vector<std::int64_t>>();
  prompt.input_ids.resize(static_cast<std::size_t>(answer - labels.begin()));
  prompt.music_position = example.at("music_position").get<std::int64_t>();
  prompt.music = music[example.at("music").get<std::int64_t>()].unsqueeze(0);
  return prompt;
}

void serve_generate(const std::vector<std::string>& arguments) {
  at::set_num_threads(std::stoi(arguments[5]));
  const torch::Device device(arguments.size() > 6 ? arguments[6] : "cpu");
  const auto dtype = model::dtype_from_name(arguments.size() > 7 ? arguments[7] : "float32");
  auto llama = model::load_llama(arguments[1], device, dtype);
  const auto music = weights::read_safetensors(arguments[4]).at("embeddings");
  model::MidiLlama model(llama, music.size(1), 1);
  model::load_trained(model, arguments[2]);
  model->to(device);
  std::vector<model::MusicText> prompts;
  for_each_json_line(arguments[3], [&](const Json& row, std::size_t) { prompts.push_back(prompt_of(row, music)); });
  serve([&](const std::string&, std::istream& words) {
    std::size_t batch = 1;
    generate::SamplingOptions options;
    words >> batch >> options.max_new_tokens;
    options.batch_size = static_cast<std::int64_t>(batch);
    std::vector<generate::Completion> completions;
    Json answer = timed([&] { completions = generate::generate(model, std::span(prompts).first(batch), options); });
    for (const auto& completion : completions) answer["tokens"].push_back(completion.token_ids);
    return answer;
  });
}

void serve_complete(const std::vector<std::string>& arguments) {
  at::set_num_threads(std::stoi(arguments[2]));
  model::MidiLlama model(model::load_llama(arguments[1], torch::kCPU, torch::kFloat32), nullptr);
  model->eval();
  if (arguments[3] == "int8") model->llama->decode_in_int8();
  serve([&](const std::string& round, std::istream& words) {
    generate::Request request;
    std::int64_t rows = 1;
    if (round == "together") words >> rows;
    words >> request.sampling.max_new_tokens;
    for (std::int64_t id = 0; words >> id;) request.prompt.input_ids.push_back(id);
    generate::Completion whole;
    double prompt_seconds = 0;
    const double begun = clock_seconds();
    request.on_token = [&](const generate::NewToken&) {
      if (prompt_seconds == 0) prompt_seconds = clock_seconds() - begun;
      return true;
    };
    request.on_end = [&](std::size_t, const generate::Completion& completion) { whole = completion; };
    generate::Queue queue(model, {.batch_size = rows});
    Json answer = timed([&] {
      for (std::int64_t row = 1; row < rows; ++row) queue.add({.prompt = request.prompt, .sampling = request.sampling});
      queue.add(std::move(request));
      queue.drain();
    });
    answer["prompt_seconds"] = prompt_seconds;
    answer["tokens"] = whole.token_ids;
    return answer;
  });
}

void serve_encode(const std::vector<std::string>& arguments) {
  at::set_num_threads(std::stoi(arguments[3]));
  config::MusicEncoder settings;
  settings.path = arguments[1];
  model::MusicEncoder encoder(settings, torch::kCPU);
  std::vector<std::vector<octuple::Octuple>> clips;
  for (const Json& notes : read_json(arguments[2])) {
    auto& clip = clips.emplace_back();
    for (const Json& codes : notes) {
      clip.push_back({codes[0], codes[1], codes[2], codes[3], codes[4], codes[5], codes[6], codes[7]});
    }
  }
  serve([&](const std::string&, std::istream& words) {
    std::string out;
    words >> out;
    torch::Tensor embeddings;
    const Json answer = timed([&] { embeddings = encoder.encode(clips); });
    weights::write_safetensors(out, {{"embeddings", embeddings}});
    return answer;
  });
}

}  // namespace

int main(int count, char** values) {
  const std::vector<std::string> arguments(values + 1, values + count);
  log::set_level(log::Level::error);
  try {
    if ((arguments.size() == 6 || arguments.size() == 8) && arguments[0] == "generate") return serve_generate(arguments), 0;
    if (arguments.size() == 4 && arguments[0] == "complete") return serve_complete(arguments), 0;
    if (arguments.size() == 4 && arguments[0] == "encode") return serve_encode(arguments), 0;
    std::cerr
        << "usage: model_speed generate LLM CHECKPOINT EXAMPLES MUSIC THREADS [DEVICE DTYPE] | model_speed complete LLM THREADS WEIGHTS | "
           "model_speed encode ENCODER CLIPS THREADS\n";
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
  }
  return 1;
}
