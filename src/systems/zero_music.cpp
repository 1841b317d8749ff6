// Vectors of zeros in the place of the clip's, and no notes.
#include "systems/kinds.h"
#include "systems/midi_llama.h"

#include <torch/utils.h>

namespace midillama::systems {
namespace {

class ZeroMusic final : public MidiLlamaAnswerer {
 public:
  using MidiLlamaAnswerer::MidiLlamaAnswerer;
  std::string name() const override { return "zero"; }
  std::string label() const override { return "zero music"; }

  std::vector<generate::Heard> hear(std::span<const records::Question> questions) const override {
    std::vector<generate::Heard> music;
    for (const auto& question : questions) {
      const auto own = heard(question.clip).music;
      music.emplace_back(own.defined() ? torch::zeros_like(own) : own);
    }
    return music;
  }
};

}  // namespace

std::unique_ptr<Answerer> make_zero_music(Resources& resources) {
  return std::make_unique<ZeroMusic>(resources);
}

}  // namespace midillama::systems
