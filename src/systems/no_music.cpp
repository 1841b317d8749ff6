// No musical tokens at all, and no notes.
#include "systems/kinds.h"
#include "systems/midi_llama.h"

namespace midillama::systems {
namespace {

class NoMusic final : public MidiLlamaAnswerer {
 public:
  using MidiLlamaAnswerer::MidiLlamaAnswerer;
  std::string name() const override { return "none"; }
  std::string label() const override { return "no music"; }

  std::vector<generate::Heard> hear(std::span<const records::Question> questions) const override {
    return std::vector<generate::Heard>(questions.size());
  }
};

}  // namespace

std::unique_ptr<Answerer> make_no_music(Resources& resources) {
  return std::make_unique<NoMusic>(resources);
}

}  // namespace midillama::systems
