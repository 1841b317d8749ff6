// The variables that torchrun, Slurm wrappers and other launchers set.
#pragma once

#include <cstdint>
#include <string>

namespace midillama::parallel {

struct Environment {
  int rank = 0;
  int size = 1;
  std::string master_address;
  std::uint16_t master_port = 0;
  bool agent_store = false;  // the launcher itself keeps the store at master_port, over all restarts of the ranks

  // UsageError where a variable is missing, no number, or out of range. Only WORLD_SIZE is read where it is not set or 1.
  static Environment read();
  std::string master() const;  // "address:port"
};

// The number in the variable `name`, `fallback` where it is not set; UsageError where it is no number in [least, most].
int environment_number(const char* name, int fallback, int least, int most);

}  // namespace midillama::parallel
