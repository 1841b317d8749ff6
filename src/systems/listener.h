// Who hears something with each question and answers.
//
// A new one is a class in a file of its own, its factory below, and where a system is made of it a row in answerer.cpp.
#pragma once

#include "midillama/generate/session.h"
#include "midillama/systems/answerer.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace midillama::systems {

struct Hearing;

class Listener {
 public:
  // The resources must outlive it.
  explicit Listener(Resources& resources) : resources_(resources) {}
  virtual ~Listener() = default;

  // Whether a clip is heard as vectors.
  virtual bool hears_music() const = 0;
  // A clip as it is. All ranks ask together.
  virtual generate::Heard heard(const std::filesystem::path& clip) const = 0;
  // What is heard, in tokens as it reads them; nothing of a model whose tokens are not known here.
  virtual std::optional<double> tokens(const generate::Heard& heard) const { return (void)heard, std::nullopt; }
  // For people, of the row in which this is heard.
  virtual std::string label(const Hearing& hearing) const;
  // Of everything that its answers depend on beside the questions, what is heard of each clip included.
  virtual std::string fingerprint() const = 0;
  // As Answerer::answer(), with what is heard with each question; `label` is for the progress.
  virtual Answers answer(std::span<const records::Question> questions, std::span<const generate::Heard> heard,
                         const std::string& label) = 0;

  Resources& resources() const { return resources_; }

 private:
  Resources& resources_;
};

// The language model with what was trained, which hears as much of a clip as its template asks for.
std::unique_ptr<Listener> make_trained_model(Resources& resources);
// The language model as it was before training: it hears the clip as text where the template has {notes}, and no musical tokens.
std::unique_ptr<Listener> make_untouched_model(Resources& resources);
// chat.model of chat.endpoint, which is given the clip as text.
std::unique_ptr<Listener> make_endpoint(Resources& resources);

}  // namespace midillama::systems
