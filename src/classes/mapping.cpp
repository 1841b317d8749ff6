#include "midillama/classes/mapping.h"

#include "midillama/config/yaml_reader.h"
#include "midillama/core/error.h"
#include "midillama/core/file.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <set>

namespace midillama::classes {
namespace fs = std::filesystem;
namespace {

class MappingReader {
 public:
  explicit MappingReader(std::string file) : file_(std::move(file)) {}

  Mapping read(const YAML::Node& document, const std::string& label) const {
    if (document.IsNull()) throw InputError(file_, "", "is empty");
    if (!document.IsMap()) fail(document, "is no map of labels to their values' new names");
    Mapping mapping;
    for (const auto& section : document) {
      const std::string name = text(section.first);
      if (!section.second.IsMap()) fail(section.second, fmt::format("the section \"{}\" is no map of old names to new ones", name));
      if (name != label) continue;
      for (const auto& entry : section.second) {
        if (!mapping.emplace(text(entry.first), names(entry.second)).second)
          fail(entry.first, fmt::format("\"{}\" is there twice", text(entry.first)));
      }
    }
    return mapping;
  }

 private:
  std::vector<std::string> names(const YAML::Node& node) const {
    if (!node.IsSequence()) return {text(node)};
    std::vector<std::string> names;
    for (const YAML::Node& name : node) names.push_back(text(name));
    return names;
  }

  std::string text(const YAML::Node& node) const {
    if (!node.IsScalar() || node.Scalar().empty()) fail(node, "is no name, where a name or a list of names is expected");
    return node.Scalar();
  }

  [[noreturn]] void fail(const YAML::Node& node, const std::string& what) const {
    throw InputError(file_, fmt::format("line {}", node.Mark().line + 1), what);
  }

  std::string file_;
};

}  // namespace

Mapping read_mapping(const fs::path& file, const std::string& label) {
  const std::string text = read_text(file);
  try {
    return MappingReader(file.string()).read(config::load_document(text), label);
  } catch (const YAML::Exception& error) {
    throw InputError(file.string(), fmt::format("line {}", error.mark.line + 1), fmt::format("not valid YAML ({})", error.msg));
  }
}

void rename(std::vector<pieces::Piece>& pieces, const std::string& label, const Mapping& mapping) {
  for (pieces::Piece& piece : pieces) {
    const auto values = piece.labels.find(label);
    if (values == piece.labels.end()) continue;
    std::set<std::string> renamed;
    for (const std::string& value : values->second) {
      const auto known = mapping.find(value);
      if (known == mapping.end())
        renamed.insert(value);
      else
        renamed.insert(known->second.begin(), known->second.end());
    }
    values->second.assign(renamed.begin(), renamed.end());
  }
}

}  // namespace midillama::classes
