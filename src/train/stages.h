// The stages, one file each (align and sft share one), and what they have in common. stages.cpp has their table.
#pragma once

#include "midillama/records/question_file.h"
#include "midillama/train/stage.h"

#include <memory>
#include <optional>

namespace midillama::train {

std::unique_ptr<Stage> make_encoder_stage(const StageContext& context);
std::unique_ptr<Stage> make_llm_stage(const StageContext& context);
std::unique_ptr<Stage> make_align_stage(const StageContext& context);
std::unique_ptr<Stage> make_sft_stage(const StageContext& context);
std::unique_ptr<Stage> make_melody_stage(const StageContext& context);
std::unique_ptr<Stage> make_classify_stage(const StageContext& context);

struct SplitQuestions {
  records::QuestionFile train;
  std::optional<records::QuestionFile> valid;  // nothing where data.valid_split is empty, or its file is empty or missing
};
SplitQuestions read_splits(const config::Config& config);

// Rows of unequal length as one tensor [rows, longest] int64 on `device`, filled up with `padding`.
torch::Tensor pad_rows(std::span<const std::vector<std::int64_t>* const> rows, std::int64_t padding, torch::Device device);

// Lets matrix products run in bfloat16 during its life, on float32 weights; does nothing for float32.
class MixedPrecision {
 public:
  MixedPrecision(torch::ScalarType dtype, torch::Device device);
  ~MixedPrecision();
  MixedPrecision(const MixedPrecision&) = delete;
  MixedPrecision& operator=(const MixedPrecision&) = delete;

 private:
  torch::DeviceType device_;
  bool enabled_;
};

}  // namespace midillama::train
