#include "corpus/clip_author.h"

#include "midillama/core/json_reader.h"
#include "midillama/core/random.h"
#include "midillama/records/words.h"
#include "midillama/text/utf8.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

namespace midillama::corpus {
namespace {

constexpr const char* kCaption = "caption";

// Servers take seeds of 31 bits.
std::int64_t seed_of_call(std::uint64_t seed, const std::string& clip) {
  const auto bits = seed_for(seed, ("model/" + clip).c_str());
  return static_cast<std::int64_t>(bits & static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max()));
}

OrderedJson object_of(const OrderedJson& properties) {
  std::vector<std::string> names;
  for (const auto& [name, schema] : properties.items()) names.push_back(name);
  return {{"type", "object"}, {"properties", properties}, {"required", names}, {"additionalProperties", false}};
}

// What is at a path of keys; null where there is nothing.
const Json& at(const Json& json, const std::vector<std::string>& path) {
  static const Json nothing;
  const Json* here = &json;
  for (const auto& key : path) {
    if (!here->is_object() || !here->contains(key)) return nothing;
    here = &here->at(key);
  }
  return *here;
}

// The text at a path of keys, without white space around it; empty where there is none.
std::string text_at(const Json& json, const std::vector<std::string>& path) {
  const Json& here = at(json, path);
  return here.is_string() ? std::string(text::strip(here.get_ref<const std::string&>())) : "";
}

// Servers that take no schema let judges say "Yes." and true. Nothing where it is neither yes nor no.
std::optional<bool> verdict_of(const Json& given) {
  if (given.is_boolean()) return given.get<bool>();
  const auto words = given.is_string() ? records::plain_words(given.get_ref<const std::string&>()) : "";
  if (words == "yes" || words == "true") return true;
  if (words == "no" || words == "false") return false;
  return std::nullopt;
}

std::set<std::string> training_wordings(const records::Tags& tags) {
  std::set<std::string> wordings;
  const auto add = [&](const std::vector<std::string>& some) {
    for (const auto& wording : some) wordings.insert(records::plain_words(wording));
  };
  for (const auto& tag : tags.tags) {
    add(tag.questions);
    for (const auto& asked : tag.yes_no) add(asked.questions);
  }
  for (const auto& together : tags.together) add(together.questions);
  add(tags.captions.questions);
  return wordings;
}

}  // namespace

ClipAuthor::ClipAuthor(const config::Corpus& corpus, const config::Writing& writing, const records::Tags& tags)
    : writing_(writing),
      tags_(tags),
      asked_(corpus.tags.empty() ? tags.names() : corpus.tags),
      quota_(corpus),
      captions_(static_cast<std::size_t>(corpus.captions)),
      seed_(corpus.seed),
      grounding_(writing, tags),
      trained_wordings_(training_wordings(tags)) {}

void ClipAuthor::prepare(std::span<const ClipFacts> clips) {
  quota_.share_out(clips);
  for (const auto& clip : clips) grounding_.add_composer(clip.composer);
}

std::size_t ClipAuthor::wanted(const ClipFacts& clip, const std::string& tag) const {
  return tag == kCaption ? captions_ : quota_.of(clip, tag);
}

// Nothing about a clip of which nothing is known.
ClipAuthor::Slots ClipAuthor::slots_of(const ClipFacts& clip) const {
  Slots slots;
  const auto add = [&](const std::string& tag) {
    for (std::size_t i = 1; i <= wanted(clip, tag); ++i) slots.push_back({tag, std::to_string(i)});
  };
  for (const auto& tag : asked_) add(tag);
  if (std::ranges::any_of(asked_, [&](const auto& tag) { return clip.facts.contains(tag); })) add(kCaption);
  return slots;
}

std::string ClipAuthor::known_of(const Facts& facts) const {
  std::string known = "Known of the clip:\n";
  for (const auto& tag : asked_) {
    if (const auto fact = facts.find(tag); fact != facts.end()) known += fmt::format("{}: {}\n", tag, fact->second);
  }
  return known;
}

chat::Schema ClipAuthor::schema_of(const Slots& slots) const {
  const OrderedJson text = {{"type", "string"}};
  const OrderedJson question = object_of({{"question", text}, {"answer", text}});
  OrderedJson by_tag = OrderedJson::object();
  for (const auto& [tag, number] : slots) by_tag[tag][number] = tag == kCaption ? text : question;
  OrderedJson properties = OrderedJson::object();
  for (const auto& [tag, numbers] : by_tag.items()) properties[tag] = object_of(numbers);
  return {.name = "questions", .value = object_of(properties)};
}

chat::Call ClipAuthor::first_call(const ClipFacts& clip, const Slots& slots) const {
  std::vector<std::string> parts;
  for (const auto& [tag, number] : slots) {
    if (number != "1") continue;
    const auto what = tag == kCaption ? "captions" : fmt::format("questions about the {}, with their answers", tag);
    parts.push_back(fmt::format("{} {}", wanted(clip, tag), what));
  }
  const std::string task = fmt::format("Write {}.", fmt::join(parts, "; "));
  return {.messages = {{"system", writing_.instructions}, {"user", known_of(clip.facts) + "\n" + task}},
          .temperature = writing_.temperature,
          .max_tokens = writing_.max_tokens,
          .seed = seed_of_call(seed_, clip.id),
          .schema = schema_of(slots)};
}

