#include "staging.h"

#include "midillama/core/error.h"
#include "midillama/core/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <system_error>

namespace midillama::corpus {
namespace {

std::filesystem::path beside(const std::filesystem::path& target, const std::string& what) {
  return target.parent_path() / ("." + target.filename().string() + "." + what + "-" + std::to_string(::getpid()));
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
    : target_(without_trailing_slash(target)), working_(beside(target_, "building")) {
  const bool replaceable = !std::filesystem::exists(target_) || std::filesystem::exists(target_ / "dataset.json") ||
                           (std::filesystem::is_directory(target_) && std::filesystem::is_empty(target_));
  if (!replaceable)
    throw InputError(target_.string(), "", "exists and is no dataset (no dataset.json in it): give another folder or remove it");
  std::filesystem::remove_all(working_);
  std::filesystem::create_directories(working_);
}

StagedDirectory::~StagedDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(working_, ignored);
}

void StagedDirectory::put_in_place() {
  flush_file_system(working_);
  const auto old = beside(target_, "old");
  std::filesystem::remove_all(old);
  if (std::filesystem::exists(target_)) std::filesystem::rename(target_, old);
  std::filesystem::rename(working_, target_);
  sync_to_disk(target_.parent_path());
  std::filesystem::remove_all(old);
}

void write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) throw InputError(path.string(), "", "cannot be written");
}

}  // namespace midillama::corpus
