#include "midillama/compose/vocabulary.h"

#include "midillama/config/config.h"
#include "midillama/config/yaml_reader.h"
#include "midillama/core/error.h"
#include "midillama/core/replace_all.h"
#include "midillama/core/utf8_file.h"
#include "midillama/corpus/files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <set>

namespace midillama::compose {
namespace fs = std::filesystem;
namespace {

constexpr const char* kFolder = "configs/llm-midi/vocabularies";

// What is no letter of ASCII is '_' in a folder's name, in which combinations must differ.
std::vector<std::string> same_folders(const Vocabulary& vocabulary) {
  std::vector<std::string> mistakes;
  std::map<std::string, std::string> known;  // combinations by folder
  for (const std::string& genre : vocabulary.genres) {
    for (const std::string& style : vocabulary.styles) {
      const std::string folder = folder_of(genre, style), combination = fmt::format("\"{}\" with \"{}\"", genre, style);
      const auto [first, is_new] = known.emplace(folder, combination);
      if (!is_new && first->second != combination)
        mistakes.push_back(fmt::format("genres, styles: {} and {} have one folder name, {}", first->second, combination, folder));
    }
  }
  constexpr std::size_t kShown = 5;
  if (mistakes.size() > kShown) mistakes.resize(kShown);
  return mistakes;
}

std::vector<std::string> mistakes_of(const Vocabulary& vocabulary) {
  std::vector<std::string> mistakes;
  for (const char* name : {"{genre}", "{style}"}) {
    if (vocabulary.piece.find(name) == std::string::npos) mistakes.push_back(fmt::format("piece: must have {} in it", name));
  }
  for (const auto& [key, names] : {std::pair("genres", &vocabulary.genres), {"styles", &vocabulary.styles}, {"moods", &vocabulary.moods}}) {
    if (names->empty()) mistakes.push_back(fmt::format("{}: must not be empty", key));
    std::set<std::string> known;
    for (const std::string& name : *names) {
      if (name.empty()) mistakes.push_back(fmt::format("{}: a name is empty", key));
      if (!known.insert(name).second) mistakes.push_back(fmt::format("{}: \"{}\" is there twice", key, name));
    }
  }
  std::ranges::move(same_folders(vocabulary), std::back_inserter(mistakes));
  const std::set<std::string> labels = {vocabulary.genre_label, vocabulary.style_label, kMoodLabel, ""};
  if (labels.size() != 4) mistakes.push_back(fmt::format("genre_label, style_label: must be two names, and none of them {}", kMoodLabel));
  return mistakes;
}

std::string readable(std::string name) {
  std::ranges::replace(name, '_', ' ');
  return name;
}

}  // namespace

Vocabulary read_vocabulary(const std::string& name) {
  const fs::path file = config::find_file(name.ends_with(".yaml") ? fs::path(name) : fs::path(kFolder) / (name + ".yaml"));
  if (!fs::exists(file))
    throw ConfigError({fmt::format("compose.vocabulary: \"{}\" — there is no {}: name a YAML file, or one of {} without its ending", name,
                                   file.string(), kFolder)});
  Vocabulary vocabulary;
  std::vector<std::string> mistakes;
  config::read_yaml(read_utf8(file), file.string(), vocabulary, mistakes);
  if (mistakes.empty()) {
    for (const std::string& mistake : mistakes_of(vocabulary)) mistakes.push_back(fmt::format("{}: {}", file.string(), mistake));
  }
  if (!mistakes.empty()) throw ConfigError(mistakes);
  return vocabulary;
}

std::vector<std::string> chosen_of(const std::vector<std::string>& all, const std::vector<std::string>& chosen, const std::string& key) {
  std::vector<std::string> mistakes;
  for (const std::string& name : chosen) {
    if (std::ranges::find(all, name) == all.end())
      mistakes.push_back(fmt::format("{}: \"{}\" — is none of the vocabulary's: {}", key, name, fmt::join(all, ", ")));
  }
  if (!mistakes.empty()) throw ConfigError(mistakes);
  if (chosen.empty()) return all;
  std::vector<std::string> kept;
  std::ranges::copy_if(all, std::back_inserter(kept), [&](const auto& name) { return std::ranges::find(chosen, name) != chosen.end(); });
  return kept;
}

std::string folder_of(const std::string& genre, const std::string& style) {
  return corpus::file_safe(fmt::format("{}_{}", genre, style));
}

std::string piece_words(const Vocabulary& vocabulary, const std::string& genre, const std::string& style) {
  std::string words = vocabulary.piece;
  replace_all(words, "{genre}", readable(genre));
  replace_all(words, "{style}", readable(style));
  return words;
}

}  // namespace midillama::compose
