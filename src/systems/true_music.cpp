// Each question with its own clip.
#include "systems/kinds.h"
#include "systems/midi_llama.h"

namespace midillama::systems {
namespace {

class TrueMusic final : public MidiLlamaAnswerer {
 public:
  using MidiLlamaAnswerer::MidiLlamaAnswerer;
  std::string name() const override { return "true"; }
  std::string label() const override { return "music as it is"; }

  std::vector<generate::Heard> hear(std::span<const records::Question> questions) const override {
    std::vector<generate::Heard> music;
    for (const auto& question : questions) music.push_back(heard(question.clip));
    return music;
  }
};

}  // namespace

std::unique_ptr<Answerer> make_true_music(Resources& resources) {
  return std::make_unique<TrueMusic>(resources);
}

}  // namespace midillama::systems
