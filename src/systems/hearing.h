// What is heard with each question. How much of the answers comes from the music shows in what is said without it.
//
// A new way is a function and a row in hearing.cpp.
#pragma once

#include "midillama/records/question.h"
#include "systems/listener.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::systems {

struct Hearing {
  std::string_view name;
  std::string_view label;  // for people
  bool is_of_vectors;      // vectors in the place of a clip's: who hears none cannot be given them
  // One a question, in their order.
  std::vector<generate::Heard> (*hear)(const Listener& listener, std::span<const records::Question> questions);
  // Of what it depends on beside the listener and the questions' clips; nullptr: on nothing.
  std::string (*fingerprint)(const Listener& listener);
};

std::span<const Hearing> hearings();
// UsageError where there is none of that name.
const Hearing& hearing_from_name(std::string_view name);

}  // namespace midillama::systems
