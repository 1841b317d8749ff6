// The facts that a linear probe reads from clip embeddings.
#pragma once

#include "midillama/data/clip_embeddings.h"
#include "midillama/records/question.h"
#include "midillama/records/tags.h"

#include <filesystem>
#include <map>
#include <string>
#include <utility>

namespace midillama::eval {

// (clip, tag) -> value for every clip of the `test` questions and every tag that is checked in one of them: one probe a tag, trained on the
// clips of `train`, its penalty chosen on those of `valid`. Tags that are not
// closed, and such as no training clip has, are left out.
std::map<std::pair<std::filesystem::path, std::string>, std::string> probe_values(const records::Tags& tags,
                                                                                  const records::EachQuestion& train,
                                                                                  const records::EachQuestion& valid,
                                                                                  const records::EachQuestion& test,
                                                                                  const data::ClipEmbeddings& embeddings);

}  // namespace midillama::eval
