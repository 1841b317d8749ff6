#include "midillama/records/step.h"

#include "midillama/core/json_reader.h"
#include "midillama/core/json_text.h"
#include "midillama/core/temporary.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>

namespace midillama::records {
namespace fs = std::filesystem;
namespace {

constexpr int kFormat = 1;  // of a record

OrderedJson json_of(const MadeOf& made_of) {
  return {{"settings", made_of.settings}, {"files", made_of.files}};
}

// `is_same` says whether a record's "made_of" is that of today.
StepState state_where(const fs::path& directory, const Step& step, const std::function<bool(const OrderedJson& made_of)>& is_same) {
  if (!fs::exists(directory / step.file)) return StepState::missing;
  const OrderedJson record = record_of(directory, step);
  if (record.empty()) return StepState::given;
  const auto part = [&](const char* key) { return record.value(key, OrderedJson()); };
  const bool is_current =
      part("format") == kFormat && is_same(part("made_of")) && recorded_fingerprint(record, step) == fingerprint_of(directory, step.file);
  if (!is_current) return StepState::outdated;
  return part("complete") == true ? StepState::current : StepState::incomplete;
}

fs::path without_leftovers(const fs::path& file) {
  remove_leftovers_of(file);
  return file;
}

}  // namespace

fs::path record_file(const fs::path& directory, const Step& step) {
  return directory / fmt::format("{}.json", step.name);
}

OrderedJson record_of(const fs::path& directory, const Step& step) {
  const fs::path file = record_file(directory, step);
  if (!fs::exists(file)) return OrderedJson::object();
  OrderedJson record = parse_ordered_json(read_text(file), file.string());
  if (!record.is_object()) throw InputError(file.string(), "", "is no record of a step: a JSON object is expected");
  return record;
}

OrderedJson recorded_fingerprint(const OrderedJson& record, const Step& step) {
  const bool is_import = std::string_view(step.name) == kImportStep.name;
  return record.value(OrderedJson::json_pointer(is_import ? "/pieces/fingerprint" : "/fingerprint"), OrderedJson());
}

OrderedJson fingerprint_of(const fs::path& directory, const std::string& file) {
  return fs::exists(directory / file) ? OrderedJson(fingerprint_file(directory / file)) : OrderedJson();
}

std::string difference_text(const OrderedJson& before, const OrderedJson& now) {
  std::vector<std::string> differences;
  for (const auto& [key, value] : now.items()) {
    if (before.is_object() && before.contains(key) && Json(before[key]) != Json(value))
      differences.push_back(fmt::format("{}: {}, now {}", key, json_text(before[key]), json_text(value)));
  }
  return differences.empty() ? "" : fmt::format(" ({})", fmt::join(differences, "; "));
}

StepState state_of(const fs::path& directory, const Step& step, const MadeOf& made_of) {
  return state_where(directory, step, [&](const OrderedJson& of) { return Json(of) == Json(json_of(made_of)); });
}

StepState state_by_record(const fs::path& directory, const Step& step) {
  return state_where(directory, step, [&](const OrderedJson& of) {
    if (!of.is_object() || !of.contains("files") || !of["files"].is_object()) return false;
    return std::ranges::all_of(of["files"].items(), [&](const auto& file) {
      const OrderedJson now = fingerprint_of(directory, file.key());
      return now.is_null() || now == file.value();
    });
  });
}

void require_own(const fs::path& directory, const Step& step) {
  if (fs::exists(directory / step.file) && record_of(directory, step).empty())
    throw InputError((directory / step.file).string(), "",
                     fmt::format("is not `midillama data {0}`'s (no {0}.json beside it): move it away", step.name));
}

void require_own_folder(const fs::path& folder, const OrderedJson& record, const std::string& command) {
  if (record.empty() && fs::exists(folder) && !(fs::is_directory(folder) && fs::is_empty(folder)))
    throw InputError(folder.string(), "",
                     fmt::format("was not made by `midillama {}`, which would replace it: move it away, or --set data.dir=… names another "
                                 "folder",
                                 command));
}

StepFile::StepFile(const fs::path& directory, const Step& step)
    : directory_(directory), step_(step), file_(without_leftovers(directory / step.file)) {}

void StepFile::write(std::string_view bytes) {
  file_.write(bytes);
  written_.add(bytes);
}

// The record first: a file without it would be taken for another program's.
void StepFile::commit(const MadeOf& made_of, const OrderedJson& report, bool complete, const std::function<void()>& before_file) {
  OrderedJson record = {{"format", kFormat},
                        {"made_of", json_of(made_of)},
                        {"file", step_.file},
                        {"fingerprint", written_.fingerprint()},
                        {"complete", complete}};
  record.update(report);
  write_atomically(without_leftovers(record_file(directory_, step_)), json_text(record, 2) + "\n");
  if (before_file) before_file();
  file_.commit();
}

}  // namespace midillama::records
