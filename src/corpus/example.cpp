#include "midillama/corpus/dataset.h"

#include <fmt/format.h>

#include <cmath>

namespace midillama::corpus {
namespace {

// Milliseconds are enough for a person and print short.
double rounded(double seconds) {
  return std::round(seconds * 1000.0) / 1000.0;
}

}  // namespace

OrderedJson to_json(const Example& example) {
  OrderedJson facts = OrderedJson::object();
  for (const auto& tag : tag_names()) {
    if (const auto fact = example.facts.find(tag); fact != example.facts.end()) facts[tag] = fact->second;
  }
  return {{"id", example.id},
          {"piece", example.piece},
          {"clip", example.clip},
          {"start", rounded(example.start)},
          {"end", rounded(example.end)},
          {"task", example.task},
          {"tag", example.tag},
          {"question", example.question},
          {"answer", example.answer},
          {"facts", std::move(facts)}};
}

Example example_from_json(const Json& value, const std::string& file, std::size_t line) {
  const auto place = fmt::format("line {}", line);
  const auto text = [&](const char* key) { return json_get<std::string>(value, key, file, place); };
  return {text("id"),
          text("piece"),
          text("clip"),
          json_get<double>(value, "start", file, place),
          json_get<double>(value, "end", file, place),
          text("task"),
          text("tag"),
          text("question"),
          text("answer"),
          json_get<Facts>(value, "facts", file, place)};
}

}  // namespace midillama::corpus
