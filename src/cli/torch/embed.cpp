#include "cli/commands/embed.h"

#include "cli/torch/device.h"
#include "midillama/core/log.h"
#include "midillama/tools/embed.h"

namespace midillama::cli {

void run(const config::Config& config, const EmbedCommand& command) {
  const std::vector<std::filesystem::path> files(command.files.begin(), command.files.end());
  const tools::Embedded done = tools::embed(config, files, command.out, prepare_device(config.run));
  log::info("{}: {} clip embeddings, {} files skipped", command.out, done.files, done.skipped);
}

}  // namespace midillama::cli
