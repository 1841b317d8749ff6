// Visitors between the schema's field lists and YAML.
#pragma once

#include "midillama/config/schema.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace midillama::config {

template <typename T>
concept Section = requires(T& value) {
  T::visit(value, [](const char*, auto&) {});
};

// Reads a YAML map over the values that are there. Collects every mistake; what is wrong is left at its old value.
class YamlReader {
 public:
  // `origin` says where the node comes from: a file's name, or the override itself. The keys of the values that are read go to `chosen`.
  YamlReader(std::string origin, std::vector<std::string>& mistakes, std::set<std::string>* chosen = nullptr)
      : origin_(std::move(origin)), mistakes_(mistakes), chosen_(chosen) {}

  template <Section T>
  void read(const YAML::Node& node, const std::string& key, T& section) {
    if (node.IsNull()) return;
    if (!node.IsMap()) return complain(node, key, "a section (key: value lines) is expected here");
    std::vector<std::string> known;
    T::visit(section, [&](const char* name, auto& value) {
      known.emplace_back(name);
      if (const YAML::Node child = node[name]) {
        if (chosen_ != nullptr) chosen_->insert(join(key, name));
        read(child, join(key, name), value);
        if constexpr (std::is_same_v<decltype(value), std::string&>) expand_path(name, value);
      }
    });
    check_keys(node, key, known);
  }
  void read(const YAML::Node& node, const std::string& key, std::map<std::string, Train>& stages);
  void read(const YAML::Node& node, const std::string& key, std::string& value);
  void read(const YAML::Node& node, const std::string& key, bool& value);
  void read(const YAML::Node& node, const std::string& key, double& value);
  void read(const YAML::Node& node, const std::string& key, std::int64_t& value);
  void read(const YAML::Node& node, const std::string& key, std::uint64_t& value);
  void read(const YAML::Node& node, const std::string& key, Texts& list);

  template <typename T>
  void read(const YAML::Node& node, const std::string& key, std::vector<T>& list) {
    if (!node.IsSequence()) return complain(node, key, "a list is expected: [a, b]");
    std::vector<T> items(node.size());
    for (std::size_t i = 0; i < items.size(); ++i) read(node[i], fmt::format("{}[{}]", key, i), items[i]);
    list = std::move(items);
  }

 private:
  static std::string join(const std::string& key, const std::string& name) { return key.empty() ? name : key + "." + name; }

  template <typename T>
  void read_scalar(const YAML::Node& node, const std::string& key, T& value, const char* expected);
  template <typename T>
  void read_whole(const YAML::Node& node, const std::string& key, T& value, const char* expected);
  // Every key of `node` must be in `known` and be there once.
  void check_keys(const YAML::Node& node, const std::string& key, const std::vector<std::string>& known);
  void complain(const YAML::Node& node, const std::string& key, const std::string& what);
  // A key that is called `dir`, `path`, `metadata` or `tag_file` names a file or folder.
  static void expand_path(std::string_view name, std::string& value);

  std::string origin_;
  std::vector<std::string>& mistakes_;
  std::set<std::string>* chosen_;
};

// The one document of a YAML text; empty where there is none. YAML::ParserException at a second one, which would go unread.
YAML::Node load_document(const std::string& yaml);

// Reads a YAML document into a section of the same form. Collects every mistake with its place.
template <Section T>
void read_yaml(const std::string& yaml, const std::string& name, T& section, std::vector<std::string>& mistakes) {
  try {
    YamlReader(name, mistakes).read(load_document(yaml), "", section);
  } catch (const YAML::Exception& error) {
    mistakes.push_back(fmt::format("{}: line {}: not valid YAML ({})", name, error.mark.line + 1, error.msg));
  }
}

// "line 12": where a key such as "tags[3].answers[1]" stands in the document, or the last part of it that is there.
std::string yaml_place(const std::string& yaml, const std::string& key);

// Writes the field lists as YAML.
class YamlWriter {
 public:
  template <Section T>
  void write(const T& section) {
    out_ << YAML::BeginMap;
    T::visit(section, [this](const char* name, const auto& value) {
      out_ << YAML::Key << name << YAML::Value;
      write(value);
    });
    out_ << YAML::EndMap;
  }
  void write(const std::map<std::string, Train>& stages);
  void write(const std::string& value);
  void write(double value) { out_ << fmt::format("{}", value); }
  void write(bool value) { out_ << value; }
  void write(std::int64_t value) { out_ << value; }
  void write(std::uint64_t value) { out_ << value; }

  template <typename T>
  void write(const std::vector<T>& list) {
    out_ << YAML::Flow << YAML::BeginSeq;
    for (const T& item : list) write(item);
    out_ << YAML::EndSeq;
  }

  std::string text() const { return std::string(out_.c_str()) + "\n"; }

 private:
  YAML::Emitter out_;
};

}  // namespace midillama::config
