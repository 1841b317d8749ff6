#include "midillama/corpus/text_statistics.h"

#include "midillama/records/question.h"
#include "midillama/records/split.h"
#include "midillama/records/words.h"
#include "midillama/works/annotate.h"
#include "midillama/works/files.h"

#include <fmt/format.h>

#include <cmath>

namespace midillama::corpus {
namespace fs = std::filesystem;
namespace {

constexpr const char* kKinds[] = {"questions", "answers", "captions"};
constexpr double kMostOf = 0.95;

std::size_t texts_in(const Lengths& lengths) {
  std::size_t texts = 0;
  for (const auto& [length, count] : lengths) texts += count;
  return texts;
}

double mean(const Lengths& lengths) {
  double sum = 0;
  for (const auto& [length, count] : lengths) sum += static_cast<double>(length) * static_cast<double>(count);
  return sum / static_cast<double>(texts_in(lengths));
}

double share(std::size_t part, std::size_t all) {
  return all == 0 ? 0 : std::round(1e4 * static_cast<double>(part) / static_cast<double>(all)) / 1e4;
}

}  // namespace

TextStatistics text_statistics(const fs::path& directory, const LengthOf& length_of, const std::string& unit) {
  TextStatistics statistics{.unit = unit};
  const auto length = [&](const std::string& text) { return length_of ? length_of(text) : records::words_in(text).size(); };
  records::Tags any;
  any.declared = false;  // `data check` says what is wrong with lines
  for (const auto split : records::all_splits()) {
    const auto file = records::split_file(directory, records::name(split));
    if (!fs::exists(file)) continue;
    auto& of_split = statistics.lengths[records::name(split)];
    auto& tags = statistics.tags[records::name(split)];
    const auto add = [&](const records::Question& question) {
      ++tags[question.tag];
      if (question.task == "caption") {
        ++of_split["captions"][length(question.answer)];
      } else {
        ++of_split["questions"][length(question.question)];
        ++of_split["answers"][length(question.answer)];
      }
    };
    records::read_lines(file, any, add, [](const std::string&, const std::string&) {});
  }
  return statistics;
}

std::size_t percentile(const Lengths& lengths, double share) {
  const double wanted = share * static_cast<double>(texts_in(lengths));
  std::size_t below = 0;
  for (const auto& [length, count] : lengths) {
    below += count;
    if (static_cast<double>(below) >= wanted) return length;
  }
  return 0;
}

std::map<std::string, FieldShares> annotation_shares(const fs::path& directory) {
  std::map<std::string, FieldShares> shares;
  const auto file = directory / works::kAnnotationsFile;
  if (!fs::exists(file)) return shares;
  for_each_json_line(file, [&](const Json& row, std::size_t line) {
    if (!row.contains("fields")) return;
    const auto place = fmt::format("line {}", line);
    const auto fields = json_get<Json>(row, "fields", file.string(), place);
    for (const auto& [name, field] : fields.items()) {
      FieldShares& of_field = shares[name];
      ++(works::supported_field(field, file.string(), place) ? of_field.labels
         : field == works::kNotEnough                        ? of_field.not_enough
                                                             : of_field.unsupported);
    }
  });
  return shares;
}

OrderedJson to_json(const TextStatistics& statistics) {
  OrderedJson json = {{"unit", statistics.unit}, {"lengths", OrderedJson::object()}, {"tags", statistics.tags}};
  for (const auto& [split, kinds] : statistics.lengths) {
    for (const auto& [kind, lengths] : kinds) {
      json["lengths"][split][kind] = {{"texts", texts_in(lengths)},
                                      {"mean", std::round(100 * mean(lengths)) / 100},
                                      {"median", percentile(lengths, 0.5)},
                                      {"p95", percentile(lengths, kMostOf)},
                                      {"longest", lengths.rbegin()->first}};
    }
  }
  return json;
}

OrderedJson to_json(const std::map<std::string, FieldShares>& shares) {
  OrderedJson json = OrderedJson::object();
  for (const auto& [field, counts] : shares)
    json[field] = {{"labels", counts.labels},
                   {"not_enough", counts.not_enough},
                   {"unsupported", counts.unsupported},
                   {"share_not_enough", share(counts.not_enough, counts.all())},
                   {"share_unsupported", share(counts.unsupported, counts.all())}};
  return json;
}

std::string text_of(const TextStatistics& statistics) {
  std::string text = fmt::format("\n{:<24}{:>10}{:>10}{:>10}{:>10}\n", statistics.unit, "mean", "median", "95 %", "longest");
  for (const auto split : records::all_splits()) {
    const auto of_split = statistics.lengths.find(records::name(split));
    if (of_split == statistics.lengths.end()) continue;
    for (const char* kind : kKinds) {
      const auto lengths = of_split->second.find(kind);
      if (lengths == of_split->second.end()) continue;
      text += fmt::format("  {:<22}{:>10.1f}{:>10}{:>10}{:>10}\n", records::name(split) + " " + kind, mean(lengths->second),
                          percentile(lengths->second, 0.5), percentile(lengths->second, kMostOf), lengths->second.rbegin()->first);
    }
  }
  std::map<std::string, std::map<std::string, std::size_t>> by_tag;
  for (const auto& [split, tags] : statistics.tags) {
    for (const auto& [tag, count] : tags) by_tag[tag][split] = count;
  }
  text += fmt::format("\n{:<24}{:>10}{:>10}{:>10}\n", "lines about", "train", "valid", "test");
  for (auto& [tag, counts] : by_tag)
    text += fmt::format("  {:<22}{:>10}{:>10}{:>10}\n", tag, counts["train"], counts["valid"], counts["test"]);
  return text;
}

std::string text_of(const std::map<std::string, FieldShares>& shares) {
  if (shares.empty()) return "";
  std::string text = fmt::format("\n{:<24}{:>10}{:>24}{:>14}\n", "annotations of works", "labels", works::kNotEnough, "unsupported");
  for (const auto& [field, counts] : shares) {
    const auto cell = [&](std::size_t count) { return fmt::format("{} ({:.1f} %)", count, 100 * share(count, counts.all())); };
    text += fmt::format("  {:<22}{:>10}{:>24}{:>14}\n", field, counts.labels, cell(counts.not_enough), cell(counts.unsupported));
  }
  return text;
}

}  // namespace midillama::corpus
