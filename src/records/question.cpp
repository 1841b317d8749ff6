#include "midillama/records/question.h"

#include "midillama/core/hash.h"
#include "midillama/core/json_reader.h"
#include "midillama/records/form.h"
#include "midillama/records/stated_value.h"
#include "midillama/records/words.h"
#include "midillama/text/utf8.h"
#include "records/question_lines.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>
#include <unordered_set>
#include <utility>

namespace midillama::records {
namespace fs = std::filesystem;
namespace {

// One line while it is read.
class Line {
 public:
  explicit Line(const Json& value) : value_(value) {}

  Question question() const {
    if (!value_.is_object()) throw Mistake("a JSON object is expected");
    Question question;
    question.id = text("id");
    question.piece = text("piece");
    question.clip = clip();
    question.task = task();
    question.tag = text("tag");
    question.question = wording("question");
    question.answer = wording("answer");
    set_times(question);
    question.facts = facts();
    if (value_.contains("also")) question.also = also();
    if (value_.contains("yes_if")) question.yes_if = text("yes_if");
    if (value_.contains("earlier")) question.earlier = earlier();
    return question;
  }

 private:
  // A text that has a word.
  std::string wording(const char* key) const {
    auto words = text(key);
    if (words_in(words).empty()) throw Mistake(fmt::format("\"{}\" is \"{}\": it has no word", key, words));
    return words;
  }

  const Json& at(const char* key) const {
    if (!value_.contains(key)) throw Mistake(fmt::format("the key \"{}\" is missing", key));
    return value_[key];
  }

  std::string text(const char* key) const {
    const auto& value = at(key);
    if (!value.is_string()) throw Mistake(fmt::format("the key \"{}\" has the wrong type: a text is expected", key));
    const auto& text = value.get_ref<const std::string&>();
    if (text::strip(text).empty()) throw Mistake(fmt::format("\"{}\" is empty: it must not be empty or white space", key));
    return text;
  }

  double seconds(const char* key) const {
    const auto& value = at(key);
    if (!value.is_number()) throw Mistake(fmt::format("the key \"{}\" has the wrong type: a number of seconds is expected", key));
    return value.get<double>();
  }

  fs::path clip() const {
    const fs::path clip = text("clip");
    const bool leaves = clip.is_absolute() || std::find(clip.begin(), clip.end(), "..") != clip.end();
    if (leaves) throw Mistake(fmt::format("\"clip\" is \"{}\": it must be a path below the dataset's folder", clip.string()));
    return clip;
  }

  std::string task() const {
    auto task = text("task");
    if (task != "qa" && task != "caption") throw Mistake(fmt::format("\"task\" is \"{}\": it must be qa or caption", task));
    return task;
  }

  void set_times(Question& question) const {
    if (!value_.contains("start") && !value_.contains("end")) return;
    question.start = seconds("start");
    question.end = seconds("end");
    if (!(question.start >= 0)) throw Mistake("\"start\" must be at least 0");
    if (!(question.end > question.start)) throw Mistake("\"end\" must be behind \"start\"");
  }

  Facts facts() const {
    Facts facts;
    if (!value_.contains("facts")) return facts;
    const auto& object = value_["facts"];
    if (!object.is_object()) throw Mistake("the key \"facts\" has the wrong type: {\"tag\": \"value\"} is expected");
    for (const auto& [tag, value] : object.items()) {
      if (!value.is_string() && !value.is_number()) throw Mistake(fmt::format("the fact \"{}\" must be a text or a number", tag));
      facts[tag] = value.is_string() ? value.get<std::string>() : value.dump();
      if (text::strip(facts[tag]).empty()) throw Mistake(fmt::format("the fact \"{}\" is empty: leave out what is not known", tag));
    }
    return facts;
  }

  std::vector<std::string> also() const {
    const auto& list = value_["also"];
    const bool all_texts = list.is_array() && std::ranges::all_of(list, [](const Json& tag) { return tag.is_string(); });
    if (!all_texts) throw Mistake("the key \"also\" has the wrong type: a list of tags is expected");
    auto tags = list.get<std::vector<std::string>>();
    std::set<std::string> named = {text("tag")};
    for (const auto& tag : tags) {
      if (!named.insert(tag).second) throw Mistake(fmt::format("the tag \"{}\" is asked about twice", tag));
    }
    return tags;
  }

