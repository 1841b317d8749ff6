#include "midillama/works/annotate.h"

#include "midillama/core/json_reader.h"
#include "midillama/records/stated_value.h"
#include "midillama/records/words.h"
#include "midillama/text/utf8.h"
#include "midillama/works/evidence.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace midillama::works {
namespace {

struct Field {
  const char* name;
  bool is_categorical;
  const char* question;  // as the model reads it
};

constexpr Field kFields[] = {
    {"genre", true, "the genre or form of the work"},
    {"style", true, "the style or period that it belongs to"},
    {"background", false, "how it came about: when, why and for whom it was composed, in one or two sentences"},
    {"intent", false, "what the composer wants to express, in one sentence"},
    {"emotion", true, "the emotion that it conveys to listeners"},
};

constexpr const char* kNotInText = "the evidence is not a sentence of the texts";
constexpr const char* kNotInVocabulary = "the value is none of those that were given";
constexpr const char* kNotGiven = "no value and evidence were given";

std::vector<std::string> values_of(const records::Tag& tag) {
  std::vector<std::string> values;
  for (const records::TagValue& value : tag.values) values.push_back(value.value);
  return values;
}

// The text's beginning of at most so many characters, cut behind a sentence or a line; empty where none fits.
std::string_view beginning(std::string_view text, std::size_t characters) {
  std::string_view rest = text;
  for (std::size_t i = 0; i < characters && !rest.empty(); ++i) text::take_code_point(rest);
  if (rest.empty()) return text;
  const std::string_view part = text.substr(0, text.size() - rest.size());
  const auto end = std::max(part.rfind('\n') + 1, part.rfind(". ") + 1);  // npos + 1 is 0
  return part.substr(0, end);
}

}  // namespace

bool is_not_enough(const std::string& value) {
  return records::plain_words(value) == records::plain_words(kNotEnough);
}

std::vector<std::string> field_names() {
  std::vector<std::string> names;
  for (const Field& field : kFields) names.emplace_back(field.name);
  return names;
}

bool is_categorical(const std::string& field) {
  const auto* found = std::ranges::find_if(kFields, [&](const Field& known) { return known.name == field; });
  if (found == std::end(kFields)) throw UsageError(fmt::format("there is no field \"{}\"", field));
  return found->is_categorical;
}

OrderedJson to_line(const Annotation& annotation) {
  OrderedJson line = {{"work", annotation.work}, {"status", annotation.status}};
  if (!annotation.problem.empty()) line["problem"] = annotation.problem;
  line["fields"] = OrderedJson::object();
  for (const Field& field : kFields) {
    const auto found = annotation.fields.find(field.name);
    if (found == annotation.fields.end()) continue;
    const Finding& finding = found->second;
    OrderedJson& value = line["fields"][field.name];
    if (finding.value == kNotEnough) {
      value = kNotEnough;
    } else {
      value = {{"value", finding.value}, {"evidence", finding.evidence}, {"url", nullptr}};
      if (finding.is_label()) value["url"] = finding.url;
      if (!finding.is_label()) value["problem"] = finding.problem;
    }
  }
  return line;
}

Annotator::Annotator(const config::Annotation& config, const records::Tags& tags) : config_(config), tags_(tags) {}

const records::Tag* Annotator::closed_tag(const std::string& name) const {
  const auto found =
      std::ranges::find_if(tags_.tags, [&](const records::Tag& tag) { return tag.source() == name && tag.kind == "closed"; });
  return found == tags_.tags.end() ? nullptr : &*found;
}

chat::Schema Annotator::schema_of(const std::vector<std::string>& names) const {
  OrderedJson fields = OrderedJson::object();
  for (const std::string& name : names) {
    OrderedJson value = {{"type", "string"}};
    if (const records::Tag* tag = closed_tag(name)) {
      value["enum"] = values_of(*tag);
      value["enum"].push_back(kNotEnough);
    }
    const OrderedJson properties = {{"value", value}, {"evidence", {{"type", "string"}}}};
    fields[name] = {{"type", "object"}, {"properties", properties}, {"required", {"value", "evidence"}}, {"additionalProperties", false}};
  }
  return {.name = "annotation",
          .value = {{"type", "object"}, {"properties", fields}, {"required", names}, {"additionalProperties", false}}};
}

