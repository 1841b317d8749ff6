#include "safetensors_header.h"

#include "midillama/core/file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <limits>

namespace midillama::weights {
namespace {

constexpr std::size_t kMaxDimensions = 64;

struct DtypeName {
  const char* name;
  torch::ScalarType dtype;
};
constexpr std::array<DtypeName, 10> kDtypes = {{{"F64", torch::kFloat64},
                                                {"F32", torch::kFloat32},
                                                {"F16", torch::kFloat16},
                                                {"BF16", torch::kBFloat16},
                                                {"I64", torch::kInt64},
                                                {"I32", torch::kInt32},
                                                {"I16", torch::kInt16},
                                                {"I8", torch::kInt8},
                                                {"U8", torch::kUInt8},
                                                {"BOOL", torch::kBool}}};

// Events of the JSON parser → header. Anything out of place stops the parse with an InputError, so nesting is bounded by the format itself.
class HeaderReader final : public nlohmann::json_sax<Json> {
 public:
  explicit HeaderReader(const std::string& file) : file_(file) {}
  Header take() { return std::move(header_); }

  bool start_object(std::size_t) override {
    if (state_ == State::start) return enter(State::root);
    if (state_ == State::entry && name_ == "__metadata__") return enter(State::metadata);
    if (state_ == State::entry) return enter(State::tensor);
    misplaced("an object");
  }

  bool key(std::string& key) override {
    if (state_ == State::root) {
      name_ = key;
      if (name_ == "__metadata__" ? std::exchange(has_metadata_, true) : header_.tensors.contains(name_))
        fail("stands twice in the header");
      return enter(State::entry);
    }
    if (state_ == State::metadata) {
      metadata_key_ = key;
      return enter(State::metadata_value);
    }
    return field(key);
  }

  bool string(std::string& value) override {
    if (state_ == State::metadata_value) {
      header_.metadata[metadata_key_] = value;
      return enter(State::metadata);
    }
    if (state_ != State::dtype) misplaced("a string");
    for (const DtypeName& known : kDtypes) {
      if (value == known.name) {
        tensor_.dtype = known.dtype;
        return enter(State::tensor);
      }
    }
    fail(fmt::format("the dtype \"{}\" is not supported", value));
  }

  bool start_array(std::size_t) override {
    if (state_ == State::shape) return enter(State::dimensions);
    if (state_ == State::offsets) return enter(State::offset_values);
    misplaced("an array");
  }

  bool number_unsigned(std::uint64_t value) override {
    if (state_ == State::dimensions) {
      if (tensor_.shape.size() == kMaxDimensions) fail(fmt::format("has more than {} dimensions", kMaxDimensions));
      if (value > std::numeric_limits<std::int64_t>::max()) fail("a dimension is too large");
      tensor_.shape.push_back(static_cast<std::int64_t>(value));
      return true;
    }
    if (state_ != State::offset_values) misplaced("a number");
    if (offset_count_ == 2) fail("data_offsets must be two numbers");
    (offset_count_++ == 0 ? tensor_.begin : tensor_.end) = value;
    return true;
  }

  bool end_array() override {
    if (state_ == State::offset_values && offset_count_ != 2) fail("data_offsets must be two numbers");
    return enter(State::tensor);
  }

  bool end_object() override {
    if (state_ == State::tensor) {
      if (!has_dtype_ || !has_shape_ || !has_offsets_) fail("needs dtype, shape and data_offsets");
      header_.tensors.emplace(name_, std::exchange(tensor_, {}));
      has_dtype_ = has_shape_ = has_offsets_ = false;
      offset_count_ = 0;
    }
    return enter(state_ == State::root ? State::done : State::root);
  }

  bool null() override { misplaced("null"); }
  bool boolean(bool) override { misplaced("a truth value"); }
  bool number_integer(std::int64_t) override { misplaced("a negative number"); }
  bool number_float(double, const std::string&) override { misplaced("a fraction"); }
  bool binary(Json::binary_t&) override { misplaced("binary data"); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    throw InputError(file_, fmt::format("header, byte {}", position), "not valid JSON");
  }

