#include "train/stages.h"

#include "midillama/core/error.h"
#include "midillama/core/log.h"
#include "midillama/model/to_device.h"
#include "midillama/text/prompt.h"

#include <ATen/autocast_mode.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace midillama::train {

NamedTensors Stage::trainable() {
  NamedTensors parameters;
  for (const auto& item : module().named_parameters()) {
    if (item.value().requires_grad()) parameters.emplace_back(item.key(), item.value());
  }
  return parameters;
}

std::vector<StageRow>& stage_table() {
  static std::vector<StageRow> rows = {{"pretrain-encoder", false, "", make_encoder_stage},
                                       {"pretrain-llm", false, "", make_llm_stage},
                                       {"align", true, "", make_align_stage},
                                       {"sft", true, "align", make_sft_stage},
                                       {"classify", false, "", make_classify_stage},
                                       {"melody", false, "", make_melody_stage}};
  return rows;
}

const StageRow& stage_row(const std::string& name) {
  const auto& rows = stage_table();
  const auto found = std::ranges::find(rows, name, &StageRow::name);
  if (found != rows.end()) return *found;
  std::vector<std::string> names;
  for (const StageRow& row : rows) names.push_back(row.name);
  throw UsageError(fmt::format("unknown stage \"{}\": there are {}", name, fmt::join(names, ", ")));
}

std::unique_ptr<Stage> make_stage(const std::string& name, const StageContext& context) {
  return stage_row(name).make(context);
}

SplitQuestions read_splits(const config::Config& config) {
  SplitQuestions questions = {records::open_questions(config.data.dir, config.data.train_split),
                              records::open_optional_questions(config.data.dir, config.data.valid_split)};
  if (!questions.valid) {
    log::info("{} has no questions in a validation split ({}): there will be no validation loss", config.data.dir,
              config.data.valid_split.empty() ? "data.valid_split is empty" : config.data.valid_split);
  }
  return questions;
}

torch::Tensor pad_rows(std::span<const std::vector<std::int64_t>* const> rows, std::int64_t padding, torch::Device device) {
  std::size_t longest = 0;
  for (const auto* row : rows) longest = std::max(longest, row->size());
  const auto padded = torch::full({static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(longest)}, padding, torch::kInt64);
  auto* data = padded.mutable_data_ptr<std::int64_t>();
  for (std::size_t i = 0; i < rows.size(); ++i) std::ranges::copy(*rows[i], data + i * longest);
  return model::to_device(padded, device);
}

MixedPrecision::MixedPrecision(torch::ScalarType dtype, torch::Device device) : device_(device.type()), enabled_(dtype != torch::kFloat32) {
  if (!enabled_) return;
  at::autocast::increment_nesting();
  at::autocast::set_autocast_dtype(device_, dtype);
  at::autocast::set_autocast_enabled(device_, true);
}

MixedPrecision::~MixedPrecision() {
  if (!enabled_) return;
  at::autocast::set_autocast_enabled(device_, false);
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
}

}  // namespace midillama::train
