// Any bytes as a GGUF file -> numbers, a Llama's tensors, a tokenizer -> ids. Errors must be typed; a tokenizer that is accepted gives ids
// of its vocabulary only.
#include "input_file.h"
#include "midillama/core/json_text.h"
#include "midillama/core/log.h"
#include "midillama/gguf/llama.h"
#include "midillama/gguf/tokenizer.h"

#include <cstdio>
#include <cstdlib>

namespace {

using namespace midillama;

template <typename Function>
void allowing_errors(Function&& function) {
  try {
    function();
  } catch (const Error&) {
  }
}

void take_numbers(const gguf::File& file) {
  for (const auto& [name, tensor] : file.tensors()) {
    if (tensor.shape.size() > 2) continue;
    std::vector<float> elements(static_cast<std::size_t>(tensor.rows() * tensor.columns()));
    file.read_rows(tensor, 0, elements);
  }
}

void take_llama(const gguf::File& file) {
  const gguf::Llama llama = gguf::read_llama(file);
  for (const auto& [name, tensor] : llama.tensors) {
    std::vector<float> elements(static_cast<std::size_t>(tensor.tensor.rows() * tensor.tensor.columns()));
    gguf::read_rows(file, tensor, 0, elements);
  }
}

void take_tokenizer(const gguf::File& file) {
  const std::string json = json_text(gguf::read_tokenizer(file).tokenizer);
  const auto tokenizer =
      text::load_tokenizer(fuzz::as_file(reinterpret_cast<const std::uint8_t*>(json.data()), json.size(), "tokenizer.json"));
  for (const auto id : tokenizer->encode("It is a reel in G major, isn't it?\n\n  Yes 6/8 <|eot_id|> Gr\xc3\xbc\xc3\x9f"
                                         "e \xff")) {
    if (id >= 0 && id < tokenizer->vocab_size()) continue;
    std::fprintf(stderr, "broken promise: ids are of the vocabulary\n");
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool quiet = (log::set_level(log::Level::error), true);
  (void)quiet;
  allowing_errors([&] {
    const gguf::File file(fuzz::as_file(data, size, "fuzz.gguf"));
    allowing_errors([&] { take_numbers(file); });
    allowing_errors([&] { take_llama(file); });
    allowing_errors([&] { take_tokenizer(file); });
  });
  return 0;
}
