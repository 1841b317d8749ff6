// Pieces as a classifier reads them: config.classify.model says how.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/core/random.h"
#include "midillama/pieces/piece_sets.h"

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace midillama::data {

class PieceInputs {
 public:
  virtual ~PieceInputs() = default;

  // The shape of an input: [channels, steps, pitches] of a piano roll, [M] of an embedding.
  virtual std::vector<std::int64_t> shape() const = 0;
  // Of a piece, float32 on the CPU.
  virtual torch::Tensor at(std::int64_t piece) const = 0;
  // All that a piece is told by, the mean over which counts, that of at() first: [n, …]. Of a picture that may begin later
  // (classify.max_start) those that begin half a picture after another.
  virtual torch::Tensor all(std::int64_t piece) const = 0;
  // The same to learn from: what config.classify changes of a picture is drawn. An embedding is of the piece as it is.
  virtual torch::Tensor varied(std::int64_t piece, Random& random) const = 0;
  // What a pass over an input costs, in places of time.
  virtual std::int64_t tokens() const = 0;
};

// Reads all files. Error that lists those which cannot be read or have no notes.
std::unique_ptr<PieceInputs> make_piece_inputs(const config::Config& config, const std::vector<pieces::Piece>& pieces,
                                               torch::Device device);

}  // namespace midillama::data
