#include "midillama/compose/composer.h"

#include "midillama/core/random.h"

#include <fmt/format.h>

#include <utility>

namespace midillama::compose {
namespace {

constexpr const char* kInstructions = "You compose music. You answer with JSON and nothing else.";
constexpr std::int64_t kTemperatures = 10;  // steps, after which they begin anew

std::vector<Wish> all_wishes(const config::Compose& config, const Vocabulary& vocabulary) {
  std::vector<Wish> wishes;
  for (const std::string& genre : chosen_of(vocabulary.genres, config.genres, "compose.genres")) {
    for (const std::string& style : chosen_of(vocabulary.styles, config.styles, "compose.styles")) {
      for (std::int64_t number = 0; number < config.pieces; ++number) wishes.push_back({genre, style, number});
    }
  }
  return wishes;
}

// Of a request: servers take whole numbers of 32 bits.
std::int64_t request_seed(std::uint64_t piece, std::int64_t attempt) {
  return static_cast<std::int64_t>(seed_for(piece, "answer", static_cast<std::uint64_t>(attempt)) >> 33);
}

}  // namespace

std::string Wish::name() const {
  return fmt::format("{}-{:03}", folder_of(genre, style), number + 1);
}

std::string Wish::file() const {
  return fmt::format("midi/{}/{:03}.mid", folder_of(genre, style), number + 1);
}

Composer::Composer(const config::Compose& config, std::string model, std::uint64_t seed)
    : config_(config),
      model_(std::move(model)),
      seed_(seed),
      vocabulary_(read_vocabulary(config.vocabulary)),
      form_(form_of(config)),
      wishes_(all_wishes(config, vocabulary_)) {
  if (config.structured) schema_ = chat::Schema{.name = "piece", .value = schema_of(form_)};
}

std::optional<Composed> Composer::compose(const Wish& wish, const Ask& ask) const {
  const std::uint64_t piece =
      seed_for(seed_, fmt::format("{}\n{}", wish.genre, wish.style).c_str(), static_cast<std::uint64_t>(wish.number));
  Random random(seed_for(piece, "mood"));
  Composed composed{.wish = wish, .words = piece_words(vocabulary_, wish.genre, wish.style), .mood = {}, .prompt = {}};
  composed.mood = vocabulary_.moods[random.below(vocabulary_.moods.size())];
  composed.prompt = prompt_of(form_, composed.words, composed.mood);
  composed.temperature = config_.temperature + static_cast<double>(wish.number % kTemperatures) * config_.temperature_step;
  chat::Call call{.messages = {{"system", kInstructions}, {"user", composed.prompt}},
                  .temperature = composed.temperature,
                  .top_p = config_.top_p,
                  .max_tokens = config_.max_tokens,
                  .schema = schema_};
  for (std::int64_t i = 0; i < config_.tries; ++i) {
    call.seed = request_seed(piece, i);
    const auto answer = ask(call);
    if (!answer) return std::nullopt;
    ++composed.calls;
    composed.request = chat::key_of(chat::request_body(call, model_));
    for (const std::string& problem : answer->before) composed.attempts.push_back({*call.seed, problem});
    PieceReading reading;
    reading.problem = answer->problem;
    if (answer->is_usable()) reading = read_piece(answer->text, form_, config_.repair);
    composed.attempts.push_back({*call.seed, reading.problem});
    if (!reading.is_piece()) continue;
    composed.tracks = std::move(reading.tracks);
    composed.forgiven = std::move(reading.forgiven);
    for (const std::string& what : answer->stripped) ++composed.forgiven[what];
    composed.repaired = std::move(reading.repaired);
    break;
  }
  return composed;
}

}  // namespace midillama::compose
