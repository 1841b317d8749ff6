#include "midillama/tools/convert_gguf.h"

#include "midillama/core/directory.h"
#include "midillama/core/file.h"
#include "midillama/core/json_text.h"
#include "midillama/core/progress.h"
#include "midillama/gguf/llama.h"
#include "midillama/gguf/tokenizer.h"
#include "midillama/weights/finite.h"
#include "midillama/weights/safetensors.h"

#include <fmt/format.h>

namespace midillama::tools {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kElementsAtOnce = 4 << 20;

torch::Tensor read_tensor(const gguf::File& file, const gguf::LlamaTensor& from, torch::ScalarType dtype) {
  const std::int64_t columns = from.tensor.columns(), rows = from.tensor.rows();
  const std::int64_t rows_at_once = std::max<std::int64_t>(kElementsAtOnce / columns, 1);
  const torch::Tensor all = torch::empty({rows, columns}, dtype);
  const torch::Tensor buffer = torch::empty({std::min(rows_at_once, rows), columns}, torch::kFloat32);
  for (std::int64_t row = 0; row < rows; row += rows_at_once) {
    const torch::Tensor part = buffer.narrow(0, 0, std::min(rows_at_once, rows - row));
    gguf::read_rows(file, from, row, {part.mutable_data_ptr<float>(), static_cast<std::size_t>(part.numel())});
    if (!weights::is_finite(part)) throw weights::not_finite(file.path(), from.source);
    if (!weights::is_finite(all.narrow(0, row, part.size(0)).copy_(part)))
      throw InputError(file.path(), from.source,
                       fmt::format("holds a number that is too large for {}: --dtype float32 keeps it", c10::toString(dtype)));
  }
  file.release(from.tensor);
  return all.view(from.tensor.shape);
}

OrderedJson generation_config(const gguf::TokenizerFiles& tokenizer) {
  OrderedJson json = OrderedJson::object();
  if (tokenizer.bos) json["bos_token_id"] = *tokenizer.bos;
  if (!tokenizer.eos.empty())
    json["eos_token_id"] = tokenizer.eos.size() == 1 ? OrderedJson(tokenizer.eos.front()) : OrderedJson(tokenizer.eos);
  if (tokenizer.pad) json["pad_token_id"] = *tokenizer.pad;
  return json;
}

void write_weights(const gguf::File& file, const gguf::Llama& llama, torch::ScalarType dtype, const fs::path& path) {
  std::map<std::string, weights::TensorInfo> infos;
  for (const auto& [name, from] : llama.tensors) infos.emplace(name, weights::TensorInfo{dtype, from.tensor.shape});
  Progress progress = Progress::when_long("converting " + file.path(), infos.size());
  const auto tensor_of = [&](const std::string& name) {
    progress.advance();
    return read_tensor(file, llama.tensors.at(name), dtype);
  };
  weights::write_safetensors(path, infos, tensor_of, {{"format", "pt"}});
}

}  // namespace

ConvertedGguf convert_gguf(const fs::path& path, const fs::path& directory, torch::ScalarType dtype) {
  require_new_directory(directory);
  const gguf::File file(path);
  gguf::Llama llama = gguf::read_llama(file);
  const gguf::TokenizerFiles tokenizer = gguf::read_tokenizer(file);
  if (tokenizer.vocab_size > llama.config.vocab_size) {
    throw InputError(file.path(), "tokenizer.ggml.tokens",
                     fmt::format("has {} items, but the embedding has {} rows", tokenizer.vocab_size, llama.config.vocab_size));
  }
  llama.config.bos_token_id = tokenizer.bos;
  llama.config.eos_token_ids = tokenizer.eos;
  write_new_directory(directory, [&](const fs::path& unfinished) {
    llama.config.write(unfinished);
    write_atomically(unfinished / "generation_config.json", json_text(generation_config(tokenizer), 2) + "\n");
    write_atomically(unfinished / "tokenizer.json", json_text(tokenizer.tokenizer, 2) + "\n");
    write_atomically(unfinished / "tokenizer_config.json", json_text(tokenizer.config, 2) + "\n");
    write_weights(file, llama, dtype, unfinished / "model.safetensors");
  });
  ConvertedGguf converted{llama.config, llama.tensors.size(), {}};
  for (const auto& [name, from] : llama.tensors) ++converted.types[std::string(from.tensor.type->name)];
  return converted;
}

}  // namespace midillama::tools
