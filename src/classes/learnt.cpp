#include "midillama/classes/learnt.h"

#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/core/json_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

namespace midillama::classes {
namespace fs = std::filesystem;

void write_learnt(const fs::path& checkpoint, const Task& task) {
  std::set<std::string> works;
  for (const auto* part : {&task.parts.train, &task.parts.valid}) {
    for (const pieces::Piece& piece : *part) works.insert(piece.work);
  }
  const OrderedJson learnt = {{"classes", task.classes}, {"works", works}};
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
  const auto works = json_get<std::set<std::string>>(learnt, "works", file.string(), "");
  for (const pieces::Piece& piece : task.parts.test) {
    if (works.contains(piece.work))
      throw InputError(file.string(), "works",
                       fmt::format("the model has learnt from {}, the work of the piece {} to test on", piece.work, piece.id));
  }
}

}  // namespace midillama::classes
