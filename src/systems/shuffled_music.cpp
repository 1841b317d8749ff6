// Each question with the clip of another one.
#include "midillama/core/random.h"
#include "systems/derange.h"
#include "systems/kinds.h"
#include "systems/midi_llama.h"

namespace midillama::systems {
namespace {

class ShuffledMusic final : public MidiLlamaAnswerer {
 public:
  using MidiLlamaAnswerer::MidiLlamaAnswerer;
  std::string name() const override { return "shuffled"; }
  std::string label() const override { return "music shuffled"; }

  std::vector<generate::Heard> hear(std::span<const records::Question> questions) const override {
    std::map<std::filesystem::path, std::string> pieces;
    for (const auto& question : questions) pieces[question.clip] = question.piece;
    const auto partners = derange(pieces, seed_for(resources().config().run.seed, "shuffled music"));
    std::vector<generate::Heard> music;
    for (const auto& question : questions) music.push_back(heard(partners.at(question.clip)));
    return music;
  }
};

}  // namespace

std::unique_ptr<Answerer> make_shuffled_music(Resources& resources) {
  return std::make_unique<ShuffledMusic>(resources);
}

}  // namespace midillama::systems
