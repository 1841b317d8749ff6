#include "catalog/entries.h"
#include "catalog/kinds.h"

#include <fmt/format.h>

namespace midillama::catalog {

void read_atepp(const config::Corpus& config, const OnEntry& use) {
  for_each_csv_row(config.metadata, {.separator = ','}, {"composer", "track", "midi_path"}, [&](const CsvRow& row) {
    Entry entry = entry_of(row, row.cell("midi_path"));
    // Later versions name the composition, too.
    const std::string_view composition = row.cell("composition"), id = row.cell("composition_id");
    entry.title = composition.empty() ? row.cell("track") : composition;
    entry.composer = row.cell("composer");
    if (!id.empty()) entry.work = fmt::format("composition {}", id);
    for (const char* column : {"artist", "track", "composition_id"}) add_label(entry, row, column);
    use(entry);
  });
}

}  // namespace midillama::catalog
