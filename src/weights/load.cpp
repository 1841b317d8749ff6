#include "midillama/weights/load.h"

#include "midillama/core/error.h"
#include "midillama/core/progress.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace midillama::weights {
namespace {

using Targets = std::map<std::string, torch::Tensor>;

Targets targets_of(const torch::nn::Module& module) {
  Targets targets;
  for (const auto& entry : module.named_parameters()) targets.emplace(entry.key(), entry.value());
  for (const auto& entry : module.named_buffers()) targets.emplace(entry.key(), entry.value());
  return targets;
}

struct Copy {
  const SafetensorsFile* file;
  std::string name;
  const TensorInfo* info;
  torch::Tensor destination;
};

struct Plan {
  std::vector<Copy> copies;
  LoadReport report;
};

// What is wrong with numbers of this type for the tensor; empty where nothing is.
std::string wrong_type(const torch::Tensor& target, torch::ScalarType dtype) {
  const bool fits = !target.is_floating_point() || at::isFloatingType(dtype);
  return fits ? "" : fmt::format("holds {}, not fractions", c10::toString(dtype));
}

// Gives every tensor of a checkpoint its place in the module, and keeps account of what has none.
class Matching {
 public:
  explicit Matching(const torch::nn::Module& module) : targets_(targets_of(module)), open_(targets_) {}

  // Where the tensor `name`, called `wanted` in the module, goes; undefined where it has no place.
  torch::Tensor place(const std::string& name, const std::string& wanted, at::IntArrayRef shape, torch::ScalarType dtype) {
    const auto target = open_.find(wanted);
    if (target == open_.end()) {
      report_.unexpected.push_back(targets_.contains(wanted) ? fmt::format("{} (a second {})", name, wanted) : name);
      return {};
    }
    if (target->second.sizes() != shape) {
      report_.mismatched.push_back(
          fmt::format("{}: checkpoint [{}], model [{}]", name, fmt::join(shape, ", "), fmt::join(target->second.sizes().vec(), ", ")));
    }
    if (const auto what = wrong_type(target->second, dtype); !what.empty()) report_.mistyped.push_back(fmt::format("{}: {}", name, what));
    return open_.extract(target).mapped();
  }

  LoadReport finish(const NamePredicate& may_be_missing) {
    for (const auto& [name, tensor] : open_) {
      if (!may_be_missing || !may_be_missing(name)) report_.missing.push_back(name);
    }
    return std::move(report_);
  }

 private:
  Targets targets_;
  Targets open_;
  LoadReport report_;
};

Plan make_plan(const torch::nn::Module& module, const Checkpoint& checkpoint, const NameMap& name_of, const NamePredicate& may_be_missing) {
  Plan plan;
  Matching matching(module);
  for (const SafetensorsFile& file : checkpoint.files()) {
    for (const auto& [name, info] : file.tensors()) {
      const auto wanted = name_of(name);
      if (!wanted) continue;
      const torch::Tensor target = matching.place(name, *wanted, info.shape, info.dtype);
      if (target.defined()) plan.copies.push_back({&file, name, &info, target});
    }
  }
  plan.report = matching.finish(may_be_missing);
  return plan;
}

void append_list(std::string& text, const char* title, const std::vector<std::string>& names) {
  for (const std::string& name : names) text += fmt::format("\n  {}: {}", title, name);
}

void require(const LoadReport& report, const Checkpoint& checkpoint) {
  if (!report.complete()) throw InputError(checkpoint.directory().string(), "", "the weights do not fit the model:" + report.describe());
}

}  // namespace

std::string LoadReport::describe() const {
  std::string text;
  append_list(text, "missing", missing);
  append_list(text, "unexpected", unexpected);
  append_list(text, "wrong shape", mismatched);
  append_list(text, "wrong type", mistyped);
  return text;
}

LoadReport check_weights(const torch::nn::Module& module, const Checkpoint& checkpoint, const NameMap& name_of,
                         const NamePredicate& may_be_missing) {
  return make_plan(module, checkpoint, name_of, may_be_missing).report;
}

LoadReport check_weights(const torch::nn::Module& module, const TensorMap& tensors) {
  Matching matching(module);
  for (const auto& [name, tensor] : tensors) matching.place(name, name, tensor.sizes(), tensor.scalar_type());
  return matching.finish(nullptr);
}

std::string misfits(const SafetensorsFile& file, const TensorMap& wanted, const std::string& what) {
  std::string lines;
  for (const auto& [name, tensor] : wanted) {
    if (!file.tensors().contains(name)) lines += "\n  missing: " + name;
  }
  for (const auto& [name, info] : file.tensors()) {
    const auto tensor = wanted.find(name);
    if (tensor == wanted.end()) {
      lines += "\n  unexpected: " + name;
    } else if (tensor->second.sizes() != at::IntArrayRef(info.shape)) {
      lines += fmt::format("\n  wrong shape: {}: {} [{}], model [{}]", name, what, fmt::join(info.shape, ", "),
                           fmt::join(tensor->second.sizes().vec(), ", "));
    } else if (const auto wrong = wrong_type(tensor->second, info.dtype); !wrong.empty()) {
      lines += fmt::format("\n  wrong type: {}: {}", name, wrong);
    }
  }
  return lines;
}

void require_weights(const torch::nn::Module& module, const Checkpoint& checkpoint, const NameMap& name_of,
                     const NamePredicate& may_be_missing) {
  require(make_plan(module, checkpoint, name_of, may_be_missing).report, checkpoint);
}

void load_weights(torch::nn::Module& module, const Checkpoint& checkpoint, const NameMap& name_of, const NamePredicate& may_be_missing) {
  Plan plan = make_plan(module, checkpoint, name_of, may_be_missing);
  require(plan.report, checkpoint);
  std::ranges::sort(plan.copies, {}, [](const Copy& copy) { return std::pair(copy.file, copy.info->begin); });
  std::uint64_t total = 0;
  for (const Copy& copy : plan.copies) total += copy.info->end - copy.info->begin;
  Progress progress = Progress::when_long("loading " + checkpoint.directory().string(), total >> 20);
  std::uint64_t done = 0;
  for (const Copy& copy : plan.copies) {
    copy.file->copy_into(copy.name, copy.destination);
    done += copy.info->end - copy.info->begin;
    progress.update(done >> 20, "MiB");
  }
}

}  // namespace midillama::weights
