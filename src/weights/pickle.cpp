#include "midillama/weights/pickle.h"

#include "midillama/core/error.h"
#include "pickle_opcodes.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <limits>
#include <optional>
#include <type_traits>
#include <unordered_map>

namespace midillama::weights {
namespace {

constexpr std::size_t kLongestName = 256;  // of a class or function
constexpr std::size_t kMostDimensions = 16;
constexpr unsigned kNewestProtocol = 5;

const PickleItems* tuple_items(const PickleValue* value) {
  const auto* sequence = value->get<PickleSequence>();
  return sequence != nullptr && sequence->kind == PickleSequence::Kind::tuple ? &sequence->items : nullptr;
}

// A tuple of numbers that are not negative.
std::optional<std::vector<std::int64_t>> to_sizes(const PickleValue* value) {
  const PickleItems* items = tuple_items(value);
  if (items == nullptr || items->size() > kMostDimensions) return std::nullopt;
  std::vector<std::int64_t> sizes;
  for (const PickleValue* item : *items) {
    const auto* size = item->get<std::int64_t>();
    if (size == nullptr || *size < 0) return std::nullopt;
    sizes.push_back(*size);
  }
  return sizes;
}

// Whether every element of the view lies inside the storage, of which it needs no more elements than there are.
bool fits(const PickleTensor& tensor) {
  std::int64_t count = 1, last = tensor.offset, reach = 0;
  bool empty = false;
  for (std::size_t i = 0; i < tensor.sizes.size(); ++i) {
    const std::int64_t size = std::max<std::int64_t>(tensor.sizes[i], 1);
    empty = empty || tensor.sizes[i] == 0;
    if (__builtin_mul_overflow(count, size, &count) || __builtin_mul_overflow(size - 1, tensor.strides[i], &reach) ||
        __builtin_add_overflow(last, reach, &last)) {
      return false;
    }
  }
  return empty || (last < tensor.storage.elements && count <= tensor.storage.elements);
}

}  // namespace

const PickleValue* find(const PickleValue& value, std::string_view key) {
  const auto* dict = value.get<PickleDict>();
  if (dict == nullptr) return nullptr;
  for (auto entry = dict->entries.rbegin(); entry != dict->entries.rend(); ++entry) {
    const auto* text = entry->first->get<PickleText>();
    if (text != nullptr && text->text == key) return entry->second;
  }
  return nullptr;
}

// The stack machine. Each instruction makes at most one value and moves the values that are on the stack.
class Pickle::Reader {
 public:
  Reader(Pickle& pickle, std::string_view bytes, const std::string& file, const std::string& part)
      : pickle_(pickle), bytes_(bytes), file_(file), part_(part) {}

  void run() {
    for (std::size_t count = 0;; ++count) {
      start_ = position_;
      opcode_ = static_cast<Opcode>(number<std::uint8_t>());
      if (count == kMostInstructions) fail(fmt::format("has more than {} instructions before it", kMostInstructions));
      if (opcode_ == Opcode::stop) break;
      if (!scalar() && !container() && !memory() && !object()) {
        fail(python_name(opcode_) == nullptr ? "is no pickle instruction" : "is not followed by this reader");
      }
    }
    pickle_.root_ = pop();
    if (!stack_.empty()) fail("leaves values on the stack");
    pickle_.size_ = position_;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    const char* name = python_name(opcode_);
    const std::string instruction = name != nullptr ? name : fmt::format("the byte 0x{:02x}", static_cast<unsigned>(opcode_));
    throw InputError(file_, fmt::format("{}{}byte {}", part_, part_.empty() ? "" : ", ", start_), fmt::format("{} {}", instruction, what));
  }

  // The instruction's arguments, as they follow it.
  std::string_view take(std::uint64_t count) {
    if (count > bytes_.size() - position_) {
      fail(fmt::format("needs {} more bytes where the pickle has {}", count, bytes_.size() - position_));
    }
    position_ += count;
    return bytes_.substr(position_ - count, count);
  }
  template <typename T>
  T number() {
    std::make_unsigned_t<T> value = 0;
    const std::string_view bytes = take(sizeof(T));
    for (std::size_t i = sizeof(T); i-- > 0;) value = static_cast<decltype(value)>(value << 8 | static_cast<unsigned char>(bytes[i]));
    return static_cast<T>(value);
  }
  std::string_view line() {
    const std::size_t end = bytes_.find('\n', position_);
    if (end == std::string_view::npos) fail("is not ended by a line break");
    std::string_view text = take(end + 1 - position_);
    text.remove_suffix(1);
    return text;
  }
  std::uint64_t length_of(std::int32_t length) {
    if (length < 0) fail("has a negative length");
    return static_cast<std::uint64_t>(length);
  }

