// The pieces of config.classify that have the label, before it is known which of its values are classes.
#pragma once

#include "midillama/classes/task.h"

#include <set>
#include <string>
#include <vector>

namespace midillama::classes {

struct Labelled {
  Task task;                         // its name and label; neither classes nor parts
  std::vector<pieces::Piece> train;  // under the names of classify.mapping
  std::vector<pieces::Piece> test;   // of the fold
  std::set<std::string> all = {};    // ids of both, before any was left out
};

// What classes::read_task() says. Names of the mapping that no piece has are logged.
Labelled read_labelled(const config::Config& config);

// Those of no class go, as do the other values of those that stay; counts what is left out.
void keep_classes(Labelled& labelled, std::vector<std::string> classes);

// The task with its parts, which the log says.
Task divided(Labelled labelled, pieces::Parts parts);

}  // namespace midillama::classes
