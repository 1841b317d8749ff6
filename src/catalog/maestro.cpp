#include "catalog/entries.h"
#include "catalog/kinds.h"

namespace midillama::catalog {

void read_maestro(const config::Corpus& config, const OnEntry& use) {
  const std::vector<std::string> required = {"canonical_composer", "canonical_title", "midi_filename"};
  for_each_csv_row(config.metadata, {.separator = ','}, required, [&](const CsvRow& row) {
    Entry entry = entry_of(row, row.cell("midi_filename"));
    entry.title = row.cell("canonical_title");
    entry.composer = row.cell("canonical_composer");
    for (const char* column : {"split", "year"}) add_label(entry, row, column);
    use(entry);
  });
}

}  // namespace midillama::catalog
