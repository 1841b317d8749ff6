#include "midillama/classes/learnt.h"

#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/core/json_text.h"
#include "midillama/pieces/learnt.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace midillama::classes {
namespace fs = std::filesystem;

void write_learnt(const fs::path& checkpoint, const Task& task) {
  const OrderedJson learnt = {{"classes", task.classes}, {"works", pieces::learnt_works(task.parts)}};
  write_atomically(checkpoint / kLearntFile, json_text(learnt) + "\n");
}

void require_learnt(const fs::path& checkpoint, const Task& task) {
  const fs::path file = checkpoint / kLearntFile;
  const Json learnt = read_json(file);
  const auto classes = json_get<std::vector<std::string>>(learnt, "classes", file.string(), "");
  if (classes != task.classes)
    throw InputError(file.string(), "classes",
                     fmt::format("the model tells {}, not {}, which the pieces to learn from have now", fmt::join(classes, ", "),
                                 fmt::join(task.classes, ", ")));
  pieces::require_not_learnt(file, learnt, task.parts.test);
}

}  // namespace midillama::classes
