#include "catalog/kinds.h"
#include "midillama/core/json_reader.h"

#include <fmt/format.h>

#include <algorithm>

namespace midillama::catalog {
namespace {

constexpr const char* kFile = "location";
constexpr std::string_view kNoLabels[] = {kFile, "all_chords", "all_chords_timestamps"};

Entry entry_of(const OrderedJson& row, std::string place) {
  Entry entry;
  entry.place = std::move(place);
  if (!row.is_object()) {
    entry.problem = "is no JSON object";
    return entry;
  }
  const auto file = row.find(kFile);
  if (file == row.end() || !file->is_string() || file->get_ref<const std::string&>().empty()) {
    entry.problem = fmt::format("names no file (the key \"{}\")", kFile);
    return entry;
  }
  entry.file = file->get<std::string>();
  for (const auto& [key, value] : row.items()) {
    if (!value.is_null() && std::ranges::find(kNoLabels, key) == std::end(kNoLabels)) entry.labels[key] = value;
  }
  return entry;
}

}  // namespace

void read_midicaps(const config::Corpus& config, const OnEntry& use) {
  for_each_line(config.metadata, [&](std::string_view line, std::size_t number) {
    if (line.find_first_not_of(" \t") == std::string_view::npos) return;
    const std::string place = fmt::format("line {}", number);
    require_shallow(line, config.metadata, place);
    use(entry_of(OrderedJson::parse(line, nullptr, false), place));
  });
}

}  // namespace midillama::catalog
