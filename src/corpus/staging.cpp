#include "staging.h"

#include "midillama/core/error.h"
#include "midillama/core/file.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

namespace midillama::corpus {
namespace {

// ".folk.building-" for the dataset "folk"; the process id follows.
std::string working_prefix(const std::filesystem::path& target) {
  return "." + target.filename().string() + ".building-";
}

bool is_running(const std::string& process) {
  pid_t id = 0;
  const auto [end, error] = std::from_chars(process.data(), process.data() + process.size(), id);
  if (error != std::errc{} || end != process.data() + process.size() || id <= 0) return true;  // not a name of ours: leave it alone
  return ::kill(id, 0) == 0 || errno != ESRCH;
}

// Removes what killed builds of the same dataset left behind.
void remove_leftovers(const std::filesystem::path& target) {
  const auto prefix = working_prefix(target);
  std::vector<std::filesystem::path> leftovers;
  for (const auto& entry : std::filesystem::directory_iterator(target.parent_path())) {
    const auto name = entry.path().filename().string();
    if (name.compare(0, prefix.size(), prefix) == 0 && !is_running(name.substr(prefix.size()))) leftovers.push_back(entry.path());
  }
  for (const auto& path : leftovers) std::filesystem::remove_all(path);
}

std::filesystem::path without_trailing_slash(const std::filesystem::path& path) {
  const auto absolute = std::filesystem::absolute(path).lexically_normal();
  return absolute.has_filename() ? absolute : absolute.parent_path();
}

// One call for thousands of small files, where flushing each takes a minute.
void flush_file_system(const std::filesystem::path& directory) {
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0 || ::syncfs(descriptor) != 0) {
    if (descriptor >= 0) ::close(descriptor);
    throw InputError(directory.string(), "", "cannot be flushed to disk");
  }
  ::close(descriptor);
}

}  // namespace

StagedDirectory::StagedDirectory(std::filesystem::path target)
    : target_(without_trailing_slash(target)), working_(target_.parent_path() / (working_prefix(target_) + std::to_string(::getpid()))) {
  const bool replaceable = !std::filesystem::exists(target_) || std::filesystem::exists(target_ / "dataset.json") ||
                           (std::filesystem::is_directory(target_) && std::filesystem::is_empty(target_));
  if (!replaceable)
    throw InputError(target_.string(), "", "exists and is no dataset (no dataset.json in it): give another folder or remove it");
  std::filesystem::create_directories(target_.parent_path());
  remove_leftovers(target_);
  std::filesystem::remove_all(working_);
  std::filesystem::create_directories(working_);
}

StagedDirectory::~StagedDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(working_, ignored);
}

void StagedDirectory::put_in_place() {
  flush_file_system(working_);
  if (std::filesystem::exists(target_)) {
    // Exchanged in one step: there is no moment at which a kill would leave neither the old dataset nor the new one.
    if (::renameat2(AT_FDCWD, working_.c_str(), AT_FDCWD, target_.c_str(), RENAME_EXCHANGE) != 0) {
      throw InputError(target_.string(), "", std::string("cannot be replaced (") + std::strerror(errno) + "): remove it and build again");
    }
    std::filesystem::remove_all(working_);
  } else {
    std::filesystem::rename(working_, target_);
  }
  sync_to_disk(target_.parent_path());
}

void write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) throw InputError(path.string(), "", "cannot be written");
}

}  // namespace midillama::corpus
