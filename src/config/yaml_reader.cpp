#include "midillama/config/yaml_reader.h"

#include "midillama/core/paths.h"
#include "midillama/core/spelling.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstring>

namespace midillama::config {

YAML::Node load_document(const std::string& yaml) {
  const std::vector<YAML::Node> documents = YAML::LoadAll(yaml);
  if (documents.size() > 1) throw YAML::ParserException(documents[1].Mark(), "a second document begins here: one is read");
  return documents.empty() ? YAML::Node() : documents.front();
}

std::string yaml_place(const std::string& yaml, const std::string& key) {
  YAML::Node node = YAML::Load(yaml);
  for (std::size_t begin = 0; begin < key.size();) {
    const auto end = std::min(key.find_first_of(".[", begin), key.size());
    const auto name = key.substr(begin, end - begin);
    const bool index = name.ends_with(']');
    // A copy, for assigning to a node changes the document.
    const YAML::Node child = index ? YAML::Node(node[std::stoul(name)]) : node.IsMap() ? YAML::Node(node[name]) : YAML::Node();
    if (!child.IsDefined() || child.Mark().is_null()) break;
    node.reset(child);
    begin = end + 1;
  }
  return fmt::format("line {}", node.Mark().line + 1);
}

void YamlReader::complain(const YAML::Node& node, const std::string& key, const std::string& what) {
  const YAML::Mark mark = node.Mark();
  const std::string place = mark.is_null() ? "" : fmt::format("line {}: ", mark.line + 1);
  mistakes_.push_back(fmt::format("{}: {}{}: {}", origin_, place, key, what));
}

void YamlReader::check_keys(const YAML::Node& node, const std::string& key, const std::vector<std::string>& known) {
  std::set<std::string> seen;
  for (const auto& entry : node) {
    const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : "(not a word)";
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      complain(entry.first, join(key, name), "unknown key" + did_you_mean(name, known));
    } else if (!seen.insert(name).second) {
      complain(entry.first, join(key, name), "stands here twice");
    }
  }
}

void YamlReader::expand_path(std::string_view name, std::string& value) {
  if (name == "dir" || name == "path" || name == "metadata" || name == "tag_file") value = expand_home(value);
}

void YamlReader::read(const YAML::Node& node, const std::string& key, std::map<std::string, Train>& stages) {
  if (node.IsNull()) return;
  if (!node.IsMap()) return complain(node, key, "a section with the stages' names is expected here");
  for (const std::string& stage : stage_names()) {
    if (const YAML::Node child = node[stage]) read(child, join(key, stage), stages[stage]);
  }
  check_keys(node, key, stage_names());
}

template <typename T>
void YamlReader::read_scalar(const YAML::Node& node, const std::string& key, T& value, const char* expected) {
  T parsed{};
  if (!node.IsScalar() || !YAML::convert<T>::decode(node, parsed)) {
    const std::string found = node.IsScalar() ? fmt::format(", not \"{}\"", node.Scalar()) : "";
    return complain(node, key, fmt::format("{} is expected{}", expected, found));
  }
  value = parsed;
}

void YamlReader::read(const YAML::Node& node, const std::string& key, std::string& value) {
  if (node.IsNull()) {
    value.clear();
  } else {
    read_scalar(node, key, value, "a text");
  }
}

void YamlReader::read(const YAML::Node& node, const std::string& key, bool& value) {
  read_scalar(node, key, value, "true or false");
}

void YamlReader::read(const YAML::Node& node, const std::string& key, double& value) {
  double parsed = value;
  read_scalar(node, key, parsed, "a number");
  if (!std::isfinite(parsed)) return complain(node, key, "a finite number is expected");
  value = parsed;
}

// Whether YAML 1.1 and 1.2 read the digits as different numbers: 016 is 14 or 16.
bool is_octal_or_not(const YAML::Node& node) {
  if (!node.IsScalar()) return false;
  const std::string digits = node.Scalar().substr(node.Scalar().find_first_not_of("+-") == 1 ? 1 : 0);
  return digits.size() > 1 && digits.front() == '0' && digits.find_first_not_of("0123456789") == std::string::npos;
}

template <typename T>
void YamlReader::read_whole(const YAML::Node& node, const std::string& key, T& value, const char* expected) {
  if (is_octal_or_not(node))
    return complain(node, key, "a whole number without zeros before it is expected, not \"" + node.Scalar() + "\"");
  read_scalar(node, key, value, expected);
}

void YamlReader::read(const YAML::Node& node, const std::string& key, std::int64_t& value) {
  read_whole(node, key, value, "a whole number");
}

void YamlReader::read(const YAML::Node& node, const std::string& key, std::uint64_t& value) {
  // yaml-cpp wraps a negative number around.
  if (node.IsScalar() && node.Scalar().starts_with('-')) return complain(node, key, "a whole number of at least 0 is expected");
  read_whole(node, key, value, "a whole number of at least 0");
}

void YamlReader::read(const YAML::Node& node, const std::string& key, Texts& list) {
  if (node.IsSequence()) return read(node, key, static_cast<std::vector<std::string>&>(list));
  std::string one;
  read(node, key, one);
  list.assign(one.empty() ? 0 : 1, one);
}

void YamlWriter::write(const std::map<std::string, Train>& stages) {
  out_ << YAML::BeginMap;
  for (const std::string& stage : stage_names()) {
    if (const auto found = stages.find(stage); found != stages.end()) {
      out_ << YAML::Key << stage << YAML::Value;
      write(found->second);
    }
  }
  out_ << YAML::EndMap;
}

void YamlWriter::write(const std::string& value) {
  const bool plain = std::all_of(value.begin(), value.end(), [](unsigned char c) { return std::isalnum(c) || std::strchr("_./-", c); });
  if (plain && !value.empty() && !YAML::Load(value).IsNull()) {
    out_ << value;
  } else {
    out_ << YAML::DoubleQuoted << value;
  }
}

}  // namespace midillama::config
