#include "midillama/works/files.h"

#include "midillama/core/base64.h"
#include "midillama/text/utf8.h"
#include "midillama/works/annotate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_set>

namespace midillama::works {
namespace fs = std::filesystem;
namespace {

void require(const fs::path& file, const char* step) {
  if (!fs::exists(file)) throw InputError(file.string(), "", fmt::format("is not there: `midillama data {}` makes it", step));
}

// The path's own bytes where its name is no UTF-8.
std::string path_bytes(const Json& row, const std::string& file, const std::string& place) {
  if (!row.is_object() || !row.contains("file_bytes")) return json_get<std::string>(row, "file", file, place);
  const auto bytes = from_base64(json_get<std::string>(row, "file_bytes", file, place));
  if (!bytes) throw InputError(file, place, "the key \"file_bytes\" is not base64");
  return *bytes;
}

}  // namespace

void for_each_piece(const fs::path& directory, const std::function<void(const CatalogPiece& piece)>& use) {
  const fs::path file = directory / kPiecesFile;
  require(file, "import");
  std::unordered_set<std::string> known;
  for_each_json_line(file, [&](const Json& row, std::size_t line) {
    const std::string place = fmt::format("line {}", line);
    const auto text = [&](const char* key) { return json_get<std::string>(row, key, file.string(), place); };
    CatalogPiece piece{text("piece"), path_bytes(row, file.string(), place), text("title"), text("composer"), text("work"), text("source")};
    if (!known.insert(piece.id).second)
      throw InputError(file.string(), place, fmt::format("the piece \"{}\" stands in an earlier line already", piece.id));
    if (row.contains("labels")) piece.labels = row["labels"];
    if (!piece.labels.is_object()) throw InputError(file.string(), place, "the key \"labels\" is no object");
    use(piece);
  });
}

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

// Without a URL the sentence was in no text.
std::optional<Supported> supported_field(const Json& field, const std::string& file, const std::string& place) {
  if (!field.is_object() || field.contains("problem") || !field.value("url", Json()).is_string()) return std::nullopt;
  const auto text = [&](const char* key) { return json_get<std::string>(field, key, file, place); };
  Supported supported{text("value"), text("evidence"), text("url")};
  const bool has_all = std::ranges::none_of(std::array{&supported.value, &supported.evidence, &supported.url},
                                            [](const std::string* part) { return text::strip(*part).empty(); });
  return has_all && !is_not_enough(supported.value) ? std::optional(std::move(supported)) : std::nullopt;
}

std::map<std::string, SupportedFields> read_supported_fields(const fs::path& directory) {
  const fs::path file = directory / kAnnotationsFile;
  require(file, "annotate");
  std::map<std::string, SupportedFields> works;
  std::unordered_set<std::string> known;
  for_each_json_line(file, [&](const Json& row, std::size_t line) {
    const std::string place = fmt::format("line {}", line);
    const auto work = json_get<std::string>(row, "work", file.string(), place);
    const auto fields = json_get<Json>(row, "fields", file.string(), place);
    if (!fields.is_object()) throw InputError(file.string(), place, "the key \"fields\" is no object");
    if (!known.insert(work).second)
      throw InputError(file.string(), place, fmt::format("the work \"{}\" stands in an earlier line already", work));
    if (json_get<std::string>(row, "status", file.string(), place) != kAnnotated) return;
    for (const auto& [name, field] : fields.items()) {
      if (auto supported = supported_field(field, file.string(), fmt::format("{}, {}", place, name)))
        works[work].emplace(name, std::move(*supported));
    }
  });
  return works;
}

}  // namespace midillama::works
