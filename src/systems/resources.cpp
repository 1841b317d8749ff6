#include "midillama/systems/resources.h"

#include "midillama/chat/call.h"
#include "midillama/core/file.h"
#include "midillama/core/hash.h"
#include "midillama/core/log.h"
#include "midillama/data/clip_embeddings.h"
#include "midillama/model/midi_llama.h"
#include "midillama/runs/files.h"
#include "midillama/shapes/prompt.h"
#include "midillama/text/utf8.h"

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

// The settings on which answers depend, whoever gives them.
Json settings(const config::Config& config) {
  return {{"system", config.system},
          {"prompt", {config.prompt.system, config.prompt.notes, config.prompt.notes_tokens, config.prompt.grid}},
          {"generate", {config.generate.max_new_tokens, config.generate.temperature}},
          {"seed", config.run.seed},
          {"max_examples", config.eval.max_examples}};
}

// ... and those of the language model in this process.
Json language_model(const config::Config& config) {
  const config::Generate& generate = config.generate;
  return {{"files", stamps(config.llm.path)},
          {"dtype", config.llm.dtype},
          {"prompt", {config.prompt.template_text, config.prompt.max_length}},
          {"generate", {generate.top_p, generate.stop_token_ids, generate.weights}}};
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

const text::PromptTemplate& Resources::prompt() {
  if (prompt_) return *prompt_;
  tokenizer_ = text::load_tokenizer(config_.llm.path);
  return prompt_.emplace(shapes::prompt_template(config_, *tokenizer_));
}

const data::ClipInputs& Resources::clips() {
  // The cache of embeddings is written once, by the main rank.
  if (!clips_) group_.main_first([&] { clips_.emplace(config_, prompt(), records::clips_of(questions_), device_); });
  return *clips_;
}

const std::map<fs::path, std::string>& Resources::texts() {
  if (texts_) return *texts_;
  texts_.emplace();
  const std::vector<fs::path> clips = records::clips_of(questions_);
  const auto texts = data::write_clips(config_.prompt, clips, chat::about_tokens);
  for (std::size_t i = 0; i < clips.size(); ++i) (*texts_)[clips[i]] = texts[i];
  return *texts_;
}

const torch::Tensor& Resources::mean_music() {
  if (!mean_music_.defined()) group_.main_first([&] { mean_music_ = data::ClipEmbeddings(config_, training().clips(), device_).mean(); });
  return mean_music_;
}

generate::Session& Resources::session() {
  if (!session_) session_.emplace(config_, checkpoint_, device_);
  return *session_;
}

std::string Resources::model_fingerprint() const {
  Json sources = settings(config_);
  if (config_.system == "endpoint") {
    sources["model"] = config_.chat.model;
  } else {
    sources["llm"] = language_model(config_);
    sources["encoder"] = stamps(config_.music_encoder.path);
    const fs::path adapter = checkpoint_ / runs::kAdapterFolder;
    if (!checkpoint_.empty())
      sources["checkpoint"] =
          contents({checkpoint_ / runs::kProjectorFile, adapter / runs::kAdapterConfigFile, adapter / runs::kAdapterWeightsFile});
  }
  return midillama::fingerprint(sources.dump());
}

std::string Resources::untouched_fingerprint() const {
  Json sources = settings(config_);
  sources["llm"] = language_model(config_);
  return midillama::fingerprint(sources.dump());
}

std::string Resources::questions_fingerprint() const {
  return fingerprint_file(records::split_file(config_.data.dir, split_));
}

const std::string& Resources::fingerprint() {
  if (fingerprint_.empty()) fingerprint_ = midillama::fingerprint(model_fingerprint() + questions_fingerprint() + clips().fingerprint());
  return fingerprint_;
}

}  // namespace midillama::systems
