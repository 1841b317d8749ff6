#include "midillama/works/files.h"

#include <fmt/format.h>

#include <unordered_set>

namespace midillama::works {
namespace fs = std::filesystem;
namespace {

void require(const fs::path& file, const char* step) {
  if (!fs::exists(file)) throw InputError(file.string(), "", fmt::format("is not there: `midillama data {}` makes it", step));
}

}  // namespace

std::vector<Work> read_works(const fs::path& directory) {
  const fs::path file = directory / kPiecesFile;
  require(file, "import");
  std::vector<Work> works;
  std::unordered_set<std::string> known;
  for_each_json_line(file, [&](const Json& row, std::size_t line) {
    const auto text = [&](const char* key) { return json_get<std::string>(row, key, file.string(), fmt::format("line {}", line)); };
    Work work{text("work"), text("composer"), text("title")};
    if (known.insert(work.id).second) works.push_back(std::move(work));
  });
  return works;
}

OrderedJson to_line(const Text& text) {
  return {{"work", text.work},           {"url", text.url},       {"title", text.title},
          {"retrieved", text.retrieved}, {"sha256", text.sha256}, {"text", text.text}};
}

void for_each_text(const fs::path& directory, const std::function<void(const Text& text)>& use) {
  const fs::path file = directory / kTextsFile;
  require(file, "retrieve");
  for_each_json_line(file, [&](const Json& row, std::size_t line) {
    const auto get = [&](const char* key) { return json_get<std::string>(row, key, file.string(), fmt::format("line {}", line)); };
    use({get("work"), get("url"), get("title"), get("retrieved"), get("sha256"), get("text")});
  });
}

}  // namespace midillama::works
