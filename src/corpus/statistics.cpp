#include "description.h"
#include "midillama/core/error.h"
#include "midillama/core/hash.h"
#include "midillama/core/json_reader.h"
#include "midillama/corpus/dataset.h"
#include "midillama/corpus/splits.h"
#include "midillama/corpus/steps.h"
#include "midillama/records/form.h"
#include "midillama/records/question.h"
#include "midillama/records/tags.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace midillama::corpus {
namespace {

std::string row(const std::string& label, const std::vector<std::string>& cells) {
  std::string line = fmt::format("{:<24}", label);
  for (const auto& cell : cells) line += fmt::format("{:>10}", cell);
  return line + '\n';
}

// One row: the number at `path` of each split, or 0.
std::string count_row(const OrderedJson& splits, const std::string& label, const OrderedJson::json_pointer& path) {
  std::vector<std::string> cells;
  for (const auto split : records::all_splits()) {
    const auto& counts = splits.at(records::name(split));
    cells.push_back(std::to_string(counts.contains(path) ? counts.at(path).get<std::size_t>() : 0));
  }
  return row(label, cells);
}

std::string unseen_text(const OrderedJson& statistics) {
  const auto unseen = statistics.value(records::kUnseenSplit, OrderedJson::object());
  if (unseen.empty()) return "";
  auto text = fmt::format("\nin wordings that no training question has, about {} clips of the test split\n", unseen.at("clips").get<int>());
  for (const auto& [form, count] : unseen.at("forms").items()) text += row("  " + form, {"", "", std::to_string(count.get<std::size_t>())});
  return text;
}

std::string coverage_text(const OrderedJson& statistics) {
  const auto coverage = statistics.value("coverage", OrderedJson::object());
  if (coverage.empty()) return "";
  const auto pieces = coverage.at("seconds_of_pieces").get<double>(), clips = coverage.at("seconds_of_clips").get<double>();
  return fmt::format("\n{:.0f} of {:.0f} seconds of the pieces are in clips\n", clips, pieces);
}

// What is no fact of any clip, and why.
std::string left_out_text(const OrderedJson& statistics) {
  std::string text;
  for (const auto& rare : statistics.value("rare", OrderedJson::array())) {
    if (text.empty()) text = "\nleft out, for fewer pieces have it than corpus.min_label_pieces\n";
    text += row("  " + rare.at("tag").get<std::string>() + " " + rare.at("value").get<std::string>(),
                {std::to_string(rare.at("pieces").get<std::size_t>())});
  }
  const auto keys = statistics.value("keys", OrderedJson::object());
  for (const auto& [tag, count] : keys.items()) {
    text += fmt::format("\n{}: the piece's, as its source states it; {} of {} clips sound in that key when measured alone\n", tag,
                        count.at("as_estimated").get<std::size_t>(), count.at("clips").get<std::size_t>());
  }
  return text;
}

// Questions of yes or no that have the same answer whatever is heard.
void add_one_sided(const records::Tag& tag, const std::vector<std::string>& values, std::vector<std::string>& warnings) {
  for (const auto& asked : tag.yes_no) {
    const auto is_yes = [&](const std::string& value) { return records::right_answer(asked.yes_if, value) == "yes"; };
    const auto yes = std::ranges::count_if(values, is_yes);
    if (yes == 0 || yes == std::ssize(values))
      warnings.push_back(fmt::format("questions whether the {} is \"{}\" are always answered with {}: {} value of the dataset has that",
                                     tag.name, asked.yes_if, yes == 0 ? "no" : "yes", yes == 0 ? "no" : "every"));
  }
}

}  // namespace

std::vector<std::string> dataset_warnings(const std::filesystem::path& directory) {
  const auto statistics = dataset_statistics(directory);
  std::vector<std::string> warnings;
  const auto vocabulary = statistics.value("vocabulary", OrderedJson::object());
  for (const auto& [tag, values] : vocabulary.items()) {
    if (values.size() == 1)
      warnings.push_back(fmt::format("the tag \"{}\" has one value, {}, in all clips: it can be neither learnt nor measured", tag,
                                     values.front().get<std::string>()));
  }
  std::set<std::string> texts;
  const auto splits = statistics.value("splits", OrderedJson::object());
  for (const auto& [name, split] : splits.items()) {
    const auto of_split = split.value("texts", OrderedJson::object());
    for (const auto& [tag, count] : of_split.items()) texts.insert(tag);
  }
  for (const auto& tag : statistics.value("settings", OrderedJson::object()).value("tags", std::vector<std::string>())) {
    if (!vocabulary.contains(tag) && !texts.contains(tag))
      warnings.push_back(fmt::format("the tag \"{}\" has no value in any clip: nothing is asked about it", tag));
  }
  for (const auto& tag : records::dataset_tags(directory).tags) {
    if (vocabulary.contains(tag.name)) add_one_sided(tag, vocabulary[tag.name], warnings);
  }
  return warnings;
}

