#include "midillama/weights/torch_file.h"

#include "midillama/core/error.h"
#include "midillama/core/mapped_file.h"

#include <c10/util/Exception.h>

#include <caffe2/serialize/inline_container.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace midillama::weights {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kZipMagic = "PK\x03\x04";
constexpr std::string_view kPickleMagic = "\x80";
constexpr std::string_view kOldMagic = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";  // of the format before zip archives
constexpr std::int64_t kOldProtocol = 1001;

struct StorageType {
  std::string_view name;
  torch::ScalarType dtype;
};
constexpr std::array<StorageType, 10> kStorageTypes = {{{"DoubleStorage", torch::kFloat64},
                                                        {"FloatStorage", torch::kFloat32},
                                                        {"HalfStorage", torch::kFloat16},
                                                        {"BFloat16Storage", torch::kBFloat16},
                                                        {"LongStorage", torch::kInt64},
                                                        {"IntStorage", torch::kInt32},
                                                        {"ShortStorage", torch::kInt16},
                                                        {"CharStorage", torch::kInt8},
                                                        {"ByteStorage", torch::kUInt8},
                                                        {"BoolStorage", torch::kBool}}};

std::optional<torch::ScalarType> dtype_of(std::string_view storage_type) {
  for (const StorageType& known : kStorageTypes) {
    if (known.name == storage_type) return known.dtype;
  }
  return std::nullopt;
}

std::string place_of(std::string_view key) {
  return fmt::format("storage \"{}\"", key);
}

}  // namespace

class TorchFile::Contents {
 public:
  Contents(fs::path path, std::uint64_t file_bytes) : path_(std::move(path)), budget_(file_bytes) {}
  virtual ~Contents() = default;
  virtual const PickleValue& root() const = 0;

  // [elements], the whole storage.
  const torch::Tensor& storage(const PickleStorage& wanted) {
    const auto known = storages_.find(wanted.key);
    if (known != storages_.end()) return known->second;
    const auto dtype = dtype_of(wanted.type);
    if (!dtype) fail(place_of(wanted.key), fmt::format("tensors of the type {} are not supported", wanted.type));
    std::uint64_t bytes = 0;
    if (__builtin_mul_overflow(static_cast<std::uint64_t>(wanted.elements), c10::elementSize(*dtype), &bytes) || bytes > budget_) {
      fail(place_of(wanted.key), fmt::format("{} elements of {} are more than the file holds", wanted.elements, wanted.type));
    }
    budget_ -= bytes;
    torch::Tensor tensor = torch::empty({wanted.elements}, *dtype);
    read(wanted, {static_cast<char*>(tensor.data_ptr()), bytes});
    return storages_.emplace(wanted.key, std::move(tensor)).first->second;
  }

 protected:
  struct Destination {
    char* begin;
    std::size_t size;
  };
  virtual void read(const PickleStorage& storage, Destination destination) = 0;

  [[noreturn]] void fail(const std::string& place, const std::string& what) const { throw InputError(path_.string(), place, what); }
  std::string file() const { return path_.string(); }
  std::uint64_t budget() const { return budget_; }

 private:
  fs::path path_;
  std::uint64_t budget_;  // bytes that storages may still take
  std::map<std::string, torch::Tensor, std::less<>> storages_;
};

// A zip archive: data.pkl, and data/KEY for each storage.
class TorchFile::Archive final : public Contents {
 public:
  Archive(const fs::path& path, std::uint64_t file_bytes) : Contents(path, file_bytes) {
    guarded([&] { reader_.emplace(path.string()); });
    if (has("byteorder") && text("byteorder") != "little") fail("byteorder", "only little-endian files are supported");
    if (!has("data.pkl")) fail("", "holds no data.pkl: torch.save did not write it");
    bytes_ = text("data.pkl");
    pickle_.emplace(bytes_, file(), "data.pkl");
  }
  const PickleValue& root() const override { return pickle_->root(); }

 private:
  // The archive reader's own errors say what is wrong, but not with which file.
  void guarded(const std::function<void()>& body) const {
    try {
      body();
    } catch (const c10::Error& error) {
      fail("", fmt::format("cannot be read as a zip archive ({})", error.what_without_backtrace()));
    } catch (const std::logic_error& error) {  // a version that is no number
      fail("", fmt::format("cannot be read as a zip archive ({})", error.what()));
    }
  }

  bool has(const std::string& record) {
    bool found = false;
    guarded([&] { found = reader_->hasRecord(record); });
    return found;
  }
  std::uint64_t size_of(const std::string& record) {
    std::uint64_t size = 0;
    guarded([&] { size = reader_->getRecordSize(record); });
    return size;
  }
  std::string text(const std::string& record) {
    const std::uint64_t size = size_of(record);
    if (size > budget()) fail(record, fmt::format("its {} bytes are more than the file holds", size));
    std::string bytes(size, '\0');
    guarded([&] { reader_->getRecord(record, bytes.data(), bytes.size()); });
    return bytes;
  }

