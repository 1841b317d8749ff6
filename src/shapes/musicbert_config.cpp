#include "midillama/shapes/musicbert_config.h"

#include "midillama/octuple/vocabulary.h"
#include "midillama/shapes/config_reader.h"

namespace midillama::shapes {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kMostLayers = 1024;
constexpr std::int64_t kFewestPositions = 5;  // two rows that fairseq leaves out, <s>, one note, </s>

}  // namespace

MusicBertConfig MusicBertConfig::read(const fs::path& directory) {
  ConfigReader reader(directory / "config.json");
  reader.expect("model_type", "musicbert", "a MusicBERT directory says \"musicbert\"");
  MusicBertConfig config;
  config.vocab_size = reader.size("vocab_size");
  config.hidden_size = reader.size("hidden_size");
  config.num_hidden_layers = reader.size("num_hidden_layers", kMostLayers);
  config.num_attention_heads = reader.size("num_attention_heads");
  config.intermediate_size = reader.size("intermediate_size");
  config.max_position_embeddings = reader.size("max_position_embeddings");
  config.layer_norm_eps = reader.positive_or("layer_norm_eps", config.layer_norm_eps);
  reader.expect("hidden_act", "gelu", "only \"gelu\" is implemented");
  reader.expect("position_embedding_type", "absolute", "only absolute positions are implemented");
  if (config.vocab_size != octuple::kVocabularySize) {
    reader.mistake("vocab_size",
                   fmt::format("must be {}, the size of the OctupleMIDI dictionary, is {}", octuple::kVocabularySize, config.vocab_size));
  }
  if (config.hidden_size % config.num_attention_heads != 0) {
    reader.mistake("num_attention_heads", fmt::format("{} does not divide hidden_size {}", config.num_attention_heads, config.hidden_size));
  }
  if (config.max_position_embeddings < kFewestPositions) {
    reader.mistake("max_position_embeddings", fmt::format("must be at least {}, is {}", kFewestPositions, config.max_position_embeddings));
  }
  reader.finish();
  return config;
}

void MusicBertConfig::write(const fs::path& directory) const {
  const OrderedJson json = {{"model_type", "musicbert"},
                            {"vocab_size", vocab_size},
                            {"hidden_size", hidden_size},
                            {"num_hidden_layers", num_hidden_layers},
                            {"num_attention_heads", num_attention_heads},
                            {"intermediate_size", intermediate_size},
                            {"max_position_embeddings", max_position_embeddings},
                            {"layer_norm_eps", layer_norm_eps}};
  write_atomically(directory / "config.json", json.dump(2) + "\n");
}

}  // namespace midillama::shapes
