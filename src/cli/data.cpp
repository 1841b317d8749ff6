#include "cli/commands/data.h"

#include "midillama/core/atomic_file.h"
#include "midillama/core/error.h"
#include "midillama/core/json_text.h"
#include "midillama/core/log.h"
#include "midillama/corpus/charts.h"
#include "midillama/corpus/dataset.h"
#include "midillama/corpus/text_statistics.h"
#include "midillama/records/question.h"
#include "midillama/shapes/prompt.h"
#include "midillama/text/tokenizer.h"

#include <fmt/format.h>

#include <filesystem>
#include <iostream>
#include <memory>

namespace midillama::cli {
namespace fs = std::filesystem;

namespace {

// The language model's; null where llm.path has none yet.
std::unique_ptr<text::Tokenizer> tokenizer_of(const config::Config& config) {
  const fs::path path = config.llm.path;
  const bool is_there = fs::is_regular_file(path / "tokenizer.json") || fs::is_regular_file(path / "tokenizer.model");
  if (path.empty() || !is_there) return nullptr;
  return text::load_tokenizer(path);
}

// How long a question is as an example of training; notes as text ({notes}) aside.
corpus::ExampleLimit example_limit(const config::Config& config, const text::PromptTemplate& prompt) {
  const std::int64_t music = prompt.has_music() ? config.music_encoder.tokens : 0;
  return {.most = config.prompt.max_length, .length_of = [&prompt, music](const records::Question& question) {
            const auto example = prompt.encode(records::conversation_of(question, /*with_answer=*/true), text::kAnyLength, music);
            return static_cast<std::int64_t>(example.input_ids.size()) + music;
          }};
}

std::vector<std::string> problems_of(const config::Config& config) {
  const auto tokenizer = tokenizer_of(config);
  if (tokenizer == nullptr) {
    log::info("llm.path: no tokenizer at \"{}\": how long the examples are is not checked", config.llm.path);
    return corpus::check_dataset(config.data.dir);
  }
  const auto prompt = shapes::prompt_template(config, *tokenizer);
  return corpus::check_dataset(config.data.dir, example_limit(config, prompt));
}

}  // namespace

void run(const config::Config& config, const DataStatsCommand& command) {
  const fs::path directory = config.data.dir;
  OrderedJson statistics = corpus::dataset_statistics(directory);
  const auto tokenizer = tokenizer_of(config);
  const auto texts = tokenizer == nullptr ? corpus::text_statistics(directory)
                                          : corpus::text_statistics(
                                                directory, [&](std::string_view text) { return tokenizer->encode(text).size(); }, "tokens");
  const auto annotations = corpus::annotation_shares(directory);
  if (!command.svg.empty()) {
    for (const auto& [file, svg] : corpus::charts_of(statistics, texts, annotations)) {
      write_atomically(fs::path(command.svg) / file, svg);
      log::info("{}", (fs::path(command.svg) / file).string());
    }
  }
  if (command.json) {
    statistics["texts"] = corpus::to_json(texts);
    if (!annotations.empty()) statistics["annotations"] = corpus::to_json(annotations);
    std::cout << json_text(statistics, 2) << '\n';
  } else {
    std::cout << corpus::statistics_text(statistics) << corpus::text_of(texts) << corpus::text_of(annotations);
  }
}

void run(const config::Config& config, const DataCheckCommand&) {
  const std::string directory = config.data.dir;
  const std::vector<std::string> problems = problems_of(config);
  for (const std::string& problem : problems) std::cout << problem << "\n";
  if (!problems.empty()) throw Error(fmt::format("{}: {} problems", directory, problems.size()));
  if (fs::exists(fs::path(directory) / records::kDatasetFile)) {
    for (const std::string& warning : corpus::dataset_warnings(directory)) log::warning("{}", warning);
  }
  std::cout << directory << ": ok\n";
}

}  // namespace midillama::cli
