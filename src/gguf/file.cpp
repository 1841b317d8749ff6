#include "midillama/gguf/file.h"

#include "gguf/cursor.h"
#include "midillama/core/error.h"
#include "midillama/core/mapped_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>
#include <utility>
#include <variant>

namespace midillama::gguf {
namespace {

constexpr std::string_view kMagic = "GGUF";
constexpr std::uint32_t kOldestVersion = 2, kNewestVersion = 3;
constexpr std::string_view kAlignmentKey = "general.alignment";
constexpr std::uint64_t kDefaultAlignment = 32;
constexpr std::uint32_t kMostDimensions = 4;
// The least that each takes in a file: a key with its type and one byte, a name with a dimension, type and offset, a text's length.
constexpr std::uint64_t kLeastPairBytes = 8 + 4 + 1, kLeastTensorBytes = 8 + 4 + 8 + 4 + 8, kLeastTextBytes = 8;

// The format's numbers of its values' types.
enum class ValueType : std::uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, text, array, u64, i64, f64 };

// A list as it is in the file: it takes no more memory until somebody asks for it.
struct List {
  ValueType type;
  std::uint64_t count;
  std::string_view bytes;
};

using Value = std::variant<bool, std::int64_t, std::uint64_t, double, std::string_view, List>;
using Values = std::map<std::string, Value, std::less<>>;
using Tensors = std::map<std::string, Tensor, std::less<>>;

// Calls visit(T()) where values of the type are numbers of type T; says whether they are.
template <typename Visit>
bool visit_number(ValueType type, Visit visit) {
  switch (type) {
    case ValueType::u8:
      return visit(std::uint8_t()), true;
    case ValueType::i8:
      return visit(std::int8_t()), true;
    case ValueType::u16:
      return visit(std::uint16_t()), true;
    case ValueType::i16:
      return visit(std::int16_t()), true;
    case ValueType::u32:
      return visit(std::uint32_t()), true;
    case ValueType::i32:
      return visit(std::int32_t()), true;
    case ValueType::u64:
      return visit(std::uint64_t()), true;
    case ValueType::i64:
      return visit(std::int64_t()), true;
    case ValueType::f32:
      return visit(float()), true;
    case ValueType::f64:
      return visit(double()), true;
    default:
      return false;
  }
}

[[noreturn]] void fail_type(const Cursor& cursor, ValueType type) {
  cursor.fail(fmt::format("there is no type of values with the number {}", static_cast<std::uint32_t>(type)));
}

// The least that an item of a list takes.
std::uint64_t least_bytes_of(ValueType type, const Cursor& cursor) {
  std::uint64_t bytes = type == ValueType::text ? kLeastTextBytes : 1;
  if (visit_number(type, [&](auto number) { bytes = sizeof(number); })) return bytes;
  if (type == ValueType::text || type == ValueType::boolean) return bytes;
  if (type == ValueType::array) cursor.fail("lists of lists are not supported");
  fail_type(cursor, type);
}

List read_list(Cursor& cursor, std::string_view file) {
  const auto type = static_cast<ValueType>(cursor.number<std::uint32_t>("a type"));
  const std::uint64_t item_bytes = least_bytes_of(type, cursor);
  const std::uint64_t count = cursor.count("items of a list", item_bytes);
  const std::size_t begin = cursor.position();
  if (type == ValueType::text) {
    for (std::uint64_t i = 0; i < count; ++i) cursor.text("a text");
  } else {
    cursor.take(count * item_bytes, "a list");
  }
  return {type, count, file.substr(begin, cursor.position() - begin)};
}

template <typename T>
Value as_value(T number) {
  if constexpr (std::is_floating_point_v<T>) {
    return double{number};
  } else {
    return std::in_range<std::int64_t>(number) ? Value(static_cast<std::int64_t>(number)) : Value(static_cast<std::uint64_t>(number));
  }
}

Value read_value(Cursor& cursor, std::string_view file) {
  const auto type = static_cast<ValueType>(cursor.number<std::uint32_t>("a type"));
  if (type == ValueType::boolean) return cursor.number<std::uint8_t>("a truth value") != 0;
  if (type == ValueType::text) return cursor.text("a text");
  if (type == ValueType::array) return read_list(cursor, file);
  Value value;
  if (!visit_number(type, [&](auto number) { value = as_value(cursor.number<decltype(number)>("a number")); })) fail_type(cursor, type);
  return value;
}

template <typename T>
T item_of(const List& list, std::uint64_t index) {
  T item;
  std::memcpy(&item, list.bytes.data() + index * sizeof(T), sizeof(T));
  return item;
}

Values read_values(Cursor& cursor, std::uint64_t count, std::string_view file) {
  Values values;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string key(cursor.text("a key"));
    if (!values.emplace(key, read_value(cursor, file)).second) cursor.fail(fmt::format("the key {} was there before", key));
  }
  return values;
}

