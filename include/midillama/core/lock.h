// One writer at a time.
//
// A lock belongs to its process and goes with it however that ends, so there are no stale ones to clear away, and it does not ask for
// process numbers, which repeat in containers. It holds between processes, containers and, where the file system carries locks (NFS with
// its lock service, Lustre mounted with flock, CephFS, GPFS), machines. It does not hold between machines where a mount keeps locks to
// itself (NFS with nolock or local_lock, Lustre with localflock, most FUSE file systems); where a file system refuses locks altogether, a
// warning says so and the work goes on.
#pragma once

#include "midillama/core/temporary.h"

#include <filesystem>
#include <optional>
#include <string>

namespace midillama {

// Holds a lock on an open file; closing it lets go.
class FileLock {
 public:
  // Nothing where another has it. `path` is a file or a folder that is there. InputError where it cannot be opened.
  static std::optional<FileLock> take(const std::filesystem::path& path);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  friend class WriterLock;
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_ = -1;
};

// The right to write into a folder. It is a file beside the folder (data/.folk.lock), so that the folder may be missing, replaced or
// deleted meanwhile; the file says who has it and is removed at the end.
class WriterLock {
 public:
  // Creates the folder's parent. InputError naming the other process, its machine and since when, where there is one.
  explicit WriterLock(const std::filesystem::path& folder);
  ~WriterLock();
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

 private:
  std::filesystem::path file_;
  std::optional<FileLock> lock_;
  std::optional<RemovedOnInterrupt> removed_on_interrupt_;
};

}  // namespace midillama
