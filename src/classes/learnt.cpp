#include "midillama/classes/learnt.h"

#include "classes/labelled.h"
#include "midillama/core/file.h"
#include "midillama/core/json_text.h"
#include "midillama/pieces/learnt.h"

namespace midillama::classes {
namespace fs = std::filesystem;

void write_learnt(const fs::path& checkpoint, const Task& task) {
  OrderedJson learnt = {{"classes", task.classes}};
  learnt.update(pieces::learnt_of(task.parts, task.label));
  write_atomically(checkpoint / kLearntFile, json_text(learnt) + "\n");
}

Task read_learnt_task(const config::Config& config, const fs::path& checkpoint) {
  const fs::path file = checkpoint / kLearntFile;
  const Json learnt = read_json(file);
  Labelled labelled = read_labelled(config);
  keep_classes(labelled, json_get<std::vector<std::string>>(learnt, "classes", file.string(), ""));
  auto parts = pieces::as_learnt(file, learnt, labelled.train, labelled.test, labelled.task.label);
  return divided(std::move(labelled), std::move(parts));
}

}  // namespace midillama::classes
