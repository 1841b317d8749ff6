// The model's answers to questions, shared out over the ranks.
#pragma once

#include "midillama/data/clip_embeddings.h"
#include "midillama/eval/music.h"
#include "midillama/generate/session.h"
#include "midillama/parallel/process_group.h"
#include "midillama/records/question.h"

#include <torch/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace midillama::eval {

// What is heard with each question, in `mode`: [K, M], or undefined for no music. The shuffle is drawn from `seed`.
std::vector<torch::Tensor> heard_music(MusicMode mode, std::span<const records::Question> questions, const data::ClipEmbeddings& embeddings,
                                       std::uint64_t seed);

// One answer a question, in order, on every rank. The answers do not depend on the number of ranks.
std::vector<std::string> answer(generate::Session& session, std::span<const records::Question> questions,
                                std::span<const torch::Tensor> music, parallel::ProcessGroup& group, const std::string& what);

}  // namespace midillama::eval
