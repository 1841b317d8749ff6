// What answers questions about clips. Evaluation takes any of them; which ones there are is one list.
//
// Most are two things that vary independently: what is heard with each question (src/systems/hearing.h has the list), and who hears it and
// answers (src/systems/listener.h). A new kind is a row in src/systems/answerer.cpp.
#pragma once

#include "midillama/records/question.h"
#include "midillama/systems/resources.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::systems {

struct Answers {
  std::vector<std::string> texts = {};  // one a question, in their order
  std::size_t missing = 0;              // texts that are empty because a call of a server failed: it may be asked again
};

class Answerer {
 public:
  virtual ~Answerer() = default;

  // Of its row in reports and of its folder: "true", "most-frequent".
  virtual std::string name() const = 0;
  // For people: "music as it is".
  virtual std::string label() const = 0;
  // Whether it is of a model that hears clips as vectors, whatever this one is given in their place.
  virtual bool hears_music() const { return false; }
  // How many tokens of what is heard the model reads with a question, their mean; nothing of what hears nothing, or of a model
  // whose tokens are not known here.
  virtual std::optional<double> clip_tokens(std::span<const records::Question> questions) const { return (void)questions, std::nullopt; }
  // Of everything that its answers depend on beside the questions: answers given before under the same one hold.
  virtual std::string fingerprint() const = 0;
  // On every rank; all ranks call it with the same questions. The answers do not depend on the number of ranks.
  virtual Answers answer(std::span<const records::Question> questions) = 0;
};

// Who answers: what config::Config::system says, the language model as it was before training, or what the training split says most often.
enum class Who { system, untouched_model, training_split };

struct Kind {
  std::string_view name;
  bool is_comparison;  // whether a full report has it
  Who who;
  std::string_view hearing;  // what it hears, by its name; empty: nothing can be heard

  // Why there is no such answerer under the configuration's system; empty where there is.
  std::string obstacle(Resources& resources) const;
  // Whether it is a model in this process: no server's, and no rule.
  bool is_a_model_here(const config::Config& config) const;
  // Whether it answers with what a stage has trained.
  bool needs_checkpoint(const config::Config& config) const;
  // The resources must outlive it. UsageError where there is an obstacle.
  std::unique_ptr<Answerer> make(Resources& resources) const;
};

std::span<const Kind> kinds();
// UsageError where there is none of that name.
const Kind& kind_from_name(std::string_view name);
// What a full report compares, in its order.
std::vector<std::string> comparison_names();

}  // namespace midillama::systems
