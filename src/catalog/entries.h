// What the readers of catalogs share.
#pragma once

#include "midillama/catalog/catalog.h"
#include "midillama/catalog/csv.h"

#include <string>
#include <string_view>

namespace midillama::catalog {

// A number where the text is one as JSON writes it (so "007" and whole numbers of more than 64 bits are texts), else the text.
OrderedJson label_of(std::string_view text);

// The entry of a row that names `file`; with the row's problem, or one where it names none.
Entry entry_of(const CsvRow& row, std::string_view file);

// Adds the row's cell as a label of the column's name, unless it is empty.
void add_label(Entry& entry, const CsvRow& row, const std::string& column);

}  // namespace midillama::catalog
