// The shape of a MusicBERT, as its directory's config.json writes it.
#pragma once

#include <cstdint>
#include <filesystem>

namespace midillama::shapes {

struct MusicBertConfig {
  std::int64_t vocab_size = 1237;
  std::int64_t hidden_size = 768;
  std::int64_t num_hidden_layers = 12;
  std::int64_t num_attention_heads = 12;
  std::int64_t intermediate_size = 3072;
  std::int64_t max_position_embeddings = 8194;  // rows of the position table: the largest octuple count + 2
  double layer_norm_eps = 1e-5;
  double dropout = 0.0;  // while pre-training only; not stored

  // Octuples that one forward pass can place, <s> and </s> included.
  std::int64_t max_octuples() const { return max_position_embeddings - 2; }

  // config.json of a MusicBERT directory; InputError names file and key, every mistake at once.
  static MusicBertConfig read(const std::filesystem::path& directory);
  void write(const std::filesystem::path& directory) const;
};

}  // namespace midillama::shapes
