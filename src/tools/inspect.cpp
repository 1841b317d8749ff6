#include "midillama/tools/inspect.h"

#include "midillama/config/projector_kinds.h"
#include "midillama/core/file.h"
#include "midillama/core/json_text.h"
#include "midillama/data/clip_inputs.h"
#include "midillama/data/clip_notes.h"
#include "midillama/data/cut_report.h"
#include "midillama/data/qa_examples.h"
#include "midillama/generate/session.h"
#include "midillama/records/question_file.h"
#include "midillama/shapes/compatibility.h"
#include "midillama/shapes/prompt.h"

#include <torch/utils.h>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace midillama::tools {
namespace {

constexpr std::size_t kBatch = 16;  // examples of one forward pass

std::vector<records::Question> first_questions(const config::Config& config, const InspectOptions& options) {
  const auto file = records::open_questions(config.data.dir, options.split);
  const auto wanted = static_cast<std::size_t>(options.examples);
  const auto count = wanted > 0 ? std::min(wanted, file.size()) : file.size();
  std::vector<records::Question> questions;
  for (std::size_t i = 0; i < count; ++i) questions.push_back(file.at(i));
  return questions;
}

// What {notes} is for each question.
std::vector<std::string> notes_of(const config::Config& config, const text::PromptTemplate& prompt,
                                  std::span<const records::Question> questions) {
  std::vector<std::string> notes(questions.size());
  if (!prompt.has_notes()) return notes;
  const auto clips = records::clips_of(questions);
  const auto texts =
      data::write_clips(config.prompt, clips, [&](std::string_view text) { return std::ssize(prompt.tokenizer().encode(text)); });
  std::map<std::filesystem::path, std::string> by_clip;
  for (std::size_t i = 0; i < clips.size(); ++i) by_clip[clips[i]] = texts[i];
  for (std::size_t i = 0; i < questions.size(); ++i) notes[i] = by_clip.at(questions[i].clip);
  return notes;
}

class Losses {
 public:
  Losses(const config::Config& config, const std::filesystem::path& checkpoint, std::span<const records::Question> questions,
         torch::Device device)
      : session_(config, checkpoint, device), clips_(config, *session_.prompt, records::clips_of(questions), device) {}

  // The mean loss of each example; null for one without a target token.
  std::vector<Json> of(std::span<const records::Question> questions, std::span<const text::EncodedExample> examples) {
    const torch::NoGradGuard no_grad;
    std::vector<model::MusicText> batch;
    for (std::size_t i = 0; i < examples.size(); ++i) {
      batch.push_back({examples[i].input_ids, examples[i].labels, examples[i].music_position, clips_.music(questions[i].clip)});
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
  data::ClipInputs clips_;
};

void print(std::ostream& out, const records::Question& question, const text::EncodedExample& example, std::int64_t music_tokens,
           const Json& loss) {
  const auto targets = text::count_targets(example.labels);
  const OrderedJson row = {{"id", question.id},
                           {"input_ids", example.input_ids},
                           {"labels", example.labels},
                           {"music_position", example.music_position},
                           {"music_tokens", music_tokens},
                           {"loss", loss},
                           {"target_tokens", targets}};
  out << json_text(row) << '\n';
}

// How a terminal shows a text: an ANSI colour before it, the default after it.
constexpr std::string_view kMasked = "\x1b[2m", kTarget = "\x1b[1;32m", kMusic = "\x1b[1;35m", kHeading = "\x1b[1m";

std::string in_colour(std::string_view colour, std::string_view text) {
  return fmt::format("{}{}\x1b[0m", colour, text);
}

// Control characters as escapes, so that a token can do nothing to a terminal.
std::string printable(std::string_view token) {
  std::string text;
  for (const char c : token) {
    const auto byte = static_cast<unsigned char>(c);
    text += c == '\n' ? "\\n" : byte < 0x20 || byte == 0x7f ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
  }
  return text;
}

void print_legend(std::ostream& out) {
  out << in_colour(kMasked, "masked (no loss)") << "  " << in_colour(kTarget, "target") << "  " << in_colour(kMusic, "music") << "\n\n";
}

void print_coloured(std::ostream& out, const records::Question& question, const text::EncodedExample& example, std::int64_t music_tokens,
                    const Json& loss, const text::Tokenizer& tokenizer) {
  const auto targets = text::count_targets(example.labels);
  out << in_colour(kHeading, printable(question.id))
      << fmt::format("  {} tokens, {} target, {} music", static_cast<std::int64_t>(example.input_ids.size()) + music_tokens, targets,
                     music_tokens);
  if (!loss.is_null()) out << fmt::format(", loss {:.4f}", loss.get<double>());
  if (example.cut_tokens > 0) out << fmt::format(", {} cut from the question", example.cut_tokens);
  if (example.cut_answer_tokens > 0) out << fmt::format(", {} cut from the answer", example.cut_answer_tokens);
  out << '\n';
  for (std::size_t i = 0; i <= example.input_ids.size(); ++i) {
    if (static_cast<std::int64_t>(i) == example.music_position) {
      for (std::int64_t k = 0; k < music_tokens; ++k) out << in_colour(kMusic, "[music]") << ' ';
    }
    if (i == example.input_ids.size()) break;
    out << in_colour(example.labels[i] == text::kIgnoreLabel ? kMasked : kTarget, printable(tokenizer.token(example.input_ids[i])));
    out << ' ';
  }
  out << "\n\n";
}

}  // namespace

void inspect(const config::Config& config, const InspectOptions& options, torch::Device device, std::ostream& out) {
  const auto questions = first_questions(config, options);
  const auto tokenizer = text::load_tokenizer(config.llm.path);
  const auto prompt = shapes::prompt_template(config, *tokenizer);
  // A directory that holds no more than a tokenizer will do.
  const bool has_decoder = std::filesystem::exists(std::filesystem::path(config.llm.path) / "config.json");
  const auto max_length =
      has_decoder ? shapes::longest_example(config.prompt, shapes::LlamaConfig::read(config.llm.path)) : config.prompt.max_length;
  const auto music_tokens =
      prompt.has_music() ? config::find_projector_kind(config.projector.kind)->tokens(config.projector, config.music_encoder.tokens) : 0;
  const auto notes = notes_of(config, prompt, questions);
  std::optional<Losses> losses;
  if (options.loss) losses.emplace(config, options.checkpoint, questions, device);

  if (options.colour) print_legend(out);
  data::CutReport cuts;
  for (std::size_t begin = 0; begin < questions.size(); begin += kBatch) {
    const auto batch = std::span(questions).subspan(begin, std::min(kBatch, questions.size() - begin));
    std::vector<text::EncodedExample> examples;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      examples.push_back(data::encode(prompt, batch[i], max_length, music_tokens, notes[begin + i]));
      cuts.add(batch[i].id, examples.back());
    }
    const auto means = losses ? losses->of(batch, examples) : std::vector<Json>(batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (options.colour) {
        print_coloured(out, batch[i], examples[i], music_tokens, means[i], *tokenizer);
      } else {
        print(out, batch[i], examples[i], music_tokens, means[i]);
      }
    }
  }
  cuts.log(max_length);
}

}  // namespace midillama::tools
