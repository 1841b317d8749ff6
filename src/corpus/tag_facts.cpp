#include "corpus/tag_facts.h"

#include "corpus/clip_labels.h"
#include "midillama/core/error.h"
#include "midillama/corpus/dataset.h"
#include "midillama/records/stated_value.h"
#include "midillama/text/utf8.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace midillama::corpus {
namespace {

using records::Tag;

const std::vector<std::string> kQuantiles = {"quantiles"};
constexpr std::string_view kSection = "corpus.";

std::optional<double> number_of(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

// The number of "3.5" or of "corpus.medium_density_from".
std::optional<double> bound_of(const std::string& text, const config::Corpus& config) {
  if (!text.starts_with(kSection)) return number_of(text);
  std::optional<double> value;
  config::Corpus::visit(config, [&](const std::string_view key, const auto& held) {
    if constexpr (std::is_same_v<std::decay_t<decltype(held)>, double>) {
      if (key == std::string_view(text).substr(kSection.size())) value = held;
    }
  });
  return value;
}

}  // namespace

TagFacts::TagFacts(const records::Tags& tags, const config::Corpus& config) : tags_(tags), asked_(config.tags) {
  if (asked_.empty()) asked_ = tags_.names();
  std::vector<std::string> mistakes;
  for (const auto& name : asked_) {
    if (tags_.find(name) == nullptr)
      mistakes.push_back(
          fmt::format("corpus.tags: \"{}\" — must be one of {} ({})", name, fmt::join(tags_.names(), ", "), config.tag_file));
  }
  for (const auto& tag : tags_.tags) read_bounds(tag, config, mistakes);
  if (!mistakes.empty()) throw ConfigError(std::move(mistakes));
}

void TagFacts::read_bounds(const Tag& tag, const config::Corpus& config, std::vector<std::string>& mistakes) {
  const auto complain = [&](const std::string& what) {
    mistakes.push_back(fmt::format("{}: tag {}: bounds: {}", config.tag_file, tag.name, what));
  };
  if (tag.bounds == kQuantiles) {
    if (!is_measured_number(tag.source())) complain(fmt::format("\"{}\" is not measured on clips, so it has no quantiles", tag.source()));
    return;
  }
  for (const auto& text : tag.bounds) {
    const auto bound = bound_of(text, config);
    if (!bound) return complain(fmt::format("\"{}\" is neither a number nor a key of the corpus section that holds one", text));
    auto& bounds = bounds_[tag.name];
    if (!bounds.empty() && *bound <= bounds.back()) return complain(fmt::format("{} must be greater than {}", *bound, bounds.back()));
    bounds.push_back(*bound);
  }
}

std::string TagFacts::class_of(const std::string& tag, double number) const {
  const auto& bounds = bounds_.at(tag);
  const auto index = std::upper_bound(bounds.begin(), bounds.end(), number) - bounds.begin();
  return tags_.at(tag).values.at(static_cast<std::size_t>(index)).value;
}

std::optional<std::string> TagFacts::value_of(const Tag& tag, const std::string& label) const {
  if (!tag.bounds.empty()) {
    const auto number = number_of(label);
    return number ? std::optional(class_of(tag.name, *number)) : std::nullopt;
  }
  if (tag.kind == "text") return std::string(text::strip(label));
  if (tag.kind == "number") {
    const auto number = number_of(label);
    return number ? std::optional(fmt::format("{}", std::round(*number * 10) / 10)) : std::nullopt;
  }
  return records::stated_value(tag, label);
}

Facts TagFacts::of_labels(const Facts& labels) const {
  Facts facts;
  for (const auto& tag : tags_.tags) {
    const auto label = labels.find(tag.source());
    if (label == labels.end() || text::strip(label->second).empty()) continue;
    if (auto value = value_of(tag, label->second)) facts[tag.name] = std::move(*value);
  }
  return facts;
}

bool TagFacts::wants_quantiles() const {
  return std::ranges::any_of(tags_.tags, [](const Tag& tag) { return tag.bounds == kQuantiles; });
}

void TagFacts::add_quantile_values(const Facts& clip_labels, std::map<std::string, std::vector<double>>& values) const {
  for (const auto& tag : tags_.tags) {
    const auto label = tag.bounds == kQuantiles ? clip_labels.find(tag.source()) : clip_labels.end();
    if (label != clip_labels.end()) values[tag.name].push_back(number_of(label->second).value());
  }
}

void TagFacts::set_quantiles(const std::map<std::string, std::vector<double>>& values) {
  for (const auto& tag : tags_.tags) {
    if (tag.bounds != kQuantiles) continue;
    const auto found = values.find(tag.name);
    auto sorted = found == values.end() ? std::vector<double>{0} : found->second;
    std::sort(sorted.begin(), sorted.end());
    auto& bounds = bounds_[tag.name];
    bounds.clear();
    for (std::size_t i = 1; i < tag.values.size(); ++i)
      bounds.push_back(sorted[std::min(sorted.size() - 1, i * sorted.size() / tag.values.size())]);
  }
}

std::vector<std::string> tag_mistakes(const config::Config& config) {
  const auto& corpus = config.corpus;
  if (corpus.tag_file.empty()) return {};  // config::validate() refuses it
  try {
    TagFacts(records::read_tags(corpus.tag_file), corpus);
  } catch (const ConfigError& error) {
    return error.mistakes();
  } catch (const InputError& error) {
    return {fmt::format("corpus.tag_file: {}", error.what())};
  }
  return {};
}

}  // namespace midillama::corpus
