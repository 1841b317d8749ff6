// The directory of a stage's run, <run.dir>/<stage>, while something is written into it.
//
// One process writes at a time. A run that begins again (Start::overwrite) writes into a folder in the directory until its first checkpoint
// is complete; only then does it take the place of the old run, whole: a kill in between is made good by the next RunDirectory.
#pragma once

#include "midillama/core/lock.h"
#include "midillama/core/temporary.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace midillama::runs {

enum class Start { fresh, resume, overwrite };

class RunDirectory {
 public:
  // InputError where another process writes here, or where there is a run already and `start` is fresh. Nothing changes but that what
  // killed programs left half-written goes.
  RunDirectory(std::filesystem::path directory, const std::string& stage, Start start);
  // What never came to a checkpoint goes, where there is an old run to keep.
  ~RunDirectory();
  RunDirectory(const RunDirectory&) = delete;
  RunDirectory& operator=(const RunDirectory&) = delete;

  const std::filesystem::path& path() const { return directory_; }
  // Where the run's files are: path(), or a folder in it as long as the old run is there.
  const std::filesystem::path& working() const { return working_; }

  // CheckpointStore::write, and the new run takes the old one's place.
  void write_checkpoint(std::int64_t step, std::int64_t keep, const std::function<void(const std::filesystem::path&)>& fill);

 private:
  void take_over();
  void finish_taking_over();

  std::filesystem::path directory_;
  WriterLock lock_;
  std::filesystem::path working_;
  std::unique_ptr<RemovedOnInterrupt> removed_on_interrupt_;
};

}  // namespace midillama::runs
