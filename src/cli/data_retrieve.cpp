#include "cli/commands/data.h"
#include "midillama/core/error.h"
#include "midillama/works/files.h"
#include "midillama/works/retrieve.h"

#include <fmt/format.h>

#include <iostream>

namespace midillama::cli {

void run(const config::Config& config, const DataRetrieveCommand&) {
  const works::RetrievalReport report = works::retrieve_texts(config, {.program = "midillama/" MIDILLAMA_VERSION});
  std::cout << works::retrieval_text(report);
  if (!report.failed.empty()) {
    throw Error(fmt::format("{}/{}: {} works were not looked up, for a server did not answer: the next run looks for them again",
                            config.data.dir, works::kTextsFile, report.failed.size()));
  }
}

}  // namespace midillama::cli