chat::Call Annotator::first_call(const Work& work, const std::string& shown) const {
  std::string fields;
  for (const Field& field : kFields) {
    fields += fmt::format("{}: {}", field.name, field.question);
    if (const records::Tag* tag = closed_tag(field.name)) fields += fmt::format("; one of: {}", fmt::join(values_of(*tag), ", "));
    fields += '\n';
  }
  const std::string question = fmt::format("Composer: {}\nWork: {}\n\n{}Fields:\n{}", work.composer, work.title, shown, fields);
  return {.messages = {{"system", config_.instructions}, {"user", question}},
          .temperature = 0,
          .max_tokens = config_.max_tokens,
          .schema = schema_of(field_names())};
}

chat::Call Annotator::second_call(const chat::Call& first, const std::string& answer,
                                  const std::map<std::string, Finding>& doubtful) const {
  std::string question = "These fields cannot be used:\n";
  std::vector<std::string> names;
  for (const auto& [name, finding] : doubtful) {
    names.push_back(name);
    question += fmt::format("{}: {}\n", name, finding.problem);
  }
  question += fmt::format(
      "Give them once more: the evidence word for word as it stands in the texts, or \"{}\" as the value and no evidence.", kNotEnough);
  chat::Call call = first;
  call.messages.push_back({"assistant", answer});
  call.messages.push_back({"user", question});
  call.schema = schema_of(names);
  return call;
}

Finding Annotator::judged(const std::string& name, const Json& answer, std::span<const Text> texts) const {
  const auto field = answer.is_object() ? answer.find(name) : answer.end();
  const auto text_of = [&](const char* key) -> std::string {
    if (field == answer.end() || !field->is_object()) return "";
    const auto found = field->find(key);
    return found != field->end() && found->is_string() ? std::string(text::strip(found->get_ref<const std::string&>())) : "";
  };
  Finding finding{.value = text_of("value"), .evidence = text_of("evidence")};
  if (finding.value.empty()) return finding.problem = kNotGiven, finding;
  if (is_not_enough(finding.value)) return {.value = kNotEnough};
  if (const records::Tag* tag = closed_tag(name)) {
    const auto stated = records::stated_value(*tag, finding.value);
    if (!stated) return finding.problem = kNotInVocabulary, finding;
    finding.value = *stated;
  }
  const auto source =
      std::ranges::find_if(texts, [&](const Text& text) { return FoldedText(text.text).find(finding.evidence).has_value(); });
  if (source == texts.end()) return finding.problem = kNotInText, finding;
  finding.url = source->url;
  return finding;
}

std::optional<Annotation> Annotator::annotate(const Work& work, std::span<const Text> texts, const Ask& ask) const {
  Annotation annotation{.work = work.id, .status = "no text"};
  std::string shown;
  std::size_t left = static_cast<std::size_t>(config_.max_characters);
  for (const Text& text : texts) {
    const std::string_view part = beginning(text.text, left);
    if (part.empty()) continue;
    shown += fmt::format("Text ({}):\n{}\n\n", text.url, part);
    left -= std::min(left, text::count_characters(part));
  }
  if (shown.empty()) return annotation;

  const auto fail = [&](const std::string& problem) {
    annotation.status = "failed";
    annotation.problem = problem;
    annotation.fields.clear();
    return annotation;
  };
  const chat::Call first = first_call(work, shown);
  const auto answer = ask(first);
  if (!answer) return std::nullopt;
  if (!answer->is_usable()) return fail(answer->problem);
  annotation.status = kAnnotated;
  std::map<std::string, Finding> doubtful;
  const Json given = parse_or_discard(answer->text);
  for (const std::string& name : field_names()) {
    const Finding& finding = annotation.fields[name] = judged(name, given, texts);
    if (!finding.problem.empty()) doubtful[name] = finding;
  }
  if (doubtful.empty()) return annotation;

  const auto second = ask(second_call(first, answer->text, doubtful));
  if (!second) return std::nullopt;
  if (!second->is_usable()) {  // what was doubtful has no support yet
    annotation.problem = second->problem;
    return annotation;
  }
  const Json again = parse_or_discard(second->text);
  for (auto& [name, finding] : doubtful) annotation.fields[name] = judged(name, again, texts);
  return annotation;
}

}  // namespace midillama::works
