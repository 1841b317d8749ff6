#include "midillama/systems/answerer.h"

#include "midillama/core/error.h"
#include "systems/hearing.h"
#include "systems/most_frequent.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace midillama::systems {
namespace {

constexpr Kind kKinds[] = {
    {"true", true, Who::system, "true"},
    {"shuffled", true, Who::system, "shuffled"},
    {"zero", true, Who::system, "zero"},
    {"mean", true, Who::system, "mean"},
    {"none", true, Who::system, "none"},
    {"zero-shot", false, Who::untouched_model, "true"},
    {"most-frequent", true, Who::training_split, ""},
};

// Who answers for a row of config::system_names().
struct System {
  std::string_view name;
  bool is_trained;
  std::unique_ptr<Listener> (*make)(Resources& resources);
};

constexpr System kSystems[] = {
    {"midillama", true, make_trained_model}, {"abc", true, make_trained_model}, {"endpoint", false, make_endpoint}};

const System& system_of(const config::Config& config) {
  const auto* row = std::ranges::find(kSystems, config.system, &System::name);
  if (row == std::end(kSystems)) throw UsageError(fmt::format("there is no system \"{}\"", config.system));
  return *row;
}

std::unique_ptr<Listener> listener_of(const Kind& kind, Resources& resources) {
  return kind.who == Who::system ? system_of(resources.config()).make(resources) : make_untouched_model(resources);
}

// Somebody who hears something.
class HearingAnswerer final : public Answerer {
 public:
  HearingAnswerer(std::string_view name, std::unique_ptr<Listener> listener, const Hearing& hearing)
      : name_(name), listener_(std::move(listener)), hearing_(hearing) {}

  std::string name() const override { return name_; }
  std::string label() const override { return listener_->label(hearing_); }
  bool hears_music() const override { return listener_->hears_music(); }
  std::string fingerprint() const override {
    return listener_->fingerprint() + (hearing_.fingerprint == nullptr ? "" : hearing_.fingerprint(*listener_));
  }
  std::optional<double> clip_tokens(std::span<const records::Question> questions) const override {
    double sum = 0;
    for (const auto& heard : hearing_.hear(*listener_, questions)) {
      const std::optional<double> tokens = listener_->tokens(heard);
      if (!tokens) return std::nullopt;
      sum += *tokens;
    }
    return sum / static_cast<double>(questions.size());
  }
  Answers answer(std::span<const records::Question> questions) override {
    return listener_->answer(questions, hearing_.hear(*listener_, questions), label());
  }

 private:
  std::string name_;
  std::unique_ptr<Listener> listener_;
  const Hearing& hearing_;
};

}  // namespace

std::string Listener::label(const Hearing& hearing) const {
  return std::string(hearing.label);
}

std::string Kind::obstacle(Resources& resources) const {
  if (hearing.empty() || !hearing_from_name(hearing).is_of_vectors || listener_of(*this, resources)->hears_music()) return "";
  return fmt::format("\"{}\" takes the place of musical tokens, and there are none: {}", name,
                     system_of(resources.config()).is_trained ? "the template has no {music}" : "an endpoint is given clips as text");
}

bool Kind::is_a_model_here(const config::Config& config) const {
  return who == Who::untouched_model || needs_checkpoint(config);
}

bool Kind::needs_checkpoint(const config::Config& config) const {
  return who == Who::system && system_of(config).is_trained;
}

std::unique_ptr<Answerer> Kind::make(Resources& resources) const {
  if (const std::string found = obstacle(resources); !found.empty()) throw UsageError(found);
  if (who == Who::training_split) return make_most_frequent(resources);
  return std::make_unique<HearingAnswerer>(name, listener_of(*this, resources), hearing_from_name(hearing));
}

std::span<const Kind> kinds() {
  return kKinds;
}

const Kind& kind_from_name(std::string_view name) {
  const auto* row = std::ranges::find(kKinds, name, &Kind::name);
  if (row != std::end(kKinds)) return *row;
  std::vector<std::string_view> names;
  for (const Kind& kind : kKinds) names.push_back(kind.name);
  throw UsageError(fmt::format("nothing that answers is called \"{}\": there are {}", name, fmt::join(names, ", ")));
}

std::vector<std::string> comparison_names() {
  std::vector<std::string> names;
  for (const Kind& kind : kKinds) {
    if (kind.is_comparison) names.emplace_back(kind.name);
  }
  return names;
}

}  // namespace midillama::systems
