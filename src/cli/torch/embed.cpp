#include "cli/commands/embed.h"

#include "cli/torch/device.h"
#include "midillama/core/error.h"
#include "midillama/core/log.h"
#include "midillama/tools/embed.h"

#include <fmt/format.h>

namespace midillama::cli {

void run(const config::Config& config, const EmbedCommand& command) {
  const std::vector<std::filesystem::path> files(command.files.begin(), command.files.end());
  const tools::Embedded done = tools::embed(config, files, command.out, prepare_device(config.run));
  log::info("{}: {} clip embeddings", command.out, done.files);
  // Rows are not those of the command line then, which a script must not overlook.
  if (done.skipped > 0) {
    throw Error(fmt::format("{} of {} files could not be embedded: {} has rows of the others, named in its metadata", done.skipped,
                            files.size(), command.out));
  }
}

}  // namespace midillama::cli
