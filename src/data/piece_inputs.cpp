#include "midillama/data/piece_inputs.h"

#include "midillama/classes/music.h"
#include "midillama/classes/piano_roll.h"
#include "midillama/core/error.h"
#include "midillama/data/clip_embeddings.h"

#include <fmt/format.h>

#include <iterator>

namespace midillama::data {
namespace fs = std::filesystem;
namespace {

class PianoRolls final : public PieceInputs {
 public:
  PianoRolls(const config::PianoRoll& config, const std::vector<pieces::Piece>& pieces)
      : config_(config), shape_(classes::shape_of(config)), notes_(pieces.size()) {
    classes::for_each_music(pieces,
                            [&](std::size_t piece, const midi::Score& music) { notes_[piece] = classes::roll_notes(music, config_); });
  }

  std::vector<std::int64_t> shape() const override { return {shape_.channels, shape_.steps, shape_.pitches}; }

  torch::Tensor at(std::int64_t piece, int shift) const override {
    auto roll = torch::zeros(shape());
    classes::draw(notes_.at(static_cast<std::size_t>(piece)), config_, shift,
                  {roll.mutable_data_ptr<float>(), static_cast<std::size_t>(roll.numel())});
    return roll;
  }

  std::int64_t tokens() const override { return shape_.steps; }

 private:
  config::PianoRoll config_;
  classes::RollShape shape_;
  std::vector<std::vector<classes::RollNote>> notes_;  // by piece
};

class PieceEmbeddings final : public PieceInputs {
 public:
  PieceEmbeddings(const config::Config& config, const std::vector<pieces::Piece>& pieces, torch::Device device)
      : files_(files_of(pieces)), embeddings_(config, files_, device) {}

  std::vector<std::int64_t> shape() const override { return {embeddings_.pooled_size()}; }
  torch::Tensor at(std::int64_t piece, int) const override { return embeddings_.pooled(files_.at(static_cast<std::size_t>(piece))); }
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
       return std::make_unique<PianoRolls>(config.classify.piano_roll, pieces);
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
