#include "midillama/eval/prediction.h"

#include "midillama/core/file.h"
#include "midillama/core/json_text.h"
#include "midillama/text/utf8.h"

#include <fmt/format.h>

namespace midillama::eval {
namespace {

OrderedJson to_json(const Prediction& prediction) {
  return {{"id", prediction.id},
          {"task", prediction.task},
          {"tag", prediction.tag},
          {"question", prediction.question},
          {"prediction", prediction.prediction},
          {"references", prediction.references}};
}

Prediction prediction_from_json(const Json& row, const std::string& file, const std::string& place) {
  if (!row.is_object()) throw InputError(file, place, "not a JSON object");
  const auto text = [&](const char* key) { return row.contains(key) ? json_get<std::string>(row, key, file, place) : std::string(); };
  Prediction prediction{.id = text("id"),
                        .task = text("task"),
                        .tag = text("tag"),
                        .question = text("question"),
                        .prediction = json_get<std::string>(row, "prediction", file, place),
                        .references = json_get<std::vector<std::string>>(row, "references", file, place)};
  if (prediction.references.empty()) throw InputError(file, place, "\"references\" is empty; at least one text is needed to compare with");
  for (const auto& reference : prediction.references) {
    if (text::strip(reference).empty())
      throw InputError(file, place, "a text of \"references\" is empty: it must not be empty or white space");
  }
  return prediction;
}

}  // namespace

void write_predictions(const std::filesystem::path& path, std::span<const Prediction> predictions) {
  std::string lines;
  for (const auto& prediction : predictions) lines += json_line(to_json(prediction));
  write_atomically(path, lines);
}

std::vector<Prediction> read_predictions(const std::filesystem::path& path) {
  std::vector<Prediction> predictions;
  for_each_json_line(path, [&](const Json& row, std::size_t line) {
    predictions.push_back(prediction_from_json(row, path.string(), fmt::format("line {}", line)));
  });
  if (predictions.empty()) throw InputError(path.string(), "", "there is no prediction in the file");
  return predictions;
}

std::vector<metrics::ScoredText> examples_of(std::span<const Prediction> predictions) {
  std::vector<metrics::ScoredText> examples;
  for (const auto& prediction : predictions) examples.push_back({prediction.prediction, prediction.references});
  return examples;
}

}  // namespace midillama::eval
