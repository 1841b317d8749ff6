#include "midillama/model/team_scope.h"

#include "midillama/kernels/thread_team.h"

#include <ATen/Parallel.h>

#include <map>
#include <mutex>

namespace midillama::model {
namespace {

thread_local kernels::ThreadTeam* t_team = nullptr;

// The process's, of as many threads; they are few.
kernels::ThreadTeam& team_of(int threads) {
  static std::mutex mutex;
  static std::map<int, kernels::ThreadTeam> teams;
  const std::lock_guard lock(mutex);
  return teams.try_emplace(threads, threads).first->second;
}

}  // namespace

TeamScope::TeamScope(const torch::Tensor& like) {
  if (t_team != nullptr || !like.is_cpu() || like.scalar_type() != torch::kFloat32) return;
  threads_ = at::get_num_threads();
  t_team = &team_of(threads_);
  at::set_num_threads(1);
}

TeamScope::~TeamScope() {
  if (threads_ == 0) return;
  at::set_num_threads(threads_);
  t_team = nullptr;
}

kernels::ThreadTeam* TeamScope::team() {
  return t_team;
}

}  // namespace midillama::model
