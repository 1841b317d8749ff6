#include "catalog/kinds.h"
#include "midillama/core/json_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <regex>
#include <utility>
#include <vector>

namespace midillama::catalog {
namespace {

// The labels of a file, each once, in the order of the map; null where they are none.
OrderedJson labels_of(const OrderedJson& values) {
  const bool are_texts = values.is_array() && std::ranges::all_of(values, [](const OrderedJson& value) {
                           return value.is_string() && !value.get_ref<const std::string&>().empty();
                         });
  if (!are_texts) return nullptr;
  OrderedJson labels = OrderedJson::array();
  for (const OrderedJson& value : values) {
    if (std::ranges::find(labels, value) == labels.end()) labels.push_back(value);
  }
  return labels;
}

bool is_md5(const std::string& name) {
  return name.size() == 32 && name.find_first_not_of("0123456789abcdef") == std::string::npos;
}

class GenreMap {
 public:
  explicit GenreMap(const config::Corpus& config)
      : config_(config), json_(parse_ordered_json(read_text(config.metadata), config.metadata)) {
    if (!json_.is_object()) throw InputError(config.metadata, "", "is no JSON object of maps from files to labels");
  }

  // Labels that are wanted by the key of the map that has them.
  void add(const char* label, const std::string& key) {
    if (key.empty()) return;
    const auto map = json_.find(key);
    if (map == json_.end() || !map->is_object()) {
      std::vector<std::string> keys;
      for (const auto& [name, value] : json_.items()) keys.push_back(name);
      throw InputError(config_.metadata, key, fmt::format("there is no such map of files to labels, but {}", fmt::join(keys, ", ")));
    }
    for (const auto& [md5, values] : map->items()) {
      const auto [known, is_new] = numbers_.emplace(md5, entries_.size());
      if (is_new) entries_.emplace_back();
      Entry& entry = entries_[known->second];
      entry.place = fmt::format("\"{}\"", md5);
      entry.file = md5 + ".mid";
      if (!is_md5(md5)) entry.problem = "is no MD5, by which Lakh names its files";
      const OrderedJson labels = labels_of(values);
      if (labels.is_null()) entry.warning = fmt::format("its labels in {} are no list of texts", key);
      if (!labels.empty()) entry.labels[label] = labels;
    }
  }

  const std::vector<Entry>& entries() const { return entries_; }

 private:
  const config::Corpus& config_;
  OrderedJson json_;
  std::map<std::string, std::size_t> numbers_;
  std::vector<Entry> entries_;
};

}  // namespace

void read_lakh(const config::Corpus& config, const OnEntry& use) {
  GenreMap map(config);
  map.add("genre", config.genre_map);
  map.add("style", config.style_map);
  for (const Entry& entry : map.entries()) use(entry);
}

std::string lakh_file_key(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

// LMD-matched has the files that were matched to a track of the Million Song Dataset in a folder of the track's name.
std::string lakh_work(const std::string& path) {
  static const std::regex track("(^|/)(TR[A-Z0-9]{16})/");
  std::smatch match;
  return std::regex_search(path, match, track) ? match[2].str() : "";
}

}  // namespace midillama::catalog