  void read(const PickleStorage& storage, Destination destination) override {
    const std::string record = fmt::format("data/{}", storage.key);
    if (!has(record)) fail(place_of(storage.key), fmt::format("there is no {} in the archive", record));
    if (size_of(record) != destination.size) {
      fail(place_of(storage.key), fmt::format("{} holds {} bytes, {} elements of {} need {}", record, size_of(record), storage.elements,
                                              storage.type, destination.size));
    }
    guarded([&] { reader_->getRecord(record, destination.begin, destination.size); });
  }

  std::optional<caffe2::serialize::PyTorchStreamReader> reader_;
  std::string bytes_;
  std::optional<Pickle> pickle_;
};

// Pickles in a row: a magic number, a protocol version, the machine's properties, the values, the storages' keys; then for each key the
// number of elements (8 bytes) and the elements.
class TorchFile::Pickles final : public Contents {
 public:
  Pickles(const fs::path& path, std::uint64_t file_bytes) : Contents(path, file_bytes), mapped_(path) {
    const Pickle magic = next("magic number");
    const auto* number = magic.root().get<PickleBigInteger>();
    if (number == nullptr || number->bytes != kOldMagic) fail("byte 0", "does not begin with torch.save's magic number");
    const Pickle protocol = next("protocol version");
    const auto* version = protocol.root().get<std::int64_t>();
    if (version == nullptr || *version != kOldProtocol) fail("protocol version", fmt::format("only {} is supported", kOldProtocol));
    const Pickle system = next("system");
    const PickleValue* little_endian = find(system.root(), "little_endian");
    const bool* is_little_endian = little_endian == nullptr ? nullptr : little_endian->get<bool>();
    if (is_little_endian == nullptr || !*is_little_endian) fail("system", "only little-endian files are supported");
    pickle_.emplace(next("values"));
    const Pickle keys = next("storage keys");
    find_storages(keys.root());
  }
  const PickleValue& root() const override { return pickle_->root(); }

 private:
  Pickle next(const char* part) {
    Pickle pickle(mapped_.bytes().substr(position_), file(), fmt::format("{} at byte {}", part, position_));
    position_ += pickle.size();
    return pickle;
  }

  void find_storages(const PickleValue& keys) {
    const auto* list = keys.get<PickleSequence>();
    if (list == nullptr) fail("storage keys", "are no list");
    for (const PickleValue* item : list->items) {
      const auto* key = item->get<PickleText>();
      const auto storage = key == nullptr ? pickle_->storages().end() : pickle_->storages().find(key->text);
      if (storage == pickle_->storages().end()) fail("storage keys", "name a storage that no value uses");
      add_storage(storage->second);
    }
  }
  void add_storage(const PickleStorage& storage) {
    const auto dtype = dtype_of(storage.type);
    if (!dtype) fail(place_of(storage.key), fmt::format("tensors of the type {} are not supported", storage.type));
    std::int64_t elements = 0;
    const std::string_view rest = mapped_.bytes().substr(position_);
    if (rest.size() >= sizeof(elements)) std::memcpy(&elements, rest.data(), sizeof(elements));
    if (rest.size() < sizeof(elements) || elements != storage.elements ||
        static_cast<std::uint64_t>(elements) > (rest.size() - sizeof(elements)) / c10::elementSize(*dtype)) {
      fail(place_of(storage.key), fmt::format("the {} elements of {} are not at byte {}", storage.elements, storage.type, position_));
    }
    offsets_[storage.key] = position_ + sizeof(elements);
    position_ += sizeof(elements) + static_cast<std::uint64_t>(elements) * c10::elementSize(*dtype);
  }

  void read(const PickleStorage& storage, Destination destination) override {
    const auto offset = offsets_.find(storage.key);
    if (offset == offsets_.end()) fail(place_of(storage.key), "is not in the file");
    std::ranges::copy(mapped_.bytes().substr(offset->second, destination.size), destination.begin);
  }

  MappedFile mapped_;
  std::size_t position_ = 0;
  std::optional<Pickle> pickle_;
  std::map<std::string_view, std::size_t> offsets_;
};

TorchFile::TorchFile(const fs::path& path) {
  const MappedFile mapped(path);
  const std::uint64_t size = mapped.bytes().size();
  if (mapped.bytes().starts_with(kZipMagic)) {
    contents_ = std::make_shared<Archive>(path, size);
  } else if (mapped.bytes().starts_with(kPickleMagic)) {
    contents_ = std::make_shared<Pickles>(path, size);
  } else {
    throw InputError(path.string(), "byte 0", "is neither a zip archive nor a pickle: torch.save writes one of these");
  }
}

const PickleValue& TorchFile::root() const {
  return contents_->root();
}

torch::Tensor TorchFile::tensor(const PickleTensor& tensor) const {
  return contents_->storage(tensor.storage).as_strided(tensor.sizes, tensor.strides, tensor.offset);
}

}  // namespace midillama::weights