OrderedJson dataset_statistics(const std::filesystem::path& directory) {
  const auto path = directory / records::kDatasetFile;
  auto description = parse_ordered_json(read_text(path), path.string());
  if (description.value("format", 0) != kDatasetFormat)
    throw InputError(path.string(), "format", fmt::format("must be {}: build the dataset again", kDatasetFormat));
  return description;
}

bool is_current(const config::Corpus& config, const std::filesystem::path& directory, const OrderedJson& writing) {
  const auto description = read_json(directory / records::kDatasetFile);
  // An older version's settings lack what it did not know: that was as it is by default.
  Json settings = settings_json(config::Corpus{});
  settings.update(description.value("settings", Json::object()));
  const auto tags = records::read_tags(config.tag_file);
  const auto written = description.value(Json::json_pointer("/tags/fingerprint"), fingerprint(tags.text));
  const bool same_settings =
      description.value("format", 0) == kDatasetFormat && settings == Json(settings_json(config)) && written == fingerprint(tags.text);
  if (!same_settings || description.value(Json::json_pointer("/writing/settings"), Json()) != Json(writing)) return false;
  if (has_steps(config)) {
    return features_state(config, directory) != records::StepState::outdated &&
           segment_state(config, directory) == records::StepState::current &&
           description.value("sources", Json()) == Json(provenance_json(steps_provenance(directory)));
  }
  if (!std::filesystem::exists(config.path)) return true;
  return description.value("sources", Json()) == Json(provenance_json(source_provenance(config)));
}

std::vector<std::string> changed_splits(const std::filesystem::path& directory) {
  const auto description = dataset_statistics(directory);
  std::vector<std::string> changed;
  for (const auto split : records::all_splits()) {
    const auto file = directory / (records::name(split) + ".jsonl");
    const auto written = description.value(OrderedJson::json_pointer() / "splits" / records::name(split) / "fingerprint", std::string());
    if (!std::filesystem::is_regular_file(file) || fingerprint_file(file) != written) changed.push_back(records::name(split));
  }
  return changed;
}

std::string statistics_text(const OrderedJson& statistics) {
  const auto& splits = statistics.at("splits");
  const auto& pieces = statistics.at("pieces");
  auto text = fmt::format("{} pieces kept of {} read: {} duplicates, {} without a clip; {} more could not be read\n\n",
                          pieces.at("kept").get<int>(), pieces.at("read").get<int>(), pieces.at("duplicates").get<int>(),
                          pieces.at("too_short").get<int>(), pieces.at("unreadable").get<int>());
  text += row("", {"train", "valid", "test"});
  if (const auto works = statistics.value("works", OrderedJson::object()); !works.empty()) {
    for (const std::string count : {"works", "composers"}) text += count_row(works, count, OrderedJson::json_pointer("/" + count));
    const auto& all = statistics.at("works_in_all");
    text += fmt::format("{} works of {} composers in all\n", all.at("works").get<std::size_t>(), all.at("composers").get<std::size_t>());
  }
  for (const std::string count : {"pieces", "clips", "questions", "captions"})
    text += count_row(splits, count, OrderedJson::json_pointer("/" + count));
  for (const auto& [tag, values] : statistics.at("vocabulary").items()) {
    text += "\n" + tag + "\n";
    for (const auto& value : values) {
      const auto word = value.get<std::string>();
      text += count_row(splits, "  " + word, OrderedJson::json_pointer() / "tags" / tag / word);
    }
  }
  text += unseen_text(statistics);
  text += coverage_text(statistics);
  text += left_out_text(statistics);
  return text;
}

}  // namespace midillama::corpus
