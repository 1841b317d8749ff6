#include "systems/hearing.h"

#include "midillama/core/error.h"
#include "midillama/core/hash.h"
#include "midillama/core/random.h"
#include "systems/derange.h"

#include <torch/utils.h>

#include <fmt/format.h>

#include <algorithm>

namespace midillama::systems {
namespace {

using Questions = std::span<const records::Question>;

// Each question with its own clip.
std::vector<generate::Heard> true_music(const Listener& listener, Questions questions) {
  std::vector<generate::Heard> heard;
  for (const auto& question : questions) heard.push_back(listener.heard(question.clip));
  return heard;
}

// Each question with the clip of another one.
std::vector<generate::Heard> shuffled_music(const Listener& listener, Questions questions) {
  std::map<std::filesystem::path, std::string> pieces;
  for (const auto& question : questions) pieces[question.clip] = question.piece;
  const auto partners = derange(pieces, seed_for(listener.resources().config().run.seed, "shuffled music"));
  std::vector<generate::Heard> heard;
  for (const auto& question : questions) heard.push_back(listener.heard(partners.at(question.clip)));
  return heard;
}

// Zeros in the place of the clip's vectors, and no notes.
std::vector<generate::Heard> zero_music(const Listener& listener, Questions questions) {
  std::vector<generate::Heard> heard;
  for (const auto& question : questions) heard.emplace_back(torch::zeros_like(listener.heard(question.clip).music));
  return heard;
}

// The mean of the training clips' vectors in the place of the clip's, and no notes.
std::vector<generate::Heard> mean_music(const Listener& listener, Questions questions) {
  return std::vector<generate::Heard>(questions.size(), generate::Heard(listener.resources().mean_music()));
}

std::string mean_fingerprint(const Listener& listener) {
  const torch::Tensor& mean = listener.resources().mean_music();
  return fingerprint({static_cast<const char*>(mean.const_data_ptr()), mean.nbytes()});
}

std::vector<generate::Heard> no_music(const Listener&, Questions questions) {
  return std::vector<generate::Heard>(questions.size());
}

constexpr Hearing kHearings[] = {
    {"true", "music as it is", false, true_music, nullptr}, {"shuffled", "music shuffled", false, shuffled_music, nullptr},
    {"zero", "zero music", true, zero_music, nullptr},      {"mean", "mean music", true, mean_music, mean_fingerprint},
    {"none", "no music", false, no_music, nullptr},
};

}  // namespace

std::span<const Hearing> hearings() {
  return kHearings;
}

const Hearing& hearing_from_name(std::string_view name) {
  const auto* row = std::ranges::find(kHearings, name, &Hearing::name);
  if (row == std::end(kHearings)) throw UsageError(fmt::format("nothing that is heard is called \"{}\"", name));
  return *row;
}

}  // namespace midillama::systems
