#include "eval/probe_values.h"

#include "midillama/eval/probe.h"
#include "midillama/records/checked_facts.h"

#include <torch/utils.h>

#include <algorithm>
#include <vector>

namespace midillama::eval {
namespace fs = std::filesystem;
namespace {

using Values = std::map<fs::path, std::string>;  // of one tag

// Tag -> clip -> value, each clip once however many questions are asked about it.
std::map<std::string, Values> values_of(const records::Tags& tags, const records::EachQuestion& questions) {
  std::map<std::string, Values> values;
  questions([&](const records::Question& question) {
    for (const auto& [tag, value] : records::checked_facts(tags, question)) {
      if (tags.at(tag).is_closed()) values[tag][question.clip] = value;
    }
  });
  return values;
}

std::vector<std::string> classes_of(const Values& values) {
  std::vector<std::string> classes;
  for (const auto& [clip, value] : values) classes.push_back(value);
  std::ranges::sort(classes);
  classes.erase(std::unique(classes.begin(), classes.end()), classes.end());
  return classes;
}

torch::Tensor features_of(const std::vector<fs::path>& clips, const data::ClipEmbeddings& embeddings) {
  auto features = torch::empty({static_cast<std::int64_t>(clips.size()), embeddings.pooled_size()});
  for (std::size_t i = 0; i < clips.size(); ++i) features[static_cast<std::int64_t>(i)].copy_(embeddings.pooled(clips[i]));
  return features;
}

// The clips whose value is one of the classes.
Labelled labelled(const Values& values, const std::vector<std::string>& classes, const data::ClipEmbeddings& embeddings) {
  std::vector<fs::path> clips;
  std::vector<std::int64_t> labels;
  for (const auto& [clip, value] : values) {
    const auto found = std::ranges::lower_bound(classes, value);
    if (found == classes.end() || *found != value) continue;
    clips.push_back(clip);
    labels.push_back(found - classes.begin());
  }
  return {features_of(clips, embeddings), torch::tensor(labels, torch::kInt64)};
}

}  // namespace

std::map<std::pair<fs::path, std::string>, std::string> probe_values(const records::Tags& tags, const records::EachQuestion& train,
                                                                     const records::EachQuestion& valid, const records::EachQuestion& test,
                                                                     const data::ClipEmbeddings& embeddings) {
  const auto in_training = values_of(tags, train);
  auto in_validation = values_of(tags, valid);
  std::map<std::pair<fs::path, std::string>, std::string> result;
  for (const auto& [tag, values] : values_of(tags, test)) {
    const auto known = in_training.find(tag);
    if (known == in_training.end()) continue;
    const auto classes = classes_of(known->second);
    const auto probe = fit_probe(labelled(known->second, classes, embeddings), labelled(in_validation[tag], classes, embeddings),
                                 static_cast<std::int64_t>(classes.size()));
    std::vector<fs::path> clips;
    for (const auto& [clip, value] : values) clips.push_back(clip);
    const auto predicted = probe.predict(features_of(clips, embeddings));
    for (std::size_t i = 0; i < clips.size(); ++i) {
      result[{clips[i], tag}] = classes[static_cast<std::size_t>(predicted[static_cast<std::int64_t>(i)].item<std::int64_t>())];
    }
  }
  return result;
}

}  // namespace midillama::eval
