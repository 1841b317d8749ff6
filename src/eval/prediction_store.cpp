#include "eval/prediction_store.h"

#include "midillama/core/file.h"
#include "midillama/core/hash.h"
#include "midillama/core/json_reader.h"

namespace midillama::eval {

PredictionStore::PredictionStore(std::filesystem::path folder, std::string fingerprint)
    : file_(folder / "predictions.jsonl"), source_(folder / "source.json"), fingerprint_(std::move(fingerprint)) {}

std::optional<std::vector<Prediction>> PredictionStore::load() const {
  if (!std::filesystem::exists(source_) || !std::filesystem::exists(file_)) return std::nullopt;
  const Json expected = {{"fingerprint", fingerprint_}, {"predictions", fingerprint_file(file_)}};
  if (parse_or_discard(read_text(source_)) != expected) return std::nullopt;
  return read_predictions(file_);
}

void PredictionStore::save(std::span<const Prediction> predictions, bool complete) const {
  std::filesystem::remove(source_);
  write_predictions(file_, predictions);
  if (!complete) return;
  write_atomically(source_, Json{{"fingerprint", fingerprint_}, {"predictions", fingerprint_file(file_)}}.dump() + '\n');
}

}  // namespace midillama::eval
