#include "cli/commands/data.h"
#include "cli/data_steps.h"

#include <iostream>

namespace midillama::cli {

void run(const config::Config& config, const DataRetrieveCommand&) {
  const works::RetrievalReport report = retrieve(config);
  std::cout << works::retrieval_text(report);
  require_all_looked_up(config, report);
}

}  // namespace midillama::cli
