// The language model of llm.path in this process, with what was trained or as it was before.
#include "midillama/config/projector_kinds.h"
#include "midillama/core/file.h"
#include "midillama/core/progress.h"
#include "systems/hearing.h"

#include <fmt/format.h>

#include <iterator>
#include <optional>

namespace midillama::systems {
namespace {

// The part [begin, end) of `count` things that falls to a rank.
struct Share {
  std::size_t begin;
  std::size_t end;
};

Share share_of(std::size_t count, const parallel::ProcessGroup& group) {
  const auto rank = static_cast<std::size_t>(group.rank());
  const auto ranks = static_cast<std::size_t>(group.size());
  return {count * rank / ranks, count * (rank + 1) / ranks};
}

// Every rank's answers, in rank order.
std::vector<std::string> gather(const std::vector<std::string>& own, parallel::ProcessGroup& group) {
  std::vector<std::string> all;
  for (const auto& part : group.all_gather(Json(own).dump(-1, ' ', false, Json::error_handler_t::replace))) {
    auto answers = Json::parse(part).get<std::vector<std::string>>();
    all.insert(all.end(), std::make_move_iterator(answers.begin()), std::make_move_iterator(answers.end()));
  }
  return all;
}

class LanguageModel : public Listener {
 public:
  using Listener::Listener;

  std::optional<double> tokens(const generate::Heard& heard) const override {
    const config::Projector& projector = resources().config().projector;
    const auto* kind = config::find_projector_kind(projector.kind);
    const std::int64_t music = heard.music.defined() && kind != nullptr ? kind->tokens(projector, heard.music.size(0)) : 0;
    return static_cast<double>(music + std::ssize(resources().prompt().tokenizer().encode(heard.notes)));
  }

  Answers answer(std::span<const records::Question> questions, std::span<const generate::Heard> heard, const std::string& label) override {
    generate::Session& session = this->session();
    parallel::ProcessGroup& group = resources().group();
    const auto [begin, end] = share_of(questions.size(), group);
    std::vector<model::MusicText> prompts;
    for (std::size_t i = begin; i < end; ++i) {
      auto conversation = records::conversation_of(questions[i], /*with_answer=*/false);
      conversation.notes = heard[i].notes;
      prompts.push_back(session.encode(conversation, heard[i].music));
    }
    auto sampling = session.sampling;
    sampling.first_stream = begin;

    Progress progress(fmt::format("{}, {}", questions.empty() ? "" : questions[0].task, label), prompts.size(), group.is_main());
    std::vector<std::string> own;
    for (const auto& completion : generate::generate(session.model, prompts, sampling, [&](std::size_t done) { progress.update(done); })) {
      own.push_back(session.decode(completion.token_ids));
    }
    progress.finish();
    return {.texts = gather(own, group)};
  }

 private:
  virtual generate::Session& session() = 0;
};

class TrainedModel final : public LanguageModel {
 public:
  using LanguageModel::LanguageModel;
  bool hears_music() const override { return resources().prompt().has_music(); }
  generate::Heard heard(const std::filesystem::path& clip) const override {
    return {resources().clips().music(clip), resources().clips().notes(clip)};
  }
  std::string fingerprint() const override { return resources().fingerprint(); }

 private:
  generate::Session& session() override { return resources().session(); }
};

class UntouchedModel final : public LanguageModel {
 public:
  using LanguageModel::LanguageModel;
  bool hears_music() const override { return false; }
  generate::Heard heard(const std::filesystem::path& clip) const override {
    return hears_notes() ? generate::Heard({}, resources().clips().notes(clip)) : generate::Heard();
  }
  std::string label(const Hearing&) const override {
    return hears_notes() ? fmt::format("zero-shot, the clip as {}", resources().config().prompt.notes) : "zero-shot, the question alone";
  }
  std::string fingerprint() const override {
    return resources().untouched_fingerprint() + resources().questions_fingerprint() +
           (hears_notes() ? resources().clips().fingerprint() : "");
  }

 private:
  bool hears_notes() const { return resources().prompt().has_notes(); }
  generate::Session& session() override {
    if (!session_) session_.emplace(resources().config(), std::filesystem::path(), resources().device(), generate::Session::Hears::nothing);
    return *session_;
  }

  std::optional<generate::Session> session_;
};

}  // namespace

std::unique_ptr<Listener> make_trained_model(Resources& resources) {
  return std::make_unique<TrainedModel>(resources);
}

std::unique_ptr<Listener> make_untouched_model(Resources& resources) {
  return std::make_unique<UntouchedModel>(resources);
}

}  // namespace midillama::systems
