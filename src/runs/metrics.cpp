#include "midillama/runs/metrics.h"

#include "midillama/core/json_reader.h"
#include "midillama/core/json_text.h"

namespace midillama::runs {
namespace {

bool is_whole(const Json& row) {
  return row.is_object() && row.contains("step") && row["step"].is_number_integer() && row.contains("loss") && row["loss"].is_number();
}

// Calls `row` with every line that is a whole row, as text and as JSON.
template <typename Row>
void for_each_whole_row(const std::filesystem::path& path, Row&& row) {
  if (!std::filesystem::exists(path)) return;
  for_each_line(path, [&](std::string_view line, std::size_t) {
    const Json value = parse_or_discard(line);
    if (is_whole(value)) row(line, value);
  });
}

}  // namespace

MetricsLog::MetricsLog(std::filesystem::path file, std::int64_t last_step) : path_(std::move(file)) {
  std::string kept;
  for_each_whole_row(path_, [&](std::string_view line, const Json& value) {
    if (value["step"].get<std::int64_t>() <= last_step) (kept += line) += '\n';
  });
  write_atomically(path_, kept);
  file_.open(path_, std::ios::app);
}

void MetricsLog::write(const OrderedJson& row) {
  file_ << json_text(row) + '\n' << std::flush;
  if (!file_) throw InputError(path_.string(), "", "cannot be written: is the disk full?");
}

std::vector<Json> read_metrics(const std::filesystem::path& file) {
  std::vector<Json> rows;
  for_each_whole_row(file, [&](std::string_view, const Json& value) { rows.push_back(value); });
  return rows;
}

}  // namespace midillama::runs
