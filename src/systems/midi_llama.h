// The trained model as an answerer. Its kinds differ in what it hears: how much of its answers comes from the music shows in what it says
// without it.
#pragma once

#include "midillama/systems/answerer.h"

#include <span>
#include <string>
#include <vector>

namespace midillama::systems {

class MidiLlamaAnswerer : public Answerer {
 public:
  explicit MidiLlamaAnswerer(Resources& resources) : resources_(resources) {}

  std::string fingerprint() const override { return resources_.fingerprint(); }
  std::vector<std::string> answer(std::span<const records::Question> questions) override;

  // What is heard with each question.
  virtual std::vector<generate::Heard> hear(std::span<const records::Question> questions) const = 0;

 protected:
  // The model.
  virtual generate::Session& session() { return resources_.session(); }
  // A clip as it is.
  generate::Heard heard(const std::filesystem::path& clip) const {
    return {resources_.clips().music(clip), resources_.clips().notes(clip)};
  }
  Resources& resources() const { return resources_; }

 private:
  Resources& resources_;
};

}  // namespace midillama::systems
