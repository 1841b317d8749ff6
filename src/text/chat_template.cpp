#include "midillama/text/chat_template.h"

#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/core/utf8_file.h"
#include "text/jinja.h"
#include "text/tokenizer_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace midillama::text {
namespace fs = std::filesystem;
namespace {

// What a family's turns are told by.
struct Family {
  std::string_view name;
  std::string_view marks[2];
};
constexpr Family kFamilies[] = {{"llama3", {"<|start_header_id|>", "<|end_header_id|>"}},
                                {"chatml", {"<|im_start|>", "<|im_end|>"}},
                                {"llama2", {"[INST]", "<<SYS>>"}},
                                {"mistral", {"[INST]", "[/INST]"}}};

[[noreturn]] void refuse(const std::string& what) {
  throw ConfigError({"prompt.template: chat: " + what});
}

// The messages of a conversation with marked texts, in order.
struct Probe {
  bool has_system = false;
  int turns = 1;
  bool ends_with_question = false;

  std::vector<std::pair<std::string, std::string>> messages() const {
    std::vector<std::pair<std::string, std::string>> messages;
    const auto add = [&](const char* role) { messages.emplace_back(role, fmt::format("{0}{1}{0}", jinja::kOpaque, messages.size())); };
    if (has_system) add("system");
    for (int turn = 0; turn < turns; ++turn) add("user"), add("assistant");
    if (ends_with_question) messages.pop_back();
    return messages;
  }
};

// The text of a directory's template, and where it is.
struct Source {
  std::string file;
  std::string text;
};

std::optional<Source> find_source(const fs::path& directory) {
  if (const auto file = directory / "chat_template.jinja"; fs::exists(file)) return Source{file.string(), read_utf8(file)};
  const auto file = directory / "tokenizer_config.json";
  if (!fs::exists(file)) return std::nullopt;
  const Json config = read_json(file);
  const Json& value = member(config, "chat_template");
  if (value.is_string()) return Source{file.string(), value};
  // A list of templates for different purposes.
  if (!value.is_array()) return std::nullopt;
  const auto named = std::ranges::find_if(value, [](const Json& entry) { return member(entry, "name") == "default"; });
  if (named == value.end() || !member(*named, "template").is_string()) return std::nullopt;
  return Source{file.string(), member(*named, "template")};
}

// Runs a template on probes.
class Runner {
 public:
  Runner(const Source& source, const Tokenizer& tokenizer) : template_(source.text) {
    const auto spelled = [&](std::optional<TokenId> id) { return id ? Json(tokenizer.token(*id)) : Json(); };
    variables_ = {
        {"bos_token", spelled(tokenizer.bos_id())}, {"eos_token", spelled(tokenizer.eos_id())}, {"tools", nullptr}, {"documents", nullptr}};
    for (const char* token : {"bos_token", "eos_token"}) {
      if (variables_[token].is_null()) variables_.erase(token);
    }
  }

  std::string bos() const { return variables_.value("bos_token", std::string()); }
  // What the template has sought in the messages so far.
  const std::set<std::string>& sought() const { return sought_; }

  std::string render(const Probe& probe) {
    Json variables = variables_;
    variables["messages"] = Json::array();
    variables["add_generation_prompt"] = probe.ends_with_question;
    for (const auto& [role, text] : probe.messages()) variables["messages"].push_back({{"role", role}, {"content", text}});
    auto rendering = template_.render(variables);
    sought_.merge(rendering.sought);
    return std::move(rendering.text);
  }

  // What is written before, between and after the messages. Error where the template raises one, or one of them is not there once.
  std::vector<std::string> run(const Probe& probe) {
    const std::string whole = render(probe);
    std::string_view rest = whole;
    std::vector<std::string> parts;
    for (const auto& [role, text] : probe.messages()) {
      const std::size_t at = rest.find(text);
      if (at == std::string_view::npos) throw Error(fmt::format("the messages of role {} are not written where they come", role));
      parts.emplace_back(rest.substr(0, at));
      rest.remove_prefix(at + text.size());
    }
    parts.emplace_back(rest);
    if (std::ranges::any_of(parts, [](const std::string& part) { return part.find(jinja::kOpaque) != std::string::npos; })) {
      throw Error("a message is written more than once");
    }
    return parts;
  }

 private:
  jinja::Template template_;
  Json variables_;
  std::set<std::string> sought_;
};

std::string without_end(const std::string& text, const std::string& end) {
  return text.substr(0, text.size() - end.size());
}

// What a template writes around a conversation's messages.
struct Turns {
  std::string once = {};          // before the first turn
  std::string start = {};         // before a question
  std::string ask = {};           // after it, also where the answer is to come
  std::string answer_start = {};  // and where the answer is there
  std::string end = {};           // after an answer
  std::string system = {};        // how a system message is written, with {system}
  bool system_is_in_turn = false;
  std::optional<std::string> default_system = {};
  std::string bos = {};

