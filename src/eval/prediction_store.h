// The predictions of one row of a report, kept with what they were made from.
#pragma once

#include "midillama/eval/prediction.h"

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace midillama::eval {

class PredictionStore {
 public:
  // `folder`/predictions.jsonl, and `folder`/source.json beside it: {"fingerprint", "predictions"}, the second being the first file's own.
  PredictionStore(std::filesystem::path folder, std::string fingerprint);

  // What was saved under this fingerprint; nothing where that was another one, or the file was changed since.
  std::optional<std::vector<Prediction>> load() const;
  // Where they are not `complete`, load() gives nothing: they are answered again.
  void save(std::span<const Prediction> predictions, bool complete = true) const;
  const std::filesystem::path& file() const { return file_; }

 private:
  std::filesystem::path file_;
  std::filesystem::path source_;
  std::string fingerprint_;
};

}  // namespace midillama::eval
