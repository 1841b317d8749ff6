// Any bytes -> the values of pickles in a row, as torch.save's older files have them. Errors must be typed; whatever is accepted must keep
// these promises: every item is a value of the same pickle (containers may hold themselves), and every tensor's elements lie in its
// storage.
#include "midillama/core/error.h"
#include "midillama/weights/pickle.h"

#include <cstdio>
#include <cstdlib>
#include <set>

namespace {

using namespace midillama;
using weights::PickleValue;

void require(bool holds, const char* promise) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

void check_tensor(const weights::PickleTensor& tensor) {
  require(tensor.sizes.size() == tensor.strides.size(), "a stride for every size");
  std::int64_t last = tensor.offset, count = 1;
  for (std::size_t i = 0; i < tensor.sizes.size(); ++i) {
    require(tensor.sizes[i] >= 0 && tensor.strides[i] >= 0, "sizes and strides are not negative");
    count *= tensor.sizes[i];
    last += (tensor.sizes[i] - 1) * tensor.strides[i];
  }
  require(count == 0 || (last < tensor.storage.elements && count <= tensor.storage.elements), "a tensor lies in its storage");
}

// Every value that can be reached; their texts are touched.
std::size_t walk(const PickleValue& root) {
  std::set<const PickleValue*> seen = {&root};
  std::vector<const PickleValue*> open = {&root};
  std::size_t bytes = 0;
  const auto add = [&](const PickleValue* value) {
    require(value != nullptr, "items are values");
    if (seen.insert(value).second) open.push_back(value);
  };
  while (!open.empty()) {
    const PickleValue& value = *open.back();
    open.pop_back();
    if (const auto* text = value.get<weights::PickleText>()) {
      for (const char c : text->text) bytes += c != 0;
    } else if (const auto* tensor = value.get<weights::PickleTensor>()) {
      check_tensor(*tensor);
    } else if (const auto* sequence = value.get<weights::PickleSequence>()) {
      for (const PickleValue* item : sequence->items) add(item);
    } else if (const auto* dict = value.get<weights::PickleDict>()) {
      for (const auto& [key, item] : dict->entries) add(key), add(item);
      weights::find(value, "model");
    } else if (const auto* opaque = value.get<weights::PickleOpaque>()) {
      for (const PickleValue* part : opaque->parts) add(part);
      for (const char c : opaque->name) bytes += c != 0;
    }
  }
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    while (!bytes.empty()) {
      const weights::Pickle pickle(bytes, "fuzz", "");
      require(pickle.size() > 0 && pickle.size() <= bytes.size(), "a pickle ends in its bytes");
      walk(pickle.root());
      bytes.remove_prefix(pickle.size());
    }
  } catch (const InputError&) {
  }
  return 0;
}
