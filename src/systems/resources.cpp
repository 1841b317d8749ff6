#include "midillama/systems/resources.h"

#include "midillama/core/file.h"
#include "midillama/core/hash.h"
#include "midillama/data/clip_notes.h"
#include "midillama/model/midi_llama.h"
#include "midillama/runs/files.h"
#include "midillama/shapes/prompt.h"

#include <algorithm>

namespace midillama::systems {
namespace fs = std::filesystem;
namespace {

std::vector<fs::path> files_below(const fs::path& directory) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

Json contents(const std::vector<fs::path>& files) {
  Json list = Json::array();
  for (const auto& file : files) {
    if (fs::exists(file)) list.push_back({file.filename().string(), fingerprint_file(file)});
  }
  return list;
}

// Nothing where there is no such folder: a template without {music} needs no encoder.
Json stamps(const fs::path& directory) {
  Json list = Json::array();
  if (!fs::is_directory(directory)) return list;
  for (const auto& file : files_below(directory)) {
    list.push_back(
        {file.lexically_relative(directory).string(), fs::file_size(file), fs::last_write_time(file).time_since_epoch().count()});
  }
  return list;
}

}  // namespace

Resources::Resources(const config::Config& config, fs::path checkpoint, std::string split, torch::Device device,
                     parallel::ProcessGroup& group)
    : config_(config),
      checkpoint_(std::move(checkpoint)),
      split_(std::move(split)),
      device_(device),
      group_(group),
      tags_(records::dataset_tags(config.data.dir)),
      questions_(records::read_questions(config.data.dir, split_)) {}

const records::QuestionFile& Resources::training() {
  if (!training_) training_.emplace(records::open_questions(config_.data.dir, config_.data.train_split));
  return *training_;
}

const data::ClipInputs& Resources::clips() {
  if (clips_) return *clips_;
  const auto tokenizer = text::load_tokenizer(config_.llm.path);
  const auto prompt = shapes::prompt_template(config_, *tokenizer);
  // The cache of embeddings is written once, by the main rank.
  group_.main_first([&] { clips_.emplace(config_, prompt, records::clips_of(questions_), device_); });
  return *clips_;
}

generate::Session& Resources::session() {
  if (!session_) session_.emplace(config_, checkpoint_, device_);
  return *session_;
}

std::string Resources::model_fingerprint() const {
  const fs::path adapter = checkpoint_ / runs::kAdapterFolder;
  const Json sources = {{"checkpoint", contents({checkpoint_ / runs::kProjectorFile, adapter / runs::kAdapterConfigFile,
                                                 adapter / runs::kAdapterWeightsFile})},
                        {"encoder", stamps(config_.music_encoder.path)},
                        {"llm", {stamps(config_.llm.path), config_.llm.dtype}},
                        {"prompt", {config_.prompt.template_text, config_.prompt.system, config_.prompt.max_length}},
                        {"generate",
                         {config_.generate.max_new_tokens, config_.generate.temperature, config_.generate.top_p,
                          config_.generate.stop_token_ids, config_.generate.weights}},
                        {"seed", config_.run.seed},
                        {"max_examples", config_.eval.max_examples}};
  return midillama::fingerprint(sources.dump());
}

const std::string& Resources::fingerprint() {
  if (fingerprint_.empty()) {
    fingerprint_ = midillama::fingerprint(model_fingerprint() + fingerprint_file(records::split_file(config_.data.dir, split_)) +
                                          clips().fingerprint());
  }
  return fingerprint_;
}

}  // namespace midillama::systems
