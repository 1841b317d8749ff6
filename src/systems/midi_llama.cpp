#include "systems/midi_llama.h"

#include "midillama/core/file.h"
#include "midillama/core/progress.h"

#include <fmt/format.h>

#include <iterator>

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

}  // namespace

std::vector<std::string> MidiLlamaAnswerer::answer(std::span<const records::Question> questions) {
  const auto music = hear(questions);
  generate::Session& session = this->session();
  const auto [begin, end] = share_of(questions.size(), resources_.group());
  std::vector<model::MusicText> prompts;
  for (std::size_t i = begin; i < end; ++i) {
    auto conversation = records::conversation_of(questions[i], /*with_answer=*/false);
    conversation.notes = music[i].notes;
    prompts.push_back(session.encode(conversation, music[i].music));
  }
  auto sampling = session.sampling;
  sampling.first_stream = begin;

  Progress progress(fmt::format("{}, {}", questions.empty() ? "" : questions[0].task, label()), prompts.size(),
                    resources_.group().is_main());
  std::vector<std::string> own;
  for (const auto& completion : generate::generate(session.model, prompts, sampling, [&](std::size_t done) { progress.update(done); })) {
    own.push_back(session.decode(completion.token_ids));
  }
  progress.finish();
  return gather(own, resources_.group());
}

}  // namespace midillama::systems