  PickleValue* make(auto value) { return &pickle_.values_.emplace_back(PickleValue{std::move(value)}); }
  bool push(auto value) { return push_item(make(std::move(value))); }
  bool push_item(PickleValue* value) {
    stack_.push_back(value);
    return true;
  }
  PickleValue* top() {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) fail("needs a value that is not on the stack");
    return stack_.back();
  }
  PickleValue* pop() {
    PickleValue* value = top();
    stack_.pop_back();
    return value;
  }
  PickleItems pop(std::size_t count) {
    PickleItems items(count);
    for (std::size_t i = count; i-- > 0;) items[i] = pop();
    return items;
  }
  PickleItems pop_to_mark() {
    if (marks_.empty()) fail("needs a mark that is not on the stack");
    PickleItems items(stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back()), stack_.end());
    stack_.resize(marks_.back());
    marks_.pop_back();
    return items;
  }

  bool scalar() {
    switch (opcode_) {
      case Opcode::none:
        return push(std::monostate());
      case Opcode::newtrue:
        return push(true);
      case Opcode::newfalse:
        return push(false);
      case Opcode::binint:
        return push(std::int64_t{number<std::int32_t>()});
      case Opcode::binint1:
        return push(std::int64_t{number<std::uint8_t>()});
      case Opcode::binint2:
        return push(std::int64_t{number<std::uint16_t>()});
      case Opcode::long1:
        return integer(number<std::uint8_t>());
      case Opcode::long4:
        return integer(length_of(number<std::int32_t>()));
      case Opcode::binfloat:
        return push(std::bit_cast<double>(__builtin_bswap64(number<std::uint64_t>())));
      case Opcode::short_binstring:
      case Opcode::short_binunicode:
        return push(PickleText{take(number<std::uint8_t>())});
      case Opcode::binstring:
        return push(PickleText{take(length_of(number<std::int32_t>()))});
      case Opcode::binunicode:
        return push(PickleText{take(number<std::uint32_t>())});
      case Opcode::binunicode8:
        return push(PickleText{take(number<std::uint64_t>())});
      case Opcode::short_binbytes:
        return push(PickleBytes{take(number<std::uint8_t>())});
      case Opcode::binbytes:
        return push(PickleBytes{take(number<std::uint32_t>())});
      case Opcode::binbytes8:
      case Opcode::bytearray8:
        return push(PickleBytes{take(number<std::uint64_t>())});
      default:
        return false;
    }
  }

  bool integer(std::uint64_t length) {
    const std::string_view bytes = take(length);
    if (length > sizeof(std::int64_t)) return push(PickleBigInteger{bytes});
    std::uint64_t value = !bytes.empty() && (bytes.back() & 0x80) != 0 ? ~std::uint64_t{0} : 0;
    for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return push(static_cast<std::int64_t>(value));
  }

  bool container() {
    using Kind = PickleSequence::Kind;
    switch (opcode_) {
      case Opcode::empty_list:
        return push(PickleSequence{Kind::list, {}});
      case Opcode::empty_tuple:
        return push(PickleSequence{Kind::tuple, {}});
      case Opcode::empty_set:
        return push(PickleSequence{Kind::set, {}});
      case Opcode::empty_dict:
        return push(PickleDict());
      case Opcode::list:
        return push(PickleSequence{Kind::list, pop_to_mark()});
      case Opcode::tuple:
        return push(PickleSequence{Kind::tuple, pop_to_mark()});
      case Opcode::frozenset:
        return push(PickleSequence{Kind::set, pop_to_mark()});
      case Opcode::tuple1:
        return push(PickleSequence{Kind::tuple, pop(1)});
      case Opcode::tuple2:
        return push(PickleSequence{Kind::tuple, pop(2)});
      case Opcode::tuple3:
        return push(PickleSequence{Kind::tuple, pop(3)});
      case Opcode::dict:
        return push_dict(pop_to_mark());
      case Opcode::append:
        return add_items(pop(1), Kind::list);
      case Opcode::appends:
        return add_items(pop_to_mark(), Kind::list);
      case Opcode::additems:
        return add_items(pop_to_mark(), Kind::set);
      case Opcode::setitem:
        return set_items(pop(2));
      case Opcode::setitems:
        return set_items(pop_to_mark());
      default:
        return false;
    }
  }

  bool add_items(const PickleItems& items, PickleSequence::Kind kind) {
    auto* target = &top()->value;
    if (auto* sequence = std::get_if<PickleSequence>(target); sequence != nullptr && sequence->kind == kind) {
      sequence->items.insert(sequence->items.end(), items.begin(), items.end());
    } else if (auto* opaque = std::get_if<PickleOpaque>(target)) {
      opaque->parts.insert(opaque->parts.end(), items.begin(), items.end());
    } else {
      fail("finds no container that takes its values");
    }
    return true;
  }

  // Keys and values in turn.
  void append_entries(PickleDict& dict, const PickleItems& items) {
    if (items.size() % 2 != 0) fail("finds a key without a value");
    for (std::size_t i = 0; i < items.size(); i += 2) dict.entries.emplace_back(items[i], items[i + 1]);
  }
  bool push_dict(const PickleItems& items) {
    PickleDict dict;
    append_entries(dict, items);
    return push(std::move(dict));
  }
  bool set_items(const PickleItems& items) {
    auto* target = &top()->value;
    if (auto* dict = std::get_if<PickleDict>(target)) {
      append_entries(*dict, items);
    } else if (auto* opaque = std::get_if<PickleOpaque>(target)) {
      PickleDict entries;
      append_entries(entries, items);
      opaque->parts.push_back(make(std::move(entries)));
    } else {
      fail("finds no dict that takes its values");
    }
    return true;
  }

  // The stack itself and the memo, by which a value is named again.
  bool memory() {
    switch (opcode_) {
      case Opcode::proto:
        if (const unsigned protocol = number<std::uint8_t>(); protocol > kNewestProtocol) {
          fail(fmt::format("names protocol {}, the newest known one is {}", protocol, kNewestProtocol));
        }
        return true;
      case Opcode::frame:
        if (const auto length = number<std::uint64_t>(); length > bytes_.size() - position_) fail("is longer than the pickle");
        return true;
      case Opcode::mark:
        marks_.push_back(stack_.size());
        return true;
      case Opcode::pop_mark:
        pop_to_mark();
        return true;
      case Opcode::pop:
        pop();
        return true;
      case Opcode::dup:
        return push_item(top());
      case Opcode::memoize:
        memo_[memo_.size()] = top();
        return true;
      case Opcode::binput:
        memo_[number<std::uint8_t>()] = top();
        return true;
      case Opcode::long_binput:
        memo_[number<std::uint32_t>()] = top();
        return true;
      case Opcode::binget:
        return recall(number<std::uint8_t>());
      case Opcode::long_binget:
        return recall(number<std::uint32_t>());
      default:
        return false;
    }
  }

  bool recall(std::size_t index) {
    const auto found = memo_.find(index);
    if (found == memo_.end()) fail(fmt::format("asks for memo {}, where nothing was put", index));
    return push_item(found->second);
  }

  bool object() {
    switch (opcode_) {
      case Opcode::global: {
        const std::string_view module = line();
        return global(module, line());
      }
      case Opcode::stack_global: {
        const PickleItems names = pop(2);
        const auto *module = names[0]->get<PickleText>(), *name = names[1]->get<PickleText>();
        if (module == nullptr || name == nullptr) fail("needs two names");
        return global(module->text, name->text);
      }
      case Opcode::reduce:
      case Opcode::newobj: {
        const PickleItems call = pop(2);
        return push_item(build_object(call[0], {call[1]}));
      }
      case Opcode::newobj_ex: {
        const PickleItems call = pop(3);
        return push_item(build_object(call[0], {call[1], call[2]}));
      }
      case Opcode::build:
        return set_state(pop());
      case Opcode::binpersid:
        return storage(pop());
      default:
        return false;
    }
  }

  bool global(std::string_view module, std::string_view name) {
    if (module.size() + name.size() > kLongestName) fail(fmt::format("has a name of more than {} characters", kLongestName));
    return push(PickleGlobal{pickle_.names_.emplace_back(fmt::format("{}.{}", module, name))});
  }

  // What calling `function` would give, for the few functions that are known; an opaque value for all others.
  PickleValue* build_object(const PickleValue* function, PickleItems arguments) {
    std::string_view name;
    if (const auto* known = function->get<PickleGlobal>()) {
      name = known->name;
    } else if (const auto* opaque = function->get<PickleOpaque>()) {
      name = opaque->name;
    } else {
      fail("finds neither a class nor a function to call");
    }
    const PickleItems* items = arguments.size() == 1 ? tuple_items(arguments[0]) : nullptr;
    if (items != nullptr && function->get<PickleGlobal>() != nullptr) {
      if (name == "torch._utils._rebuild_tensor_v2") return make(tensor(*items));
      if (name == "torch._utils._rebuild_parameter" && !items->empty() && items->front()->get<PickleTensor>() != nullptr) {
        return make(*items->front()->get<PickleTensor>());
      }
      if (name == "collections.OrderedDict" && items->empty()) return make(PickleDict());
    }
    return make(PickleOpaque{name, std::move(arguments)});
  }

  // What a state adds to a dict or a tensor (hooks, the `_metadata` of a state dict) is of no use here.
  bool set_state(const PickleValue* state) {
    auto* target = &top()->value;
    if (auto* opaque = std::get_if<PickleOpaque>(target)) {
      opaque->parts.push_back(state);
    } else if (!std::holds_alternative<PickleDict>(*target) && !std::holds_alternative<PickleTensor>(*target)) {
      fail("finds no object that takes a state");
    }
    return true;
  }

  // torch.save's persistent id: ("storage", torch.FloatStorage, key, device, elements), in old files with None after it.
  bool storage(const PickleValue* id) {
    constexpr std::string_view kModule = "torch.";
    const PickleItems* parts = tuple_items(id);
    if (parts == nullptr || parts->size() < 5) fail("is not the id of a tensor's storage");
    const auto *what = parts->at(0)->get<PickleText>(), *key = parts->at(2)->get<PickleText>();
    const auto* type = parts->at(1)->get<PickleGlobal>();
    const auto* elements = parts->at(4)->get<std::int64_t>();
    if (what == nullptr || what->text != "storage" || type == nullptr || !type->name.starts_with(kModule) || key == nullptr ||
        elements == nullptr || *elements < 0) {
      fail("is not the id of a tensor's storage");
    }
    if (parts->size() > 5 && parts->at(5)->get<std::monostate>() == nullptr)
      fail("names a part of a storage, which only very old files do");
    const PickleStorage storage{type->name.substr(kModule.size()), key->text, *elements};
    const auto [known, is_new] = pickle_.storages_.emplace(key->text, storage);
    if (known->second.type != storage.type || known->second.elements != storage.elements) {
      fail(fmt::format("gives the storage \"{}\" two types or lengths", key->text));
    }
    return push(storage);
  }

  // What a view says of its elements (conj, neg) instead of writing them so.
  void refuse_properties(const PickleItems& arguments) {
    constexpr std::size_t kMetadata = 6;
    const auto* metadata = arguments.size() > kMetadata ? arguments[kMetadata]->get<PickleDict>() : nullptr;
    if (metadata == nullptr) return;
    for (const auto& [name, value] : metadata->entries) {
      const auto* is_set = value->get<bool>();
      const auto* text = name->get<PickleText>();
      if (is_set == nullptr || *is_set) fail(fmt::format("builds a view with the property {}", text == nullptr ? "?" : text->text));
    }
  }

  // _rebuild_tensor_v2(storage, offset, sizes, strides, requires_grad, backward_hooks, metadata)
  PickleTensor tensor(const PickleItems& arguments) {
    const auto* storage = arguments.size() < 4 ? nullptr : arguments[0]->get<PickleStorage>();
    const auto* offset = storage == nullptr ? nullptr : arguments[1]->get<std::int64_t>();
    if (offset == nullptr || *offset < 0) fail("builds a tensor from something else than a storage and an offset");
    auto sizes = to_sizes(arguments[2]), strides = to_sizes(arguments[3]);
    if (!sizes || !strides || sizes->size() != strides->size()) fail("builds a tensor whose sizes and strides do not fit together");
    refuse_properties(arguments);
    PickleTensor tensor{*storage, *offset, std::move(*sizes), std::move(*strides)};
    if (!fits(tensor)) fail(fmt::format("builds a tensor that reaches beyond the {} elements of its storage", storage->elements));
    return tensor;
  }

  Pickle& pickle_;
  std::string_view bytes_;
  const std::string& file_;
  const std::string& part_;
  std::size_t position_ = 0;
  std::size_t start_ = 0;  // of the instruction at hand
  Opcode opcode_{};
  std::vector<PickleValue*> stack_;
  std::vector<std::size_t> marks_;  // heights of the stack
  std::unordered_map<std::size_t, PickleValue*> memo_;
};

Pickle::Pickle(std::string_view bytes, const std::string& file, const std::string& part) {
  Reader(*this, bytes, file, part).run();
}

}  // namespace midillama::weights
