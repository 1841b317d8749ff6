// What a model hears of the clips that questions are about, as its template asks: their vectors, their notes as text, or both.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/data/clip_embeddings.h"
#include "midillama/music/notation.h"
#include "midillama/text/prompt.h"

#include <torch/types.h>

#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>

namespace midillama::data {

class ClipInputs {
 public:
  // Encodes the clips (see ClipEmbeddings) where the template has {music}, and writes them (prompt.notes) where it has {notes}. Error where
  // one cannot be read.
  ClipInputs(const config::Config& config, const text::PromptTemplate& prompt, std::span<const std::filesystem::path> clips,
             torch::Device device);

  // [n, M] float32 on the CPU; undefined where the template has no {music}.
  torch::Tensor music(const std::filesystem::path& clip) const;
  // Empty where the template has no {notes}.
  const std::string& notes(const std::filesystem::path& clip) const;

  // Nothing where the template has no {music}.
  const std::optional<ClipEmbeddings>& embeddings() const { return embeddings_; }
  // Equal where all of the above is.
  const std::string& fingerprint() const { return fingerprint_; }

 private:
  std::optional<ClipEmbeddings> embeddings_;
  std::map<std::filesystem::path, std::string> notes_;
  std::string fingerprint_;
};

// The clips' texts as prompt.notes says, in their order, on all cores (`count` is called on all of them); each as many whole measures as
// prompt.notes_tokens has room for. The log says how long they are, how many notes are lost and measures left out, and warns of clips
// of which not even the first measure has room. Error that lists every
// clip which cannot be read or has no notes.
std::vector<std::string> write_clips(const config::Prompt& config, std::span<const std::filesystem::path> clips,
                                     const music::CountTokens& count);

}  // namespace midillama::data
