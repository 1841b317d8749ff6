#include "midillama/data/piece_inputs.h"

#include "midillama/classes/music.h"
#include "midillama/classes/piano_roll.h"
#include "midillama/core/error.h"
#include "midillama/data/clip_embeddings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace midillama::data {
namespace fs = std::filesystem;
namespace {

class PianoRolls final : public PieceInputs {
 public:
  PianoRolls(const config::Classify& config, const std::vector<pieces::Piece>& pieces)
      : config_(config), shape_(classes::shape_of(config.piano_roll)), notes_(pieces.size()) {
    classes::for_each_music(
        pieces, [&](std::size_t piece, const midi::Score& music) { notes_[piece] = classes::roll_notes(music, config_.piano_roll); });
  }

  std::vector<std::int64_t> shape() const override { return {shape_.channels, shape_.steps, shape_.pitches}; }

  torch::Tensor at(std::int64_t piece) const override { return drawn(notes_of(piece), 0, 0); }

  torch::Tensor all(std::int64_t piece) const override {
    const auto& notes = notes_of(piece);
    const std::int64_t half = std::max<std::int64_t>(1, config_.piano_roll.quarters / 2);
    std::vector<torch::Tensor> pictures;
    for (std::int64_t quarter = 0; quarter <= latest_start(notes); quarter += half) pictures.push_back(drawn(notes, 0, quarter));
    return at::stack(pictures);
  }

  // As far up as down; from a quarter note of the piece on, as long as the rest fills the picture.
  torch::Tensor varied(std::int64_t piece, Random& random) const override {
    const auto& notes = notes_of(piece);
    const std::int64_t semitones = below(2 * config_.max_shift + 1, random) - config_.max_shift;
    return drawn(notes, static_cast<int>(semitones), below(latest_start(notes) + 1, random));
  }

  std::int64_t tokens() const override { return shape_.steps; }

 private:
  using Notes = std::vector<classes::RollNote>;

  static std::int64_t below(std::int64_t count, Random& random) {
    return static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(count)));
  }
  // In quarter notes: the rest of the piece fills the picture.
  std::int64_t latest_start(const Notes& notes) const {
    std::int64_t end = 0;
    for (const classes::RollNote& note : notes) end = std::max(end, note.end);
    const std::int64_t left = (end - shape_.steps) / config_.piano_roll.steps_per_quarter;
    return std::clamp<std::int64_t>(left, 0, config_.max_start);
  }

  const Notes& notes_of(std::int64_t piece) const { return notes_.at(static_cast<std::size_t>(piece)); }

  torch::Tensor drawn(const Notes& notes, int semitones, std::int64_t quarter) const {
    auto roll = torch::zeros(shape());
    const classes::RollChange change{.shift = semitones, .start = quarter * config_.piano_roll.steps_per_quarter};
    classes::draw(notes, config_.piano_roll, change, {roll.mutable_data_ptr<float>(), static_cast<std::size_t>(roll.numel())});
    return roll;
  }

  config::Classify config_;
  classes::RollShape shape_;
  std::vector<Notes> notes_;  // by piece
};

class PieceEmbeddings final : public PieceInputs {
 public:
  PieceEmbeddings(const config::Config& config, const std::vector<pieces::Piece>& pieces, torch::Device device)
      : files_(files_of(pieces)), embeddings_(config, files_, device) {}

  std::vector<std::int64_t> shape() const override { return {embeddings_.pooled_size()}; }
  torch::Tensor at(std::int64_t piece) const override { return embeddings_.pooled(files_.at(static_cast<std::size_t>(piece))); }
  torch::Tensor all(std::int64_t piece) const override { return at(piece).unsqueeze(0); }
  torch::Tensor varied(std::int64_t piece, Random&) const override { return at(piece); }
  std::int64_t tokens() const override { return 1; }

 private:
  static std::vector<fs::path> files_of(const std::vector<pieces::Piece>& pieces) {
    std::vector<fs::path> files;
    for (const pieces::Piece& piece : pieces) files.push_back(piece.file);
    return files;
  }

  std::vector<fs::path> files_;
  ClipEmbeddings embeddings_;
};

struct Kind {
  const char* name;  // of classify.model
  std::unique_ptr<PieceInputs> (*make)(const config::Config& config, const std::vector<pieces::Piece>& pieces, torch::Device device);
};

constexpr Kind kKinds[] = {
    {"cnn",
     [](const config::Config& config, const std::vector<pieces::Piece>& pieces, torch::Device) -> std::unique_ptr<PieceInputs> {
       return std::make_unique<PianoRolls>(config.classify, pieces);
     }},
    {"musicbert",
     [](const config::Config& config, const std::vector<pieces::Piece>& pieces, torch::Device device) -> std::unique_ptr<PieceInputs> {
       return std::make_unique<PieceEmbeddings>(config, pieces, device);
     }},
};

}  // namespace

std::unique_ptr<PieceInputs> make_piece_inputs(const config::Config& config, const std::vector<pieces::Piece>& pieces,
                                               torch::Device device) {
  const auto* kind = std::ranges::find_if(kKinds, [&](const Kind& known) { return known.name == config.classify.model; });
  if (kind == std::end(kKinds)) throw ConfigError({fmt::format("classify.model: \"{}\" is unknown", config.classify.model)});
  return kind->make(config, pieces, device);
}

}  // namespace midillama::data
