// The store that a launcher such as torchrun keeps for its ranks over all their restarts.
#pragma once

#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <map>
#include <string>

namespace midillama::testing_support {

class AgentStore {
 public:
  AgentStore() : store_("127.0.0.1", options()) {}

  // What launchers tell a rank; each counts its own restarts.
  std::map<std::string, std::string> environment(int rank, int size, int restarts) const {
    return {{"RANK", std::to_string(rank)},
            {"LOCAL_RANK", std::to_string(rank)},
            {"WORLD_SIZE", std::to_string(size)},
            {"LOCAL_WORLD_SIZE", std::to_string(size)},
            {"MASTER_ADDR", "127.0.0.1"},
            {"MASTER_PORT", std::to_string(store_.getPort())},
            {"TORCHELASTIC_USE_AGENT_STORE", "True"},
            {"TORCHELASTIC_RESTART_COUNT", std::to_string(restarts)},
            {"TORCHELASTIC_MAX_RESTARTS", "3"}};
  }

 private:
  static c10d::TCPStoreOptions options() {
    c10d::TCPStoreOptions options;
    options.port = 0;
    options.isServer = true;
    options.waitWorkers = false;
    return options;
  }

  c10d::TCPStore store_;
};

}  // namespace midillama::testing_support
