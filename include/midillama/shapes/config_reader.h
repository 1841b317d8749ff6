// Reads a model directory's config.json; every mistake is collected and thrown together.
#pragma once

#include "midillama/core/file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <initializer_list>
#include <string>
#include <vector>

namespace midillama::shapes {

class ConfigReader {
 public:
  explicit ConfigReader(const std::filesystem::path& path) : path_(path), json_(read_json(path)) {
    if (!json_.is_object()) throw InputError(path.string(), "", "is not a JSON object");
  }

  // Missing and null are the same, as in transformers for most keys.
  bool has(const std::string& key) const { return json_.contains(key) && !json_.at(key).is_null(); }
  const Json& json() const { return json_; }

  void mistake(const std::string& key, const std::string& what) { mistakes_.push_back(key + ": " + what); }

  // A number in [1, `largest`].
  std::int64_t size(const std::string& key, std::int64_t largest = 1 << 24) {
    if (!has(key)) return mistake(key, "is missing"), 1;
    return size_or(key, 1, largest);
  }
  std::int64_t size_or(const std::string& key, std::int64_t otherwise, std::int64_t largest = 1 << 24) {
    if (!has(key)) return otherwise;
    const Json& value = json_.at(key);
    if (value.is_number_unsigned() && value.get<std::uint64_t>() >= 1 &&
        value.get<std::uint64_t>() <= static_cast<std::uint64_t>(largest)) {
      return value.get<std::int64_t>();
    }
    return mistake(key, fmt::format("must be a whole number from 1 to {}, is {}", largest, brief(value))), 1;
  }

  double positive_or(const std::string& key, double otherwise) { return positive_or(json_, key, otherwise, key); }
  // The same below the top level; `place` is the name to show.
  double positive_or(const Json& object, const std::string& key, double otherwise, const std::string& place) {
    if (!object.contains(key) || object.at(key).is_null()) return otherwise;
    const Json& value = object.at(key);
    if (value.is_number() && value.get<double>() > 0) return value.get<double>();
    return mistake(place, fmt::format("must be a positive number, is {}", brief(value))), otherwise;
  }

  bool flag_or(const std::string& key, bool otherwise) {
    if (!has(key)) return otherwise;
    if (json_.at(key).is_boolean()) return json_.at(key).get<bool>();
    return mistake(key, fmt::format("must be true or false, is {}", brief(json_.at(key)))), otherwise;
  }

  // The value must be `only` where the key is present.
  void expect(const std::string& key, const Json& only, const std::string& why) {
    if (has(key) && json_.at(key) != only) mistake(key, fmt::format("is {}: {}", brief(json_.at(key)), why));
  }

  // A key may be missing, which gives its default, but null is a value that nothing can be computed with.
  void refuse_null(std::initializer_list<const char*> keys) {
    for (const char* key : keys) {
      if (json_.contains(key) && json_.at(key).is_null()) mistake(key, "is null: give it a value, or leave it out for the default");
    }
  }

  void finish() const {
    if (!mistakes_.empty()) throw InputError(path_.string(), "", fmt::format("{}", fmt::join(mistakes_, "; ")));
  }

  static std::string brief(const Json& value) {
    constexpr std::size_t kLongest = 60;
    std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
    if (text.size() > kLongest) text = text.substr(0, kLongest) + "...";
    return text;
  }

 private:
  std::filesystem::path path_;
  Json json_;
  std::vector<std::string> mistakes_;
};

}  // namespace midillama::shapes
