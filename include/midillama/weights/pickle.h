// Python's pickle format, read without Python: a stream of instructions for a small stack machine, of which those that build plain values,
// containers and tensors are followed. Nothing is ever imported or called. What a file would make by calling anything else (an
// argparse.Namespace, an enum, os.system) becomes an opaque value that keeps the name of what would have been called.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace midillama::weights {

// Texts and bytes are views of the pickle; items are pointers to values of the same Pickle. A container may hold itself.
struct PickleValue;
using PickleItems = std::vector<const PickleValue*>;

struct PickleText {
  std::string_view text;
};
struct PickleBytes {
  std::string_view bytes;
};
// An integer of more than 64 bits: two's complement, little-endian.
struct PickleBigInteger {
  std::string_view bytes;
};
struct PickleSequence {
  enum class Kind { list, tuple, set } kind;
  PickleItems items;
};
// In file order. A key may be there twice: the last one counts.
struct PickleDict {
  std::vector<std::pair<const PickleValue*, const PickleValue*>> entries;
};
// A class or function by its name, "collections.OrderedDict".
struct PickleGlobal {
  std::string_view name;
};
// A block of tensor data that is outside the pickle.
struct PickleStorage {
  std::string_view type;  // "FloatStorage"
  std::string_view key;
  std::int64_t elements = 0;
};
// A strided view of a storage. Every element lies inside it, and there are no more elements than the storage has.
struct PickleTensor {
  PickleStorage storage;
  std::int64_t offset = 0;  // in elements, as the strides
  std::vector<std::int64_t> sizes;
  std::vector<std::int64_t> strides;
};
struct PickleOpaque {
  std::string_view name;  // the class or function that was not called
  PickleItems parts;      // its arguments, its state (mostly a dict of attributes), its items
};

struct PickleValue {
  std::variant<std::monostate, bool, std::int64_t, double, PickleBigInteger, PickleText, PickleBytes, PickleSequence, PickleDict,
               PickleGlobal, PickleStorage, PickleTensor, PickleOpaque>
      value;  // std::monostate: None

  // Null where the value is of another kind.
  template <typename T>
  const T* get() const {
    return std::get_if<T>(&value);
  }
};

// The last value of a text key; null where `value` is no dict or lacks the key.
const PickleValue* find(const PickleValue& value, std::string_view key);

// One pickle of any binary protocol (2 to 5).
class Pickle {
 public:
  // Reads from the start of `bytes`, which must outlive the object, up to the pickle's end. `file` and `part` ("data.pkl", may be empty)
  // are named in errors: an InputError with the instruction's name and byte offset for whatever cannot be followed. Memory stays in
  // proportion to the instructions, of which there may be kMostInstructions.
  Pickle(std::string_view bytes, const std::string& file, const std::string& part);
  Pickle(Pickle&&) = default;

  static constexpr std::size_t kMostInstructions = 1 << 20;

  const PickleValue& root() const { return *root_; }
  // Bytes read: where the next pickle may begin.
  std::size_t size() const { return size_; }
  // Every storage that the pickle names, by its key.
  const std::map<std::string_view, PickleStorage>& storages() const { return storages_; }

 private:
  class Reader;

  std::deque<PickleValue> values_;  // owns all of them: containers that hold each other need no more
  std::deque<std::string> names_;
  std::map<std::string_view, PickleStorage> storages_;
  const PickleValue* root_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace midillama::weights
