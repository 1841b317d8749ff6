#include "systems/endpoint.h"

#include "midillama/chat/ask_all.h"
#include "midillama/chat/client.h"
#include "midillama/core/file.h"
#include "midillama/core/hash.h"
#include "midillama/core/log.h"
#include "midillama/music/clip_text.h"
#include "midillama/text/utf8.h"
#include "systems/hearing.h"

#include <fmt/format.h>

#include <utility>

namespace midillama::systems {
namespace {

class Endpoint final : public Listener {
 public:
  using Listener::Listener;
  bool hears_music() const override { return false; }
  generate::Heard heard(const std::filesystem::path& clip) const override { return {{}, resources().texts().at(clip)}; }

  std::string fingerprint() const override {
    std::string parts = resources().model_fingerprint() + resources().questions_fingerprint() + instructions(config().prompt.notes);
    for (const auto& [clip, text] : resources().texts()) parts += midillama::fingerprint(text);
    return midillama::fingerprint(parts);
  }

  // Only the main rank asks.
  Answers answer(std::span<const records::Question> questions, std::span<const generate::Heard> heard, const std::string& label) override {
    parallel::ProcessGroup& group = resources().group();
    Json told;
    if (group.is_main()) {
      const Answers answers = ask(questions, heard, label);
      told = {{"texts", answers.texts}, {"missing", answers.missing}};
    }
    told = Json::parse(group.all_gather(told.dump(-1, ' ', false, Json::error_handler_t::replace))[0]);
    return {.texts = told.at("texts").get<std::vector<std::string>>(), .missing = told.at("missing").get<std::size_t>()};
  }

 private:
  const config::Config& config() const { return resources().config(); }

  chat::Call call(const records::Question& question, const std::string& notes) const {
    const std::string& system = config().prompt.system;
    chat::Call call{.messages = {{"system", system.empty() ? instructions(notes.empty() ? "" : config().prompt.notes) : system}},
                    .temperature = config().generate.temperature,
                    .max_tokens = config().generate.max_new_tokens,
                    .seed = static_cast<std::int64_t>(config().run.seed)};
    std::string before = notes.empty() ? "" : fmt::format("{}\n\n", text::rstrip(notes));
    for (const text::Message& message : records::conversation_of(question, /*with_answer=*/false).messages)
      call.messages.push_back({message.role == text::Role::user ? "user" : "assistant", std::exchange(before, "") + message.text});
    return call;
  }

  Answers ask(std::span<const records::Question> questions, std::span<const generate::Heard> heard, const std::string& label) const {
    chat::RequestLog log(std::filesystem::path(config().run.dir) / "eval" / "requests.jsonl");
    const std::string what = fmt::format("{}, {}", questions.empty() ? "" : questions[0].task, label);
    return answers_of(questions,
                      chat::ask_all(
                          what, questions.size(), [&](std::size_t i) { return call(questions[i], heard[i].notes); }, config().chat, log));
  }

  static Answers answers_of(std::span<const records::Question> questions, std::span<const chat::Answer> given) {
    Answers answers;
    std::string first;
    for (std::size_t i = 0; i < given.size(); ++i) {
      answers.texts.emplace_back(text::strip(given[i].text));
      if (given[i].is_usable()) continue;
      if (answers.missing++ == 0) first = fmt::format("{}: {}", questions[i].id, given[i].problem);
    }
    if (answers.missing > 0)
      log::warning(
          "{} of {} questions have no answer (the first is {}) and count as answered with nothing: the same command asks them again",
          answers.missing, given.size(), first);
    return answers;
  }
};

}  // namespace

std::string instructions(std::string_view notation) {
  const std::string clip =
      notation.empty() ? "" : fmt::format("The clip comes before the question, {}. ", music::clip_text_from_name(notation).words);
  return fmt::format("You are asked about a clip of music. {}Answer in one or two sentences.", clip);
}

std::unique_ptr<Listener> make_endpoint(Resources& resources) {
  return std::make_unique<Endpoint>(resources);
}

}  // namespace midillama::systems