// Where a tensor begins is counted from the end of the header, which is not known yet.
Tensor read_tensor(Cursor& cursor, const std::string& name, const std::string& file) {
  const auto fail = [&](const std::string& what) { throw InputError(file, name, what); };
  const auto dimensions = cursor.number<std::uint32_t>("a number of dimensions");
  if (dimensions < 1 || dimensions > kMostDimensions)
    fail(fmt::format("has {} dimensions; 1 to {} are possible", dimensions, kMostDimensions));
  Tensor tensor;
  std::uint64_t elements = 1;
  for (std::uint32_t i = 0; i < dimensions; ++i) {
    const auto size = cursor.number<std::uint64_t>("a dimension");
    if (size < 1 || __builtin_mul_overflow(elements, size, &elements) || elements > std::uint64_t{1} << 60) {
      fail(fmt::format("a dimension of {} is not possible", size));
    }
    tensor.shape.insert(tensor.shape.begin(), static_cast<std::int64_t>(size));
  }
  const auto type = cursor.number<std::uint32_t>("a type");
  tensor.type = find_type(type);
  if (tensor.type == nullptr) {
    fail(fmt::format("is of type {}, which is not supported; {} are: llama.cpp's llama-quantize makes them of a file in F16 or BF16",
                     name_of_type(type), readable_types()));
  }
  if (static_cast<std::uint64_t>(tensor.columns()) % tensor.type->block_elements != 0) {
    fail(fmt::format("rows of {} elements are not made of blocks of {}, as {} has", tensor.columns(), tensor.type->block_elements,
                     tensor.type->name));
  }
  tensor.bytes = elements / tensor.type->block_elements * tensor.type->block_bytes;
  tensor.begin = cursor.number<std::uint64_t>("an offset");
  return tensor;
}

Tensors read_tensors(Cursor& cursor, std::uint64_t count, const std::string& file) {
  Tensors tensors;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string name(cursor.text("a tensor's name"));
    if (!tensors.emplace(name, read_tensor(cursor, name, file)).second) throw InputError(file, name, "is there twice");
  }
  return tensors;
}

void require_apart(const Tensors& tensors, const std::string& file) {
  std::vector<const Tensors::value_type*> in_order;
  for (const auto& entry : tensors) in_order.push_back(&entry);
  std::ranges::sort(in_order, {}, [](const auto* entry) { return entry->second.begin; });
  for (std::size_t i = 1; i < in_order.size(); ++i) {
    const auto& [name, before] = *in_order[i - 1];
    if (before.begin + before.bytes > in_order[i]->second.begin) throw InputError(file, in_order[i]->first, "overlaps " + name);
  }
}

// From offsets in the data part to places in the file.
void place_tensors(Tensors& tensors, std::uint64_t header, std::uint64_t alignment, std::uint64_t file_bytes, const std::string& file) {
  const std::uint64_t data = (header + alignment - 1) / alignment * alignment;
  for (auto& [name, tensor] : tensors) {
    if (tensor.begin % alignment != 0) {
      throw InputError(file, name, fmt::format("the offset {} is no multiple of the alignment {}", tensor.begin, alignment));
    }
    if (data > file_bytes || tensor.begin > file_bytes - data || tensor.bytes > file_bytes - data - tensor.begin) {
      throw InputError(file, name,
                       fmt::format("{} bytes at offset {} of the data, which begin at byte {}, do not fit a file of {} bytes: is it whole?",
                                   tensor.bytes, tensor.begin, data, file_bytes));
    }
    tensor.begin += data;
  }
}

std::uint64_t alignment_of(const Values& values, const std::string& file) {
  const auto found = values.find(kAlignmentKey);
  if (found == values.end()) return kDefaultAlignment;
  const auto* alignment = std::get_if<std::int64_t>(&found->second);
  if (alignment == nullptr || *alignment < 1 || *alignment > 1 << 30 || !std::has_single_bit(static_cast<std::uint64_t>(*alignment))) {
    throw InputError(file, std::string(kAlignmentKey), "must be a power of two");
  }
  return static_cast<std::uint64_t>(*alignment);
}

void read_version(Cursor& cursor) {
  if (cursor.left() < kMagic.size() || cursor.take(kMagic.size(), "the first word") != kMagic) {
    cursor.fail("a GGUF file begins with \"GGUF\", this one does not");
  }
  const auto version = cursor.number<std::uint32_t>("the version");
  if (version >= kOldestVersion && version <= kNewestVersion) return;
  if (version != 0 && version % 0x10000 == 0) cursor.fail("the file is big-endian, little-endian is supported: convert the model again");
  cursor.fail(fmt::format("version {} of the format is not supported, {} and {} are: convert the model again", version, kOldestVersion,
                          kNewestVersion));
}

}  // namespace

