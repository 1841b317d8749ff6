// Names and paths that last only while something is being made.
#pragma once

#include <filesystem>
#include <string>
#include <utility>

namespace midillama {

// A suffix for a temporary name that no other process draws: process numbers repeat in containers and on other machines.
std::string unique_suffix();
// A name in the same folder that no other process takes.
std::filesystem::path temporary_beside(const std::filesystem::path& path);

// Removes what killed programs left beside `path` when they were writing it. For whoever has the right to write there (core/lock.h).
void remove_leftovers_of(const std::filesystem::path& path);

// Where writing to `path` leads: symbolic links are written through, not replaced.
std::filesystem::path resolve_links(std::filesystem::path path);

// From then on a signal that ends the program removes the file or folder (see core/interrupt.h), until it is forgotten.
void remove_on_interrupt(const std::filesystem::path& path);
void forget_on_interrupt(const std::filesystem::path& path);

// Both, for what is being made as long as this object lives.
class RemovedOnInterrupt {
 public:
  explicit RemovedOnInterrupt(std::filesystem::path path) : path_(std::move(path)) { remove_on_interrupt(path_); }
  ~RemovedOnInterrupt() { forget_on_interrupt(path_); }
  RemovedOnInterrupt(const RemovedOnInterrupt&) = delete;
  RemovedOnInterrupt& operator=(const RemovedOnInterrupt&) = delete;

 private:
  std::filesystem::path path_;
};

// Removes all that is to go; what is still being written to is tried again for a moment.
void remove_interrupted();

}  // namespace midillama
