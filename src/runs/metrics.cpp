#include "midillama/runs/metrics.h"

#include "midillama/core/json_reader.h"
#include "midillama/core/json_text.h"

namespace midillama::runs {
namespace {

bool is_whole(const Json& row) {
  return row.is_object() && row.contains("step") && row["step"].is_number_integer() && row.contains("loss") && row["loss"].is_number() &&
         (!row.contains("split") || row["split"].is_string());
}

// Calls `row` with every line that is a whole row, as text and as JSON, and `broken` with the number of every other one.
template <typename Row, typename Broken>
void for_each_row(const std::filesystem::path& path, Row&& row, Broken&& broken) {
  if (!std::filesystem::exists(path)) return;
  for_each_line(path, [&](std::string_view line, std::size_t number) {
    const Json value = parse_or_discard(line);
    if (is_whole(value))
      row(line, value);
    else
      broken(number);
  });
}

constexpr auto kPassOver = [](std::size_t) {};

}  // namespace

MetricsLog::MetricsLog(std::filesystem::path file, std::int64_t last_step) : path_(std::move(file)) {
  std::string kept;
  const auto keep = [&](std::string_view line, const Json& value) {
    if (value["step"].get<std::int64_t>() <= last_step) (kept += line) += '\n';
  };
  for_each_row(path_, keep, kPassOver);
  write_atomically(path_, kept);
  file_.open(path_, std::ios::app);
}

void MetricsLog::write(const OrderedJson& row) {
  file_ << json_text(row) + '\n' << std::flush;
  if (!file_) throw InputError(path_.string(), "", "cannot be written: is the disk full?");
}

std::vector<Json> read_metrics(const std::filesystem::path& file) {
  std::vector<Json> rows;
  for_each_row(
      file, [&](std::string_view, const Json& value) { rows.push_back(value); }, kPassOver);
  return rows;
}

std::vector<std::size_t> broken_lines(const std::filesystem::path& file) {
  std::vector<std::size_t> numbers;
  for_each_row(
      file, [](std::string_view, const Json&) {}, [&](std::size_t number) { numbers.push_back(number); });
  return numbers;
}

}  // namespace midillama::runs
