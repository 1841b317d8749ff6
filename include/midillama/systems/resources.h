// What the answerers of one evaluation share, each made when it is first asked for.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/data/clip_inputs.h"
#include "midillama/generate/session.h"
#include "midillama/parallel/process_group.h"
#include "midillama/records/question_file.h"
#include "midillama/records/tags.h"
#include "midillama/text/prompt.h"
#include "midillama/text/tokenizer.h"

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace midillama::systems {

class Resources {
 public:
  // `checkpoint`: a checkpoint directory, empty where nothing that was trained answers; `split`: whose questions are asked. Configuration
  // and group must outlive the resources. InputError where the split cannot be read.
  Resources(const config::Config& config, std::filesystem::path checkpoint, std::string split, torch::Device device,
            parallel::ProcessGroup& group);

  const config::Config& config() const { return config_; }
  const std::filesystem::path& checkpoint() const { return checkpoint_; }
  const std::string& split() const { return split_; }
  torch::Device device() const { return device_; }
  parallel::ProcessGroup& group() const { return group_; }

  // Of the split, whatever their task.
  const std::vector<records::Question>& questions() const { return questions_; }
  const records::QuestionFile& training();
  // Of the dataset.
  const records::Tags& tags() const { return tags_; }
  // The template, with the tokenizer of llm.path.
  const text::PromptTemplate& prompt();
  // The clips of the split's questions as the template takes them; encoded by the main rank, so that all ranks must ask together.
  const data::ClipInputs& clips();
  // The same clips as text (prompt.notes) for who has no tokenizer here: prompt.notes_tokens is chat::about_tokens().
  const std::map<std::filesystem::path, std::string>& texts();
  // The mean of the training clips' vectors, as data::ClipEmbeddings::mean() has it. All ranks must ask together.
  const torch::Tensor& mean_music();
  // The model with what was trained.
  generate::Session& session();

  // Of everything that the trained model's answers to the split's questions depend on but the task and what is heard: those of the model,
  // questions by content, the clips as they are heard.
  const std::string& fingerprint();
  // Of the split's questions by content.
  std::string questions_fingerprint() const;
  // Of what config::Config::system names alone, whatever is asked: the settings by value, the checkpoint by content, the files of encoder
  // and decoder by name, size and time (they may be large); of an endpoint the model's name.
  std::string model_fingerprint() const;
  // The same of the language model before training.
  std::string untouched_fingerprint() const;

 private:
  const config::Config& config_;
  std::filesystem::path checkpoint_;
  std::string split_;
  torch::Device device_;
  parallel::ProcessGroup& group_;
  records::Tags tags_;
  std::vector<records::Question> questions_;
  std::optional<records::QuestionFile> training_;
  std::unique_ptr<text::Tokenizer> tokenizer_;
  std::optional<text::PromptTemplate> prompt_;
  std::optional<data::ClipInputs> clips_;
  std::optional<std::map<std::filesystem::path, std::string>> texts_;
  torch::Tensor mean_music_;
  std::optional<generate::Session> session_;
  std::string fingerprint_;
};

}  // namespace midillama::systems
