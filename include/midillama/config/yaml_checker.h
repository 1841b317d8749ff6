// What else must hold of a YAML document that was read into a section: mistakes with file, line and key.
#pragma once

#include "midillama/config/yaml_reader.h"
#include "midillama/core/error.h"

#include <fmt/format.h>

#include <string>
#include <vector>

namespace midillama::config {

class YamlChecker {
 public:
  YamlChecker(const std::string& yaml, const std::string& name, std::vector<std::string>& mistakes)
      : yaml_(yaml), name_(name), mistakes_(mistakes) {}

  void require(bool holds, const std::string& key, const std::string& what) {
    if (!holds) mistakes_.push_back(fmt::format("{}: {}: {}: {}", name_, yaml_place(yaml_, key), key, what));
  }

 private:
  const std::string& yaml_;
  const std::string& name_;
  std::vector<std::string>& mistakes_;
};

// Reads the document, and has it checked by check(section, checker) where it could be read. ConfigError with every mistake.
template <Section T, typename Checker, typename Check>
T read_checked(const std::string& yaml, const std::string& name, Check check) {
  T section;
  std::vector<std::string> mistakes;
  read_yaml(yaml, name, section, mistakes);
  Checker checker(yaml, name, mistakes);
  if (mistakes.empty()) check(section, checker);
  if (!mistakes.empty()) throw ConfigError(mistakes);
  return section;
}

}  // namespace midillama::config
