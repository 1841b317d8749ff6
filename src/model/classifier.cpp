#include "midillama/model/classifier.h"

#include "midillama/model/piano_roll_cnn.h"
#include "midillama/weights/load.h"
#include "midillama/weights/safetensors.h"
#include "standardised_head.h"

#include <ATen/Functions.h>
#include <torch/utils.h>

#include <optional>
#include <string>
#include <vector>

namespace midillama::model {
namespace fs = std::filesystem;
namespace {

// A linear layer over vectors, standardised over those that it learns from: logistic regression.
class VectorClassifier final : public Classifier {
 public:
  VectorClassifier(std::int64_t size, std::int64_t classes) { head_ = register_module("head", StandardisedHead(size, classes)); }

  torch::Tensor logits(const torch::Tensor& vectors) override { return head_->forward(vectors); }

  void prepare(const InputOf& input_of, std::int64_t inputs) override {
    std::vector<torch::Tensor> vectors;
    for (std::int64_t i = 0; i < inputs; ++i) vectors.push_back(input_of(i));
    head_->standardise(at::stack(vectors));
  }

 private:
  StandardisedHead head_{nullptr};
};

}  // namespace

std::shared_ptr<Classifier> make_classifier(const config::Classify& config, at::IntArrayRef input, std::int64_t classes,
                                            std::uint64_t seed) {
  if (input.size() == 1) return std::make_shared<VectorClassifier>(input.front(), classes);
  return std::make_shared<PianoRollCnn>(config, input.front(), classes, seed);
}

torch::Tensor classification_loss(const torch::Tensor& logits, const torch::Tensor& targets, bool multi_label) {
  if (multi_label) return at::binary_cross_entropy_with_logits(logits, targets, {}, {}, at::Reduction::Sum);
  return -(targets * logits.log_softmax(1)).sum();
}

torch::Tensor class_probabilities(const torch::Tensor& logits, bool multi_label) {
  return multi_label ? logits.sigmoid() : logits.softmax(1);
}

void save_classifier(const Classifier& classifier, const fs::path& directory) {
  weights::TensorMap tensors;
  for (const auto& item : classifier.named_parameters()) tensors[item.key()] = item.value().detach();
  for (const auto& item : classifier.named_buffers()) tensors[item.key()] = item.value();
  fs::create_directories(directory);
  weights::write_safetensors(directory / "model.safetensors", tensors);
}

void load_classifier(Classifier& classifier, const fs::path& directory) {
  weights::load_weights(classifier, weights::Checkpoint(directory), [](const std::string& name) { return std::optional(name); });
}

}  // namespace midillama::model