 private:
  enum class State { start, root, entry, metadata, metadata_value, tensor, dtype, shape, dimensions, offsets, offset_values, done };

  bool enter(State state) {
    state_ = state;
    return true;
  }

  bool field(const std::string& key) {
    const auto once = [&](bool& seen, State next) {
      if (std::exchange(seen, true)) fail(fmt::format("\"{}\" stands twice", key));
      return enter(next);
    };
    if (key == "dtype") return once(has_dtype_, State::dtype);
    if (key == "shape") return once(has_shape_, State::shape);
    if (key == "data_offsets") return once(has_offsets_, State::offsets);
    fail(fmt::format("the key \"{}\" is unknown; dtype, shape and data_offsets are expected", key));
  }

  [[noreturn]] void fail(const std::string& what) const { throw InputError(file_, name_.empty() ? "header" : name_, what); }
  [[noreturn]] void misplaced(const char* what) const { fail(fmt::format("{} stands where the format does not allow one", what)); }

  const std::string& file_;
  Header header_;
  State state_ = State::start;
  std::string name_;
  std::string metadata_key_;
  TensorInfo tensor_{};
  bool has_metadata_ = false;
  bool has_dtype_ = false;
  bool has_shape_ = false;
  bool has_offsets_ = false;
  int offset_count_ = 0;
};

// Bytes that shape and dtype ask for; nothing where the product does not fit.
std::optional<std::uint64_t> byte_count(const TensorInfo& info) {
  std::int64_t extent =
      static_cast<std::int64_t>(c10::elementSize(info.dtype));  // strides must fit as well, so an empty dimension counts as 1
  bool empty = false;
  for (const std::int64_t dimension : info.shape) {
    empty = empty || dimension == 0;
    if (__builtin_mul_overflow(extent, std::max<std::int64_t>(dimension, 1), &extent)) return std::nullopt;
  }
  return empty ? 0 : static_cast<std::uint64_t>(extent);
}

void check_sizes(const Header& header, const std::string& file) {
  for (const auto& [name, info] : header.tensors) {
    const auto bytes = byte_count(info);
    if (!bytes) throw InputError(file, name, fmt::format("the shape [{}] is too large", fmt::join(info.shape, ", ")));
    if (info.end < info.begin || info.end - info.begin != *bytes) {
      throw InputError(file, name,
                       fmt::format("data_offsets [{}, {}] do not hold the {} bytes of shape [{}]", info.begin, info.end, *bytes,
                                   fmt::join(info.shape, ", ")));
    }
  }
}

void check_coverage(const Header& header, std::uint64_t data_bytes, const std::string& file) {
  std::vector<std::pair<std::string, const TensorInfo*>> by_offset;
  for (const auto& [name, info] : header.tensors) by_offset.emplace_back(name, &info);
  std::ranges::sort(by_offset, {}, [](const auto& entry) { return std::pair(entry.second->begin, entry.second->end); });
  std::uint64_t expected = 0;
  for (const auto& [name, info] : by_offset) {
    if (info->begin != expected) {
      throw InputError(
          file, name,
          fmt::format("data_offsets begin at {}, {} was expected: tensors may neither overlap nor leave holes", info->begin, expected));
    }
    expected = info->end;
  }
  if (expected != data_bytes) {
    throw InputError(file, "", fmt::format("the header describes {} bytes of data, the file holds {}", expected, data_bytes));
  }
}

}  // namespace

Header parse_header(std::string_view json, std::uint64_t data_bytes, const std::string& file) {
  HeaderReader reader(file);
  if (!json.starts_with('{')) throw InputError(file, "header", "does not begin with '{': this is not a safetensors file");
  Json::sax_parse(json, &reader);
  Header header = reader.take();
  check_sizes(header, file);
  check_coverage(header, data_bytes, file);
  return header;
}

std::string dtype_name(torch::ScalarType dtype) {
  for (const DtypeName& known : kDtypes) {
    if (known.dtype == dtype) return known.name;
  }
  throw Error(fmt::format("safetensors files hold no tensors of type {}", c10::toString(dtype)));
}

}  // namespace midillama::weights
