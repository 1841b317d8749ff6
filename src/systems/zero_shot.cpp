// The untouched language model: no adapter, no musical token, no notes, only the question in its template.
#include "systems/kinds.h"
#include "systems/midi_llama.h"

namespace midillama::systems {
namespace {

class ZeroShot final : public MidiLlamaAnswerer {
 public:
  using MidiLlamaAnswerer::MidiLlamaAnswerer;
  std::string name() const override { return "zero-shot"; }
  std::string label() const override { return "zero-shot"; }

  std::vector<generate::Heard> hear(std::span<const records::Question> questions) const override {
    return std::vector<generate::Heard>(questions.size());
  }

 private:
  generate::Session& session() override {
    if (!session_) session_.emplace(resources().config(), std::filesystem::path(), resources().device());
    return *session_;
  }

  std::optional<generate::Session> session_;
};

}  // namespace

std::unique_ptr<Answerer> make_zero_shot(Resources& resources) {
  return std::make_unique<ZeroShot>(resources);
}

}  // namespace midillama::systems
