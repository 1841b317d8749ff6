#include "eval/melody_rows.h"

#include "midillama/core/parallel_for.h"
#include "midillama/core/progress.h"
#include "midillama/melody/key_register.h"
#include "midillama/melody/ngram.h"
#include "midillama/model/melody_transformer.h"
#include "midillama/model/music_encoder.h"
#include "midillama/model/team_scope.h"
#include "midillama/octuple/octuple.h"

#include <ATen/Functions.h>

#include <fmt/format.h>

namespace midillama::eval {
namespace {

using melody::Group;
using melody::GroupScores;
using melody::Notes;
using melody::Phrase;

constexpr std::size_t kMeanOf = 1000;  // phrases

std::string nothing(const config::Config&) {
  return "";
}

// The right one and the others.
std::vector<std::size_t> candidates_of(const Group& group) {
  std::vector<std::size_t> candidates = {group.right};
  candidates.insert(candidates.end(), group.others.begin(), group.others.end());
  return candidates;
}

// Scores that follow from two phrases' notes alone.
template <typename Score>
std::vector<GroupScores> score_pairs(const char* name, const melody::Phrases& phrases, std::span<const Group> groups, Score&& score) {
  std::vector<GroupScores> scores(groups.size());
  parallel_for(name, groups.size(), [&](std::size_t i) {
    const Notes& first = phrases.all[groups[i].phrase].notes;
    for (const std::size_t candidate : candidates_of(groups[i])) scores[i].push_back(score(first, phrases.all[candidate].notes));
  });
  return scores;
}

std::vector<GroupScores> by_ngram(const MelodyContext& context, std::span<const Group> groups) {
  const melody::NgramCompletion model(context.known);
  return score_pairs("n-gram", context.tested, groups, [&](const Notes& first, const Notes& second) { return model.score(first, second); });
}

std::vector<GroupScores> by_key_and_register(const MelodyContext& context, std::span<const Group> groups) {
  return score_pairs("key-register", context.tested, groups, melody::key_register_score);
}

std::vector<GroupScores> by_transformer(const MelodyContext& context, std::span<const Group> groups) {
  model::MelodyTransformer model(context.config.melody, torch::TensorOptions(torch::kFloat32).device(context.device));
  model::load_weights(model, context.checkpoint);
  model->eval();
  const torch::NoGradGuard no_grad;
  const model::TeamScope team(model->decoder->output_weight());
  Progress progress("transformer", groups.size());
  std::vector<GroupScores> scores;
  for (const Group& group : groups) {
    std::vector<melody::PairTokens> pairs;
    for (const std::size_t candidate : candidates_of(group))
      pairs.push_back(
          melody::pair_tokens(context.tested.all[group.phrase].notes, context.tested.all[candidate].notes, 0, context.config.melody));
    const torch::Tensor odds = model->forward(pairs).log_odds.to(torch::kFloat64).cpu();
    scores.emplace_back(odds.const_data_ptr<double>(), odds.const_data_ptr<double>() + odds.numel());
    progress.advance();
  }
  return scores;
}

// The mean of each phrase's note vectors: [phrases, hidden_size] float32.
torch::Tensor embed(model::MusicEncoder& encoder, std::span<const Phrase* const> phrases, const config::Melody& config) {
  std::vector<std::vector<octuple::Octuple>> notes;
  for (const Phrase* phrase : phrases) notes.push_back(octuple::encode(melody::to_score(*phrase, config)));
  return encoder.encode(notes).squeeze(1);
}

// At most `most` phrases, evenly spread; 0: all.
std::vector<const Phrase*> spread(const melody::Phrases& phrases, std::size_t most) {
  const std::size_t count = most == 0 ? phrases.all.size() : std::min(most, phrases.all.size());
  std::vector<const Phrase*> chosen;
  for (std::size_t i = 0; i < count; ++i) chosen.push_back(&phrases.all[i * phrases.all.size() / count]);
  return chosen;
}

std::vector<GroupScores> by_musicbert(const MelodyContext& context, std::span<const Group> groups) {
  config::MusicEncoder settings = context.config.music_encoder;
  settings.pooling = "mean";
  settings.tokens = 1;
  model::MusicEncoder encoder(settings, context.device);
  const config::Melody& melody = context.config.melody;
  const torch::Tensor mean = embed(encoder, spread(context.known, kMeanOf), melody).mean(0);
  const torch::Tensor centred = embed(encoder, spread(context.tested, 0), melody) - mean;
  const torch::Tensor directions = (centred / centred.norm(2, 1, true).clamp_min(1e-12)).to(torch::kFloat64);
  std::vector<GroupScores> scores;
  for (const Group& group : groups) {
    std::vector<std::int64_t> rows;
    for (const std::size_t candidate : candidates_of(group)) rows.push_back(static_cast<std::int64_t>(candidate));
    const torch::Tensor cosines =
        at::mv(directions.index_select(0, torch::tensor(rows)), directions[static_cast<std::int64_t>(group.phrase)]);
    scores.emplace_back(cosines.const_data_ptr<double>(), cosines.const_data_ptr<double>() + cosines.numel());
  }
  return scores;
}

std::string missing_encoder(const config::Config& config) {
  const bool is_there = std::filesystem::is_directory(config.music_encoder.path);
  return is_there ? "" : fmt::format("music_encoder.path \"{}\" is no folder", config.music_encoder.path);
}

}  // namespace

std::span<const MelodyRow> melody_rows() {
  static constexpr MelodyRow rows[] = {{"transformer", by_transformer, nothing},
                                       {"n-gram", by_ngram, nothing},
                                       {"key-register", by_key_and_register, nothing},
                                       {"musicbert", by_musicbert, missing_encoder}};
  return rows;
}

}  // namespace midillama::eval