  std::string text() const {
    // After the line that says who speaks; else the music is not within a line, where a cut would change its tokens.
    std::string turn = start;
    turn.insert(music_place(), "{music}");
    if (system_is_in_turn) turn += "{system}";
    turn += "{question}" + ask;
    if (!answer_start.empty()) turn += "{answer_start}" + answer_start;
    return once + "{turn}" + turn + "{answer}" + end;
  }
  // What a conversation comes out as.
  std::string written(const Probe& probe) const {
    const auto messages = probe.messages();
    auto message = messages.begin();
    const auto given = probe.has_system ? std::optional((message++)->second) : default_system;
    const std::string own = given ? filled(system, *given) : "";
    std::string text = once + (system_is_in_turn ? "" : own);
    for (bool is_first = true; message != messages.end(); is_first = false) {
      text += start + (system_is_in_turn && is_first ? own : "") + (message++)->second + ask;
      if (message != messages.end()) text += answer_start + (message++)->second + end;
    }
    return text;
  }
  static std::string filled(std::string text, const std::string& system) {
    constexpr std::string_view kField = "{system}";
    return text.replace(text.find(kField), kField.size(), system);
  }
  std::size_t music_place() const {
    const std::size_t line = start.rfind('\n') + 1;
    return line > 0 ? line : start.starts_with(bos) ? bos.size() : 0;
  }
};

Turns read_turns(Runner& runner) {
  const auto parts = runner.run({.turns = 3});
  const std::string &first = parts[0], &middle = parts[1], &between = parts[2], &last = parts[6];
  const bool is_alike = parts[3] == middle && parts[5] == middle && parts[4] == between && between.starts_with(last);
  if (!is_alike) throw Error("its turns are not alike");
  Turns turns = {.start = between.substr(last.size()), .end = last, .bos = runner.bos()};
  if (!first.ends_with(turns.start)) throw Error("its first turn does not begin like the others");
  turns.once = without_end(first, turns.start);
  const auto asked = runner.run({.turns = 2, .ends_with_question = true});
  turns.ask = asked.back();
  if (!std::equal(asked.begin(), asked.end() - 1, parts.begin()) || !middle.starts_with(turns.ask)) {
    throw Error("what it writes to ask for an answer is not what it writes before one");
  }
  turns.answer_start = middle.substr(turns.ask.size());
  return turns;
}

// Where a system message goes, and the one that is written where there is none. A template without a place for one leaves all as it is.
void read_system(Runner& runner, Turns& turns) {
  std::vector<std::string> parts;
  try {
    parts = runner.run({.has_system = true, .turns = 2});
  } catch (const Error&) {
    return;
  }
  const std::string &before = parts[0], &after = parts[1];
  const std::string middle = turns.ask + turns.answer_start, between = turns.end + turns.start;
  if (parts[2] != middle || parts[3] != between || parts[4] != middle || parts[5] != turns.end) return;
  const std::string first = turns.once + turns.start;
  if (before.starts_with(first)) {
    turns.system_is_in_turn = true;
    turns.system = before.substr(first.size()) + "{system}" + after;
  } else if (after.ends_with(turns.start)) {
    const std::string close = without_end(after, turns.start);
    if (before.starts_with(turns.once)) {
      turns.system = before.substr(turns.once.size()) + "{system}" + close;
    } else if (turns.once.starts_with(before) && turns.once.ends_with(close) && turns.once.size() >= before.size() + close.size()) {
      turns.default_system = turns.once.substr(before.size(), turns.once.size() - before.size() - close.size());
      turns.system = before + "{system}" + close;
      turns.once.clear();
    }
  }
}

// Conversations of other lengths than those that the turns were read from.
void check_lengths(Runner& runner, const Turns& turns) {
  for (const int count : {1, 2, 3, 4, 5, 6, 7, 8, 40}) {
    for (const bool has_system : {false, true}) {
      if (has_system && turns.system.empty()) continue;
      for (const bool ends_with_question : {false, true}) {
        const Probe probe = {.has_system = has_system, .turns = count, .ends_with_question = ends_with_question};
        if (runner.render(probe) != turns.written(probe)) {
          throw Error(fmt::format("its turns depend on how many there are: {} messages are written otherwise", probe.messages().size()));
        }
      }
    }
  }
}

bool is_known(const Turns& turns) {
  const std::string text = turns.text() + turns.system;
  return std::ranges::any_of(kFamilies, [&](const Family& family) {
    return std::ranges::all_of(family.marks, [&](std::string_view mark) { return text.find(mark) != std::string::npos; });
  });
}

}  // namespace

PromptText read_chat_template(const fs::path& directory, const Tokenizer& tokenizer) {
  const auto source = find_source(directory);
  if (!source) {
    refuse(
        fmt::format("{} has no chat template (chat_template.jinja, or chat_template in tokenizer_config.json): plain is right for a base "
                    "model; llama3, chatml or the text of a template for others",
                    directory.string()));
  }
  try {
    Runner runner(*source, tokenizer);
    Turns turns = read_turns(runner);
    const std::string whole = turns.text();
    read_system(runner, turns);
    check_lengths(runner, turns);
    const auto& sought = runner.sought();
    if (is_known(turns)) return {turns.text(), turns.system, turns.default_system, {sought.begin(), sought.end()}};
    refuse(
        fmt::format("{} writes turns of no known family (llama3, chatml, llama2, mistral); if this is what it should write, set "
                    "prompt.template to {}",
                    source->file, Json(whole).dump()));
  } catch (const ConfigError&) {
    throw;
  } catch (const Error& error) {
    refuse(fmt::format("the chat template of {} cannot be used: {}; write llama3, chatml or the text of a template, for example {}",
                       source->file, error.what(),
                       Json("<|im_start|>user\n{music}{question}<|im_end|>\n<|im_start|>assistant\n{answer}<|im_end|>\n").dump()));
  }
}

}  // namespace midillama::text
