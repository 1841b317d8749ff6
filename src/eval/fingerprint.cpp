#include "eval/fingerprint.h"

#include "midillama/core/file.h"
#include "midillama/core/hash.h"
#include "midillama/model/midi_llama.h"
#include "midillama/records/question.h"

#include <algorithm>
#include <vector>

namespace midillama::eval {
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

Json stamps(const fs::path& directory) {
  Json list = Json::array();
  for (const auto& file : files_below(directory)) {
    list.push_back(
        {file.lexically_relative(directory).string(), fs::file_size(file), fs::last_write_time(file).time_since_epoch().count()});
  }
  return list;
}

}  // namespace

std::string answers_fingerprint(const config::Config& config, const fs::path& checkpoint, const std::string& split,
                                const std::string& embeddings) {
  const Json sources = {
      {"checkpoint", contents({checkpoint / model::kProjectorFile, checkpoint / "adapter/adapter_config.json",
                               checkpoint / "adapter/adapter_model.safetensors"})},
      {"questions", contents({records::split_file(config.data.dir, split)})},
      {"embeddings", embeddings},
      {"llm", {stamps(config.llm.path), config.llm.dtype}},
      {"prompt", {config.prompt.template_text, config.prompt.max_length}},
      {"generate", {config.generate.max_new_tokens, config.generate.temperature, config.generate.top_p, config.generate.stop_token_ids}},
      {"seed", config.run.seed},
      {"max_examples", config.eval.max_examples}};
  return fingerprint(sources.dump());
}

}  // namespace midillama::eval
