#include "catalog/entries.h"
#include "catalog/kinds.h"

namespace midillama::catalog {

void read_table(const config::Corpus& config, const OnEntry& use) {
  const std::string &file = config.file_column, &title = config.title_column, &composer = config.composer_column;
  std::vector<std::string> required = {file};
  for (const std::string& column : {title, composer}) {
    if (!column.empty()) required.push_back(column);
  }
  for_each_csv_row(config.metadata, {}, required, [&](const CsvRow& row) {
    Entry entry = entry_of(row, row.cell(file));
    entry.title = row.cell(title);
    entry.composer = row.cell(composer);
    for (const std::string& column : *row.columns) {
      if (!column.empty() && column != file && column != title && column != composer) add_label(entry, row, column);
    }
    use(entry);
  });
}

}  // namespace midillama::catalog
