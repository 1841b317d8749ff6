#include "midillama/core/json_reader.h"

#include "midillama/core/json_reason.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>
#include <utility>
#include <vector>

namespace midillama {
namespace {

constexpr std::size_t kDeepest = 500;  // lists and objects in each other

bool is_too_deep(std::string_view json) {
  return json_extent(json).depth > kDeepest;
}

[[noreturn]] void refuse(const std::string& file, std::size_t byte, const nlohmann::detail::exception& error) {
  throw InputError(file, fmt::format("byte {}", byte), fmt::format("not valid JSON ({})", reason_of(error)));
}

// Makes a value of what the library's parser finds. Its own way looks through an object's keys one by one for each that comes.
class OrderedReader final : public nlohmann::json_sax<OrderedJson> {
 public:
  explicit OrderedReader(const std::string& file) : file_(file) {}

  OrderedJson result() { return std::move(result_); }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t& value) override { return add(std::move(value)); }
  bool start_array(std::size_t) override { return open(OrderedJson::array()); }
  bool end_array() override { return close(); }
  bool start_object(std::size_t) override { return open(OrderedJson::object()); }
  bool end_object() override { return close(); }
  bool key(string_t& name) override {
    open_.back().key = std::move(name);
    return true;
  }
  bool parse_error(std::size_t byte, const std::string&, const nlohmann::detail::exception& error) override { refuse(file_, byte, error); }

 private:
  struct Open {
    OrderedJson value;
    std::string key = {};                        // of what comes next
    std::unordered_set<std::string> known = {};  // keys
  };

  bool open(OrderedJson value) {
    open_.push_back({std::move(value)});
    return true;
  }

  bool close() {
    OrderedJson value = std::move(open_.back().value);
    open_.pop_back();
    return add(std::move(value));
  }

  bool add(OrderedJson value) {
    if (open_.empty()) {
      result_ = std::move(value);
    } else if (Open& around = open_.back(); around.value.is_array()) {
      around.value.push_back(std::move(value));
    } else {
      auto& members = around.value.get_ref<OrderedJson::object_t&>();
      const bool is_new = around.known.insert(around.key).second;
      if (!is_new) throw InputError(file_, "", fmt::format("an object has a key twice: \"{:.100}\"", around.key));
      members.Container::emplace_back(std::move(around.key), std::move(value));
    }
    return true;
  }

  const std::string& file_;
  std::vector<Open> open_;  // in each other
  OrderedJson result_;
};

// Keeps the keys of the objects that are open and no values.
class KeyReader final : public nlohmann::json_sax<Json> {
 public:
  const std::optional<std::string>& repeated() const { return repeated_; }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  bool start_object(std::size_t) override { return keys_.emplace_back(), true; }
  bool end_object() override { return keys_.pop_back(), true; }
  bool key(string_t& name) override {
    const auto [known, is_new] = keys_.back().insert(std::move(name));
    if (!is_new) repeated_ = *known;
    return is_new;  // the first one ends the reading
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

 private:
  std::vector<std::unordered_set<std::string>> keys_;  // of each object
  std::optional<std::string> repeated_;
};

}  // namespace

JsonExtent json_extent(std::string_view json) {
  JsonExtent extent;
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string && c == '\\') {
      ++i;
    } else if (c == '"') {
      in_string = !in_string;
    } else if (in_string) {
      continue;
    } else if (c == '[' || c == '{') {
      extent.depth = std::max(extent.depth, ++depth);
      ++extent.values;
    } else if (c == ',') {
      ++extent.values;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return extent;
}

Json parse_json(std::string_view text, const std::string& file) {
  require_shallow(text, file, "");
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    refuse(file, error.byte, error);
  } catch (const Json::out_of_range& error) {  // a number that no double holds
    throw InputError(file, "", fmt::format("not valid JSON ({})", reason_of(error)));
  }
}

OrderedJson parse_ordered_json(std::string_view text, const std::string& file) {
  require_shallow(text, file, "");
  OrderedReader reader(file);
  OrderedJson::sax_parse(text, &reader);
  return reader.result();
}

Json parse_or_discard(std::string_view text) {
  return is_too_deep(text) ? Json(Json::value_t::discarded) : Json::parse(text, nullptr, false);
}

std::optional<std::string> repeated_key(std::string_view json) {
  KeyReader reader;
  Json::sax_parse(json, &reader);
  return reader.repeated();
}

void require_shallow(std::string_view json, const std::string& file, const std::string& place) {
  if (is_too_deep(json)) throw InputError(file, place, fmt::format("is nested more than {} deep", kDeepest));
}

}  // namespace midillama
