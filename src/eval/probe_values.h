// The facts that a linear probe reads from clip embeddings.
#pragma once

#include "midillama/data/clip_embeddings.h"
#include "midillama/data/question.h"

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <utility>

namespace midillama::eval {

// (clip, tag) -> value for every clip of the `test` questions and every tag that is checked in one of them: one probe a tag, trained on the
// clips of `train`, its penalty chosen on those of `valid`. A tag that no training clip has is left out.
std::map<std::pair<std::filesystem::path, std::string>, std::string> probe_values(std::span<const data::Question> train,
                                                                                  std::span<const data::Question> valid,
                                                                                  std::span<const data::Question> test,
                                                                                  const data::ClipEmbeddings& embeddings);

}  // namespace midillama::eval
