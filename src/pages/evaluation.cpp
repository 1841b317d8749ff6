#include "midillama/pages/evaluation.h"

#include "midillama/core/error.h"
#include "midillama/core/json_reason.h"
#include "midillama/core/numbers.h"
#include "midillama/records/form.h"
#include "midillama/records/split.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <utility>

namespace midillama::pages {
namespace {

constexpr std::array<std::pair<const char*, const char*>, 4> kMetrics = {
    {{"bleu", "BLEU"}, {"meteor", "METEOR"}, {"rouge_l", "ROUGE-L"}, {"bertscore", "BERTScore"}}};

constexpr const char* kExplanation =
    "Brackets are 95 % intervals over the pieces, whose questions are not independent: bootstrap for the text metrics, Wilson's for the "
    "accuracy of the stated facts. \"music shuffled\" hears another clip, \"zero music\" an embedding of zeros, \"mean music\" the mean "
    "embedding of the training clips, \"no music\" nothing; \"most frequent answer\" "
    "is what the training split says most often; the linear probe reads the clip embedding and writes no text.";

std::string metric_label(const std::string& name) {
  const auto known = std::ranges::find(kMetrics, name, [](const auto& metric) { return std::string(metric.first); });
  return known == kMetrics.end() ? name : known->second;
}

std::string form_label(const std::string& name) {
  for (const records::Form form : records::all_forms()) {
    if (records::name_of(form) == name) return records::label_of(form);
  }
  return name;
}

// {"score", "interval"}
Cell cell_of(const OrderedJson& measured, int digits) {
  const double score = measured.at("score");
  Cell cell{.text = fmt::format("{:.{}f}", score, digits)};
  if (measured.contains("interval")) {
    const auto& interval = measured.at("interval");
    cell.note = fmt::format("[{:.3f}, {:.3f}]", interval.at(0).get<double>(), interval.at(1).get<double>());
  }
  return cell;
}

Cell metric_cell(const OrderedJson& row, const std::string& name) {
  const OrderedJson& metrics = row.at("metrics");
  return metrics.contains(name) ? cell_of(metrics.at(name), 4) : Cell{"–"};
}

Cell accuracy_cell(const OrderedJson& accuracy, const std::string& tag) {
  if (!accuracy.contains(tag)) return {"–"};
  Cell cell = cell_of(accuracy.at(tag), 3);
  cell.share = accuracy.at(tag).at("score").get<double>();
  return cell;
}

// The keys that the objects have, each once, in the order in which they first come.
std::vector<std::string> keys_of(const OrderedJson& rows, const char* object) {
  std::vector<std::string> keys;
  for (const OrderedJson& row : rows) {
    for (const auto& [key, value] : row.at(object).items()) {
      if (std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
    }
  }
  return keys;
}

Table metric_table(const OrderedJson& rows, const std::vector<std::string>& metrics) {
  Table table{.caption = "Text metrics", .header = {"System"}, .rows = {}};
  for (const std::string& name : metrics) table.header.push_back(metric_label(name));
  for (const OrderedJson& row : rows) {
    auto& cells = table.rows.emplace_back(std::vector{Cell{row.at("label").get<std::string>()}});
    for (const std::string& name : metrics) cells.push_back(metric_cell(row, name));
  }
  return table;
}

// How many facts of the tag are checked.
std::int64_t total_of(const OrderedJson& rows, const std::string& tag) {
  for (const OrderedJson& row : rows) {
    if (row.at("accuracy").contains(tag)) return row.at("accuracy").at(tag).at("total");
  }
  return 0;
}

Table accuracy_table(const OrderedJson& rows, const std::vector<std::string>& tags) {
  Table table{.caption = "Accuracy of the stated facts", .header = {"System"}, .rows = {}};
  for (const std::string& tag : tags) table.header.push_back(fmt::format("{}\nn = {}", tag, with_commas(total_of(rows, tag))));
  for (const OrderedJson& row : rows) {
    auto& cells = table.rows.emplace_back(std::vector{Cell{row.at("label").get<std::string>()}});
    for (const std::string& tag : tags) cells.push_back(accuracy_cell(row.at("accuracy"), tag));
  }
  return table;
}

// Of task unseen: each way of asking, below the wordings that were trained (the rows of task qa, by name).
Table form_table(const OrderedJson& rows, const std::vector<std::string>& tags, const std::map<std::string, OrderedJson>& trained) {
  Table table{.caption = "Accuracy by the way of asking", .header = {"System"}, .rows = {}};
  table.header.insert(table.header.end(), tags.begin(), tags.end());
  const auto add = [&](const std::string& label, const OrderedJson& accuracy) {
    auto& cells = table.rows.emplace_back(std::vector{Cell{label}});
    for (const std::string& tag : tags) cells.push_back(accuracy_cell(accuracy, tag));
  };
  for (const OrderedJson& row : rows) {
    if (!row.contains("forms")) continue;
    const std::string label = row.at("label");
    const auto before = trained.find(row.at("name").get<std::string>());
    if (before != trained.end()) add(label + ", trained wordings", before->second.at("accuracy"));
    for (const auto& [form, accuracy] : row.at("forms").items()) add(fmt::format("{}, {}", label, form_label(form)), accuracy);
  }
  return table;
}

// "BLEU: <signature>" of every metric, once.
std::string signatures(const OrderedJson& rows) {
  std::vector<std::string> lines;
  std::string text;
  for (const OrderedJson& row : rows) {
    for (const auto& [name, metric] : row.at("metrics").items()) {
      std::string line = fmt::format("{}: {}\n", metric_label(name), metric.at("signature").get<std::string>());
      if (std::ranges::find(lines, line) != lines.end()) continue;
      text += line;
      lines.push_back(std::move(line));
    }
  }
  return text;
}

// Of every row with questions that have no answer.
std::vector<Paragraph> gaps(const OrderedJson& rows, std::int64_t examples) {
  std::vector<Paragraph> notices;
  for (const OrderedJson& row : rows) {
    const std::int64_t unanswered = row.value("unanswered", std::int64_t{0});
    if (unanswered > 0)
      notices.push_back({fmt::format("{}: {} of {} questions have no answer and count as answered with an empty text.",
                                     row.at("label").get<std::string>(), with_commas(unanswered), with_commas(examples)),
                         true});
  }
  return notices;
}

Section section_of(const OrderedJson& task, const std::map<std::string, OrderedJson>& trained) {
  const OrderedJson& rows = task.at("rows");
  const auto examples = task.at("examples").get<std::int64_t>();
  Section section{.heading =
                      fmt::format("{}: {} {}", task_title(task.at("task")), with_commas(examples), examples == 1 ? "example" : "examples")};
  const auto metrics = keys_of(rows, "metrics"), tags = keys_of(rows, "accuracy");
  if (!metrics.empty()) section.blocks.push_back(metric_table(rows, metrics));
  if (!tags.empty()) section.blocks.push_back(accuracy_table(rows, tags));
  if (Table forms = form_table(rows, tags, trained); !forms.rows.empty()) section.blocks.push_back(std::move(forms));
  for (Paragraph& notice : gaps(rows, examples)) section.blocks.emplace_back(std::move(notice));
  if (!metrics.empty()) section.blocks.push_back(Code{"Signatures of the text metrics", signatures(rows)});
  return section;
}

// The rows of task qa in the same evaluation, by name.
std::map<std::string, OrderedJson> trained_rows(const OrderedJson& tasks, const OrderedJson& beside) {
  std::map<std::string, OrderedJson> trained;
  for (const OrderedJson& task : tasks) {
    if (task.at("task") != "qa" || task.value("fingerprint", "") != beside.value("fingerprint", "")) continue;
    for (const OrderedJson& row : task.at("rows")) trained.emplace(row.at("name").get<std::string>(), row);
  }
  return trained;
}

std::string evaluation_of(const OrderedJson& task) {
  const std::string checkpoint = task.value("checkpoint", "");
  return fmt::format("{} questions, {}, fingerprint {}", with_commas(task.at("examples").get<std::int64_t>()),
                     checkpoint.empty() ? "no checkpoint" : "checkpoint " + checkpoint, task.value("fingerprint", ""));
}

// Sets a section apart from that of the task's first evaluation.
void set_apart(Section& section, const OrderedJson& task, const OrderedJson& first) {
  section.heading += ", another evaluation";
  const std::string notice = fmt::format(
      "These rows cannot be compared with those above: the checkpoint, the settings or the questions are others. Here: {}. Above: {}.",
      evaluation_of(task), evaluation_of(first));
  section.blocks.insert(section.blocks.begin(), Paragraph{notice, true});
}

}  // namespace

std::string task_title(const std::string& task) {
  if (task == "qa") return "Question answering";
  if (task == "caption") return "Captioning";
  if (task == records::kUnseenSplit) return "Questions in new wordings";
  return task;
}

std::vector<Section> evaluation_sections(const OrderedJson& report, const std::string& file) {
  try {
    const OrderedJson& tasks = report.at("tasks");
    std::vector<Section> sections;
    for (const OrderedJson& task : tasks) {
      Section& section = sections.emplace_back(section_of(task, trained_rows(tasks, task)));
      const auto first = std::ranges::find_if(tasks, [&](const OrderedJson& other) { return other.at("task") == task.at("task"); });
      if (&*first != &task) set_apart(section, task, *first);
    }
    if (!sections.empty()) sections.front().blocks.emplace_back(Paragraph{kExplanation});
    return sections;
  } catch (const OrderedJson::exception& error) {
    throw InputError(file, "", fmt::format("not a report of this program ({})", reason_of(error)));
  }
}

}  // namespace midillama::pages
