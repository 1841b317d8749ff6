#include "midillama/eval/inspect.h"

#include "midillama/core/file.h"
#include "midillama/data/clip_embeddings.h"
#include "midillama/data/clip_notes.h"
#include "midillama/data/question.h"
#include "midillama/generate/session.h"

#include <torch/utils.h>

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

namespace midillama::eval {
namespace {

constexpr std::size_t kBatch = 16;  // examples of one forward pass

std::vector<data::Question> first_questions(const config::Config& config, const InspectOptions& options) {
  auto questions = data::read_questions(config.data.dir, options.split);
  const auto wanted = static_cast<std::size_t>(options.examples);
  if (wanted > 0 && wanted < questions.size()) questions.resize(wanted);
  return questions;
}

class Losses {
 public:
  Losses(const config::Config& config, const std::filesystem::path& checkpoint, std::span<const data::Question> questions,
         torch::Device device)
      : session_(config, checkpoint, device), embeddings_(config, data::clips_of(questions), device) {}

  // The mean loss of each example; null for one without a target token.
  std::vector<Json> of(std::span<const data::Question> questions, std::span<const text::EncodedExample> examples) {
    const torch::NoGradGuard no_grad;
    std::vector<model::MusicText> batch;
    for (std::size_t i = 0; i < examples.size(); ++i) {
      batch.push_back({examples[i].input_ids, examples[i].labels, examples[i].music_position, embeddings_.at(questions[i].clip)});
    }
    const auto loss = session_.model->loss(batch);
    const auto sums = loss.per_example.to(torch::kCPU, torch::kFloat64);
    std::vector<Json> means;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const auto targets = loss.targets_per_example[i];
      means.push_back(targets == 0 ? Json() : Json(sums[static_cast<std::int64_t>(i)].item<double>() / static_cast<double>(targets)));
    }
    return means;
  }

 private:
  generate::Session session_;
  data::ClipEmbeddings embeddings_;
};

void print(std::ostream& out, const data::Question& question, const text::EncodedExample& example, std::int64_t music_tokens,
           const Json& loss) {
  const auto targets = std::ranges::count_if(example.labels, [](auto label) { return label != text::kIgnoreLabel; });
  out << OrderedJson{{"id", question.id},
                     {"input_ids", example.input_ids},
                     {"labels", example.labels},
                     {"music_position", example.music_position},
                     {"music_tokens", music_tokens},
                     {"loss", loss},
                     {"target_tokens", targets}}
             .dump()
      << '\n';
}

text::EncodedExample encode(const config::Config& config, const text::PromptTemplate& prompt, const data::Question& question) {
  try {
    return prompt.encode(question.question, question.answer, config.prompt.max_length, config.music_encoder.tokens);
  } catch (const InputError& error) {
    throw InputError(question.place, "", error.what());
  }
}

}  // namespace

void inspect(const config::Config& config, const InspectOptions& options, torch::Device device, std::ostream& out) {
  const auto questions = first_questions(config, options);
  const auto tokenizer = text::load_tokenizer(config.llm.path);
  const text::PromptTemplate prompt(config.prompt.template_text, *tokenizer);
  std::optional<Losses> losses;
  if (options.loss) losses.emplace(config, options.checkpoint, questions, device);

  for (std::size_t begin = 0; begin < questions.size(); begin += kBatch) {
    const auto batch = std::span(questions).subspan(begin, std::min(kBatch, questions.size() - begin));
    std::vector<text::EncodedExample> examples;
    for (const auto& question : batch) examples.push_back(encode(config, prompt, question));
    const auto means = losses ? losses->of(batch, examples) : std::vector<Json>(batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i) print(out, batch[i], examples[i], config.music_encoder.tokens, means[i]);
  }
}

}  // namespace midillama::eval
