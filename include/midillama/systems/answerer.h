// What answers questions about clips. Evaluation takes any of them; which ones there are is one list.
//
// A new kind is a class in a file of its own, its factory in src/systems/kinds.h, and a row in src/systems/answerer.cpp.
#pragma once

#include "midillama/records/question.h"
#include "midillama/systems/resources.h"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::systems {

class Answerer {
 public:
  virtual ~Answerer() = default;

  // Of its row in reports and of its folder: "true", "most-frequent".
  virtual std::string name() const = 0;
  // For people: "music as it is".
  virtual std::string label() const = 0;
  // Of everything that its answers depend on beside the questions: answers given before under the same one hold.
  virtual std::string fingerprint() const = 0;
  // One answer a question, in their order, on every rank; all ranks call it with the same questions. The answers do not depend on the
  // number of ranks.
  virtual std::vector<std::string> answer(std::span<const records::Question> questions) = 0;
};

struct Kind {
  std::string_view name;
  bool is_comparison;  // whether a full report has it
  // The resources must outlive it.
  std::unique_ptr<Answerer> (*make)(Resources& resources);
};

std::span<const Kind> kinds();
// UsageError where there is none of that name.
const Kind& kind_from_name(std::string_view name);
// What a full report compares, in its order.
std::vector<std::string> comparison_names();

}  // namespace midillama::systems
