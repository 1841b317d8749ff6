// Who computes on a CPU: LibTorch's threads, or this library's (kernels/thread_team.h).
#pragma once

#include <torch/types.h>

namespace midillama::kernels {
class ThreadTeam;
}

namespace midillama::model {

// While it lives, loops and products of this thread's decoder are shared by a team of as many threads as LibTorch had, and LibTorch's own
// operations run on the calling thread: both kinds of threads at once would wait for each other's cores. For what computes like `like`: it
// does nothing but on a CPU in float32, nor inside another one.
class TeamScope {
 public:
  explicit TeamScope(const torch::Tensor& like);
  ~TeamScope();
  TeamScope(const TeamScope&) = delete;
  TeamScope& operator=(const TeamScope&) = delete;

  // The calling thread's; null outside of a scope.
  static kernels::ThreadTeam* team();

 private:
  int threads_ = 0;  // LibTorch's, to be set again; 0: nothing to do
};

}  // namespace midillama::model
