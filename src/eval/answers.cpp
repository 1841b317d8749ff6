#include "eval/answers.h"

#include "midillama/core/file.h"
#include "midillama/core/progress.h"

#include <torch/utils.h>

#include <iterator>

namespace midillama::eval {
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

std::vector<torch::Tensor> heard_music(MusicMode mode, std::span<const records::Question> questions, const data::ClipEmbeddings& embeddings,
                                       std::uint64_t seed) {
  if (mode == MusicMode::none) return std::vector<torch::Tensor>(questions.size());
  if (mode == MusicMode::zero) return {questions.size(), torch::zeros({embeddings.tokens(), embeddings.hidden_size()})};
  std::map<std::filesystem::path, std::string> pieces;
  for (const auto& question : questions) pieces[question.clip] = question.piece;
  const auto partners = mode == MusicMode::shuffled ? derange(pieces, seed) : std::map<std::filesystem::path, std::filesystem::path>();
  std::vector<torch::Tensor> music;
  for (const auto& question : questions) {
    music.push_back(embeddings.at(mode == MusicMode::shuffled ? partners.at(question.clip) : question.clip));
  }
  return music;
}

std::vector<std::string> answer(generate::Session& session, std::span<const records::Question> questions,
                                std::span<const torch::Tensor> music, parallel::ProcessGroup& group, const std::string& what) {
  const auto [begin, end] = share_of(questions.size(), group);
  std::vector<model::MusicText> prompts;
  for (std::size_t i = begin; i < end; ++i) prompts.push_back(session.encode(questions[i].question, music[i]));
  auto sampling = session.sampling;
  sampling.first_stream = begin;

  Progress progress(what, prompts.size(), group.is_main());
  std::vector<std::string> own;
  for (const auto& completion : generate::generate(session.model, prompts, sampling, [&](std::size_t done) { progress.update(done); })) {
    own.push_back(session.decode(completion.token_ids));
  }
  progress.finish();
  return gather(own, group);
}

}  // namespace midillama::eval