struct File::Contents {
  explicit Contents(const std::filesystem::path& path) : mapped(path) {
    Cursor cursor(mapped.bytes(), mapped.path());
    read_version(cursor);
    const std::uint64_t tensor_count = cursor.count("tensors", kLeastTensorBytes);
    values = read_values(cursor, cursor.count("values", kLeastPairBytes), mapped.bytes());
    tensors = read_tensors(cursor, tensor_count, mapped.path());
    place_tensors(tensors, cursor.position(), alignment_of(values, mapped.path()), mapped.bytes().size(), mapped.path());
    require_apart(tensors, mapped.path());
  }

  [[noreturn]] void fail(std::string_view key, const char* wanted) const {
    throw InputError(mapped.path(), std::string(key), fmt::format("must be {}", wanted));
  }

  template <typename T>
  std::optional<T> get(std::string_view key, const char* wanted) const {
    const auto found = values.find(key);
    if (found == values.end()) return std::nullopt;
    if (const T* value = std::get_if<T>(&found->second)) return *value;
    fail(key, wanted);
  }

  // The items of a list whose type `is_wanted`.
  template <typename T, typename IsWanted>
  std::optional<std::vector<T>> list(std::string_view key, const char* wanted, IsWanted is_wanted) const {
    const auto found = get<List>(key, wanted);
    if (!found) return std::nullopt;
    std::vector<T> items;
    const bool are_numbers = visit_number(found->type, [&](auto number) {
      if (!is_wanted(number)) fail(key, wanted);
      items.reserve(found->count);
      for (std::uint64_t i = 0; i < found->count; ++i) items.push_back(static_cast<T>(item_of<decltype(number)>(*found, i)));
    });
    if (!are_numbers) fail(key, wanted);
    return items;
  }

  MappedFile mapped;
  Values values;
  Tensors tensors;
};

File::File(const std::filesystem::path& path) : contents_(std::make_shared<const Contents>(path)) {}

const std::string& File::path() const {
  return contents_->mapped.path();
}

std::vector<std::string_view> File::keys() const {
  std::vector<std::string_view> keys;
  for (const auto& [key, value] : contents_->values) keys.emplace_back(key);
  return keys;
}

const std::map<std::string, Tensor, std::less<>>& File::tensors() const {
  return contents_->tensors;
}

std::optional<std::string_view> File::text(std::string_view key) const {
  return contents_->get<std::string_view>(key, "a text");
}
std::optional<std::int64_t> File::integer(std::string_view key) const {
  return contents_->get<std::int64_t>(key, "a whole number below 2^63");
}
std::optional<double> File::number(std::string_view key) const {
  return contents_->get<double>(key, "a number of a type with fractions");
}
std::optional<bool> File::flag(std::string_view key) const {
  return contents_->get<bool>(key, "true or false");
}

std::optional<Texts> File::texts(std::string_view key) const {
  constexpr const char* kWanted = "a list of texts";
  const auto list = contents_->get<List>(key, kWanted);
  if (!list) return std::nullopt;
  if (list->type != ValueType::text) contents_->fail(key, kWanted);
  Texts texts;
  texts.reserve(list->count);
  Cursor cursor(list->bytes, path());
  for (std::uint64_t i = 0; i < list->count; ++i) texts.push_back(cursor.text("a text"));
  return texts;
}

std::optional<std::vector<std::int64_t>> File::integers(std::string_view key) const {
  return contents_->list<std::int64_t>(key, "a list of whole numbers", [](auto number) { return std::is_integral_v<decltype(number)>; });
}

std::optional<std::vector<double>> File::numbers(std::string_view key) const {
  return contents_->list<double>(key, "a list of numbers of a type with fractions",
                                 [](auto number) { return std::is_floating_point_v<decltype(number)>; });
}

void File::read_rows(const Tensor& tensor, std::int64_t first_row, std::span<float> elements) const {
  const std::uint64_t row_bytes = tensor.bytes / static_cast<std::uint64_t>(tensor.rows());
  const std::uint64_t rows = elements.size() / static_cast<std::uint64_t>(tensor.columns());
  const std::uint64_t begin = tensor.begin + static_cast<std::uint64_t>(first_row) * row_bytes;
  dequantize(*tensor.type, contents_->mapped.bytes().substr(begin, rows * row_bytes), elements);
}

void File::release(const Tensor& tensor) const {
  contents_->mapped.release(tensor.begin, tensor.begin + tensor.bytes);
}

}  // namespace midillama::gguf
