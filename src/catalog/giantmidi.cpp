#include "catalog/entries.h"
#include "catalog/kinds.h"
#include "midillama/core/ascii.h"

#include <fmt/format.h>

namespace midillama::catalog {
namespace {

bool is_one(std::string_view cell) {
  return label_of(cell) == 1;
}

std::string full_name(const CsvRow& row) {
  const std::string_view first = row.cell("firstname"), surname = row.cell("surname");
  return fmt::format("{}{}{}", first, first.empty() || surname.empty() ? "" : " ", surname);
}

}  // namespace

void read_giantmidi(const config::Corpus& config, const OnEntry& use) {
  const CsvFormat format{.separator = '\t', .has_quotes = false};
  const std::vector<std::string> required = {"surname", "firstname", "music", "audio_name", "giant_midi_piano", "surname_in_youtube_title"};
  for_each_csv_row(config.metadata, format, required, [&](const CsvRow& row) {
    if (row.problem.empty() && !is_one(row.cell("giant_midi_piano"))) return;
    const std::string_view name = row.cell("audio_name");
    Entry entry = entry_of(row, name.empty() ? "" : fmt::format("{}.mid", name));
    entry.title = row.cell("music");
    entry.composer = full_name(row);
    for (const char* column : {"nationality", "birth", "death"}) {
      if (lower_ascii(std::string(row.cell(column))) != "unknown") add_label(entry, row, column);
    }
    for (const char* column : {"split", "similarity", "piano_solo_prob"}) add_label(entry, row, column);
    // Some ids look like numbers.
    if (const std::string_view id = row.cell("youtube_id"); !id.empty()) entry.labels["youtube_id"] = id;
    if (config.curated && !is_one(row.cell("surname_in_youtube_title")))
      entry.left_out = "the video's title does not have the composer's surname (corpus.curated)";
    use(entry);
  });
}

}  // namespace midillama::catalog