chat::Call ClipAuthor::second_call(const chat::Call& first, const std::string& answer, const Faults& faults) const {
  std::string question = "These texts cannot be used:\n";
  Slots slots;
  for (const auto& [slot, fault] : faults) {
    slots.push_back(slot);
    question += fmt::format("{} {}: {}\n", slot.tag, slot.number, fault.what);
  }
  chat::Call call = first;
  call.messages.push_back({"assistant", answer});
  call.messages.push_back({"user", question + "Write them once more."});
  call.schema = schema_of(slots);
  return call;
}

chat::Call ClipAuthor::judge_call(const ClipFacts& clip, const Accepted& accepted) const {
  std::string texts;
  OrderedJson verdicts = OrderedJson::object();
  for (const auto& [slot, text] : accepted) {
    const std::string number = std::to_string(verdicts.size() + 1);
    verdicts[number] = {{"type", "string"}, {"enum", {"yes", "no"}}};
    texts += fmt::format("{}. {}{}{}\n", number, text.question, text.question.empty() ? "" : " ", text.answer);
  }
  return {.messages = {{"system", writing_.judge_instructions}, {"user", known_of(clip.facts) + "\nTexts:\n" + texts}},
          .temperature = 0,
          .max_tokens = writing_.max_tokens,
          .seed = seed_of_call(seed_, clip.id),
          .schema = chat::Schema{.name = "verdicts", .value = object_of(verdicts)}};
}

ClipAuthor::Faults ClipAuthor::accept(const Facts& facts, const Slots& slots, const std::string& answer, Accepted& accepted) const {
  const Json given = parse_or_discard(answer);
  std::set<std::string> there;  // what was asked, and the captions, in plain words
  const auto words_of = [](const QuestionAnswer& text) { return records::plain_words(text.task == "qa" ? text.question : text.answer); };
  for (const auto& [slot, text] : accepted) there.insert(words_of(text));
  Faults faults;
  for (const auto& slot : slots) {
    const std::vector<std::string> path = {slot.tag, slot.number};
    const auto part = [&](const char* key) { return text_at(given, {slot.tag, slot.number, key}); };
    const auto text = slot.tag == kCaption ? QuestionAnswer{kCaption, kCaption, "", text_at(given, path)}
                                           : QuestionAnswer{"qa", slot.tag, part("question"), part("answer")};
    auto fault = grounding_.fault_of(text, facts);
    if (fault.is_none() && !there.insert(words_of(text)).second) fault = {"repeated", "it is there already"};
    if (fault.is_none()) {
      accepted.emplace(slot, text);
    } else {
      faults.emplace_back(slot, std::move(fault));
    }
  }
  return faults;
}

// By its words alone, so that a wording is held out of all clips or of none. One that a template has is asked in training anyway.
bool ClipAuthor::is_held_out(const std::string& question) const {
  const auto words = records::plain_words(question);
  if (trained_wordings_.contains(words)) return false;
  return Random(seed_for(seed_, ("held out/" + words).c_str())).uniform() < writing_.held_out_fraction;
}

std::optional<ClipTexts> ClipAuthor::write(const ClipFacts& clip, const AskModel& ask) const {
  ClipTexts result;
  const auto slots = slots_of(clip);
  if (slots.empty()) return result;
  const auto first = first_call(clip, slots);
  const auto answer = ask(first);
  if (!answer) return std::nullopt;
  if (!answer->is_usable()) return result.problem = answer->problem, result;

  Accepted accepted;
  Faults faults = accept(clip.facts, slots, answer->text, accepted);
  if (!faults.empty()) {
    result.is_asked_again = true;
    const auto second = ask(second_call(first, answer->text, faults));
    if (!second) return std::nullopt;
    Slots again;
    for (const auto& [slot, fault] : faults) again.push_back(slot);
    if (second->is_usable()) faults = accept(clip.facts, again, second->text, accepted);
    result.problem = second->problem;
  }
  for (const auto& [slot, fault] : faults) ++result.refused[fault.kind];

  if (writing_.judge && !accepted.empty()) {
    const auto verdicts = ask(judge_call(clip, accepted));
    if (!verdicts) return std::nullopt;
    if (!verdicts->is_usable()) return result.problem = verdicts->problem, result;
    const Json given = parse_or_discard(verdicts->text);
    std::size_t number = 0;
    std::erase_if(accepted, [&](const auto&) {
      const auto verdict = verdict_of(at(given, {std::to_string(++number)}));
      if (!verdict.value_or(false)) ++result.refused[verdict ? "refused by the judge" : "not judged"];
      return !verdict.value_or(false);
    });
  }
  for (const auto& slot : slots) {
    const auto found = accepted.find(slot);
    if (found == accepted.end()) continue;
    const bool is_held_out = slot.tag != kCaption && this->is_held_out(found->second.question);
    (is_held_out ? result.held_out : result.texts).push_back(std::move(found->second));
  }
  return result;
}

}  // namespace midillama::corpus
