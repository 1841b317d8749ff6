#include "midillama/core/replaceable.h"

#include "midillama/core/ascii.h"
#include "midillama/core/error.h"

#include <fmt/format.h>

#include <fstream>
#include <string>

namespace midillama {

void require_replaceable(const std::filesystem::path& file, std::string_view what, std::string_view beginning, std::size_t skipped) {
  if (!std::filesystem::is_regular_file(file) || std::filesystem::is_empty(file)) return;
  std::string begins(skipped + beginning.size(), ' ');
  std::ifstream(file, std::ios::binary).read(begins.data(), static_cast<std::streamsize>(begins.size()));
  if (lower_ascii(std::string_view(begins).substr(skipped)) != lower_ascii(beginning))
    throw InputError(file.string(), "", fmt::format("is there already and is no {}: another name is needed", what));
}

}  // namespace midillama