  std::vector<Turn> earlier() const {
    const auto& list = value_["earlier"];
    if (!list.is_array()) throw Mistake("the key \"earlier\" has the wrong type: a list of {\"question\", \"answer\"} is expected");
    std::vector<Turn> turns;
    for (const Json& turn : list) {
      if (!turn.is_object()) throw Mistake("an earlier turn is an object of \"question\" and \"answer\"");
      turns.push_back({Line(turn).wording("question"), Line(turn).wording("answer")});
    }
    return turns;
  }

  const Json& value_;
};

// Milliseconds are enough for a person and print short.
double rounded(double seconds) {
  return std::round(seconds * 1000.0) / 1000.0;
}

void check_answer(const Question& question, const std::string& name, const Tags& tags, std::vector<std::string>& mistakes) {
  const auto fact = question.facts.find(name);
  if (fact == question.facts.end()) {
    mistakes.push_back(fmt::format("a question about \"{}\", which is not among the facts", name));
    return;
  }
  const auto* tag = tags.find(name);
  if (tag == nullptr || !tag->is_checkable()) return;
  const auto right = right_answer(question.yes_if, fact->second);
  const auto answer = said(*tag, question, question.answer);
  if (!answer || !same_value(*tag, *answer, right))
    mistakes.push_back(fmt::format("the answer \"{}\" does not state the fact \"{}\"", question.answer, right));
}

// A caption may leave facts out, but must not state others. The words of most tags have other senses in free text.
void check_caption(const Question& question, const Tags& tags, std::vector<std::string>& mistakes) {
  for (const auto& tag : tags.tags) {
    if (!tag.unmistakable) continue;
    const auto stated = stated_value(tag, question.answer);
    if (stated && !is_known(tags, tag, *stated, question.facts))
      mistakes.push_back(fmt::format("the caption states the {} \"{}\", which is no fact", tag.name, *stated));
  }
}

}  // namespace

// As objects with room for all they get: there are millions of lines.
OrderedJson to_json(const Question& question, std::span<const std::string> tags) {
  OrderedJson::object_t facts;
  facts.reserve(question.facts.size());
  for (const auto& tag : tags) {
    if (const auto fact = question.facts.find(tag); fact != question.facts.end()) facts.emplace_back(tag, fact->second);
  }
  for (const auto& [tag, value] : question.facts) {
    if (std::ranges::find(tags, tag) == tags.end()) facts.emplace_back(tag, value);
  }
  OrderedJson::object_t line;
  line.reserve(13);
  const auto add = [&](const char* key, OrderedJson value) { line.emplace_back(key, std::move(value)); };
  add("id", question.id);
  add("piece", question.piece);
  add("clip", question.clip.generic_string());
  add("start", rounded(question.start));
  add("end", rounded(question.end));
  add("task", question.task);
  add("tag", question.tag);
  add("question", question.question);
  add("answer", question.answer);
  add("facts", std::move(facts));
  if (!question.also.empty()) add("also", question.also);
  if (!question.yes_if.empty()) add("yes_if", question.yes_if);
  OrderedJson earlier = OrderedJson::array();
  for (const auto& turn : question.earlier) earlier.push_back({{"question", turn.question}, {"answer", turn.answer}});
  if (!earlier.empty()) add("earlier", std::move(earlier));
  return line;
}

text::Conversation conversation_of(const Question& question, bool with_answer) {
  text::Conversation conversation;
  const auto say = [&](text::Role role, const std::string& text) { conversation.messages.push_back({role, text}); };
  for (const auto& turn : question.earlier) {
    say(text::Role::user, turn.question);
    say(text::Role::assistant, turn.answer);
  }
  say(text::Role::user, question.question);
  if (with_answer) say(text::Role::assistant, question.answer);
  return conversation;
}

bool is_known(const Tags& tags, const Tag& tag, const std::string& value, const Facts& facts) {
  if (const auto fact = facts.find(tag.name); fact != facts.end()) return same_value(tag, value, fact->second);
  return std::ranges::any_of(facts, [&](const auto& fact) {
    const auto* told_by = tags.find(fact.first);
    const auto told = told_by != nullptr && !told_by->is_checkable() ? stated_value(tag, fact.second) : std::nullopt;
    return told && same_value(tag, value, *told);
  });
}

std::vector<std::string> mistakes_in_facts(const Question& question, const Tags& tags) {
  std::vector<std::string> mistakes;
  if (!tags.declared) return mistakes;
  for (const auto& [tag, value] : question.facts) {
    if (tags.find(tag) == nullptr) mistakes.push_back(fmt::format("the fact \"{}\" is not a tag", tag));
  }
  if (question.task == "caption") {
    check_caption(question, tags, mistakes);
  } else {
    check_answer(question, question.tag, tags, mistakes);
    for (const auto& tag : question.also) check_answer(question, tag, tags, mistakes);
  }
  return mistakes;
}

Question parse_question(std::string_view line) {
  const auto value = parse_or_discard(line);
  if (value.is_discarded()) throw Mistake("not valid JSON");
  if (const auto key = repeated_key(line)) throw Mistake(fmt::format("the key \"{}\" is there twice", *key));
  return Line(value).question();
}

void read_lines_at(const fs::path& file, const Tags& tags, const OnQuestionAt& record, const OnProblem& problem) {
  if (fs::exists(file) && !fs::is_regular_file(file)) throw InputError(file.string(), "", "is not a regular file");
  std::unordered_set<std::size_t> ids;  // their hashes: millions of ids take much memory, and two of one hash are not to be expected
  for_each_line_at(file, [&](std::string_view line, std::size_t number, std::uint64_t begin) {
    if (text::strip(line).empty()) return;
    const auto place = fmt::format("line {}", number);
    try {
      auto question = parse_question(line);
      if (!ids.insert(std::hash<std::string>{}(question.id)).second)
        throw Mistake(fmt::format("the id \"{}\" stands in the file already", question.id));
      question.place = fmt::format("{}: {}", file.string(), place);
      for (const auto& mistake : mistakes_in_facts(question, tags)) problem(place, mistake);
      record(std::move(question), {begin, line.size(), number});
    } catch (const Mistake& mistake) {
      problem(place, mistake.what());
    }
  });
}

void read_lines(const fs::path& file, const Tags& tags, const OnQuestion& record, const OnProblem& problem) {
  read_lines_at(
      file, tags, [&](Question question, const LinePlace&) { record(std::move(question)); }, problem);
}

void read_valid_lines(const fs::path& data_dir, const std::string& split, const OnQuestionAt& record) {
  const auto file = split_file(data_dir, split);
  std::vector<std::pair<std::string, std::string>> problems;
  const auto add = [&](Question question, const LinePlace& place) {
    question.clip = data_dir / question.clip;
    record(std::move(question), place);
  };
  read_lines_at(file, dataset_tags(data_dir), add,
                [&](const std::string& place, const std::string& mistake) { problems.emplace_back(place, mistake); });
  if (!problems.empty()) {
    const auto more = problems.size() == 1 ? "" : fmt::format(" (and {} more: `midillama data check` lists them)", problems.size() - 1);
    throw InputError(file.string(), problems[0].first, problems[0].second + more);
  }
}

void require_split(const fs::path& data_dir, const std::string& split) {
  const auto file = split_file(data_dir, split);
  if (!fs::exists(file))
    throw InputError(file.string(), "", "there is no such split (data.dir): `midillama data build` makes the dataset of a configuration");
}

void fail_empty_split(const fs::path& data_dir, const std::string& split) {
  throw InputError(split_file(data_dir, split).string(), "", "has no record");
}

std::vector<Question> read_questions(const fs::path& data_dir, const std::string& split) {
  require_split(data_dir, split);
  std::vector<Question> questions;
  read_valid_lines(data_dir, split, [&](Question question, const LinePlace&) { questions.push_back(std::move(question)); });
  if (questions.empty()) fail_empty_split(data_dir, split);
  return questions;
}

std::string pieces_fingerprint(const fs::path& data_dir, const std::string& split) {
  const auto file = split_file(data_dir, split);
  if (split.empty() || !fs::is_regular_file(file)) return "";
  std::set<std::string> pieces;
  read_lines(
      file, {}, [&](const Question& question) { pieces.insert(question.piece); }, [](const std::string&, const std::string&) {});
  return fingerprint(fmt::format("{}", fmt::join(pieces, "\n")));
}

std::vector<fs::path> clips_of(std::span<const Question> questions) {
  std::vector<fs::path> clips;
  std::set<fs::path> seen;
  for (const auto& question : questions) {
    if (seen.insert(question.clip).second) clips.push_back(question.clip);
  }
  return clips;
}

fs::path split_file(const fs::path& data_dir, const std::string& split) {
  return data_dir / (split + ".jsonl");
}

}  // namespace midillama::records
