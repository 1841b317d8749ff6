#include "catalog/report.h"

#include "midillama/catalog/import.h"
#include "midillama/core/json_reader.h"
#include "midillama/core/numbers.h"
#include "midillama/works/files.h"

#include <fmt/format.h>

namespace midillama::catalog {
namespace {

std::string row(const std::string& label, std::size_t count) {
  return fmt::format("{:<28}{:>10}\n", label, with_commas(static_cast<std::int64_t>(count)));
}

}  // namespace

std::span<const Leftover> all_kinds() {
  static constexpr Leftover kinds[] = {kUnreadable, kSilent,    kDuplicates, kCopies,       kMissing,    kRepeated,
                                       kRefused,    kMalformed, kNotChosen,  kNotInCatalog, kPassedOver, kWarnings};
  return kinds;
}

Lists::Lists() {
  for (const Leftover& kind : all_kinds()) lists_[kind.name] = OrderedJson::array();
}

void Lists::add(const Leftover& kind, const std::string& name, const std::string& reason) {
  lists_[kind.name].push_back({{"name", name}, {"reason", reason}});
}

OrderedJson import_json(const Imported& imported, const Lists& lists) {
  OrderedJson counts = {{"rows", imported.rows}, {"pieces", imported.pieces}, {"works", imported.works}};
  for (const Leftover& kind : all_kinds()) counts[kind.name] = lists.count(kind);
  OrderedJson report = {{"format", kImportFormat},
                        {"settings", imported.settings},
                        {"sources", imported.sources},
                        {"pieces", {{"file", works::kPiecesFile}, {"fingerprint", imported.fingerprint}}},
                        {"counts", std::move(counts)}};
  report.update(lists.json());
  return report;
}

OrderedJson import_report(const std::filesystem::path& directory) {
  const auto file = directory / kImportFile;
  return parse_ordered_json(read_text(file), file.string());
}

std::string report_text(const OrderedJson& report) {
  const OrderedJson& counts = report.at("counts");
  std::string text;
  for (const char* kept : {"rows", "pieces", "works"}) text += row(kept, counts.at(kept));
  for (const Leftover& kind : all_kinds()) {
    if (const std::size_t count = counts.at(kind.name); count > 0) text += row(fmt::format("  {}", kind.label), count);
  }
  return text;
}

}  // namespace midillama::catalog
