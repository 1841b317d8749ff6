#include "metrics/wordnet.h"

#include "midillama/core/error.h"
#include "midillama/core/mapped_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <mutex>
#include <optional>
#include <span>

namespace midillama::metrics {
namespace {

struct Ending {
  std::string_view old_suffix, new_suffix;
};

constexpr Ending kNounEndings[] = {{"s", ""},      {"ses", "s"},   {"ves", "f"},   {"xes", "x"}, {"zes", "z"},
                                   {"ches", "ch"}, {"shes", "sh"}, {"men", "man"}, {"ies", "y"}};
constexpr Ending kVerbEndings[] = {{"s", ""}, {"ies", "y"}, {"es", "e"}, {"es", ""}, {"ed", "e"}, {"ed", ""}, {"ing", "e"}, {"ing", ""}};
constexpr Ending kAdjectiveEndings[] = {{"er", ""}, {"est", ""}, {"er", "e"}, {"est", "e"}};

// Takes the next word of a line from its front; empty at the end.
std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(word.size());
  return word;
}

std::optional<std::size_t> take_number(std::string_view& line, int base = 10) {
  const std::string_view word = take_word(line);
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, base);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

std::string_view line_at(std::string_view bytes, std::size_t begin) {
  return bytes.substr(begin, std::min(bytes.find('\n', begin), bytes.size()) - begin);
}

// The lines of a file sorted by their first word that start with `key`. The licence text in front starts with spaces and so sorts first.
template <typename Line>
void for_each_line_of(std::string_view bytes, std::string_view key, const Line& call) {
  if (key.empty()) return;
  const auto first_word = [](std::string_view line) { return line.substr(0, line.find(' ')); };
  std::size_t low = 0, high = bytes.size();  // the first line with a word not below the key starts in [low, high]
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    const std::size_t begin = middle == 0 ? 0 : bytes.rfind('\n', middle - 1) + 1;
    const std::string_view line = line_at(bytes, begin);
    if (first_word(line) < key) {
      low = std::min(begin + line.size() + 1, bytes.size());
    } else {
      high = begin;
    }
  }
  while (low < bytes.size()) {
    const std::string_view line = line_at(bytes, low);
    if (first_word(line) != key) return;
    call(line.substr(key.size()));
    low += line.size() + 1;
  }
}

}  // namespace

class WordNet::PartOfSpeech {
 public:
  PartOfSpeech(const std::filesystem::path& folder, const std::string& suffix, std::span<const Ending> endings)
      : endings_(endings),
        index_(folder / ("index." + suffix)),
        data_(folder / ("data." + suffix)),
        exceptions_(folder / (suffix + ".exc")) {}

  const MappedFile& data() const { return data_; }

  void synonyms(std::string_view word, const std::function<void(std::string_view)>& name) const {
    synonyms_of_form(word, name);
    std::vector<std::string> seen = {std::string(word)};
    for (std::string& form : base_forms(word)) {
      if (std::ranges::find(seen, form) != seen.end()) continue;
      synonyms_of_form(form, name);
      seen.push_back(std::move(form));
    }
  }

 private:
  // The last line of the exception list counts; without one, every ending that fits is exchanged.
  std::vector<std::string> base_forms(std::string_view word) const {
    std::vector<std::string> forms;
    bool exception = false;
    for_each_line_of(exceptions_.bytes(), word, [&](std::string_view line) {
      exception = true;
      forms.clear();
      for (std::string_view form = take_word(line); !form.empty(); form = take_word(line)) forms.emplace_back(form);
    });
    if (exception) return forms;
    for (const auto& [old_suffix, new_suffix] : endings_) {
      if (word.ends_with(old_suffix)) forms.push_back(std::string(word.substr(0, word.size() - old_suffix.size())).append(new_suffix));
    }
    return forms;
  }

  // Index line: lemma pos synset_count pointer_count pointers... sense_count ranked_count offsets...
  void synonyms_of_form(std::string_view form, const std::function<void(std::string_view)>& name) const {
    for_each_line_of(index_.bytes(), form, [&](std::string_view line) {
      take_word(line);
      const auto synsets = take_number(line);
      const auto pointers = take_number(line);
      for (std::size_t i = 0; i < pointers.value_or(0) + 2 && !line.empty(); ++i) take_word(line);
      for (std::size_t i = 0; i < synsets.value_or(0); ++i) {
        const auto offset = take_number(line);
        if (!offset) throw InputError(index_.path(), fmt::format("the line of \"{}\"", form), "an index line of WordNet was expected");
        names_of_synset(*offset, name);
      }
    });
  }

  // Data line: offset file type name_count(hex) {name id}... ; an adjective's name may end in a marker such as "(a)".
  void names_of_synset(std::size_t offset, const std::function<void(std::string_view)>& name) const {
    std::string_view line = offset < data_.bytes().size() ? line_at(data_.bytes(), offset) : std::string_view();
    const auto own_offset = take_number(line);
    take_word(line);
    take_word(line);
    const auto names = take_number(line, 16);
    if (own_offset != offset || !names) throw InputError(data_.path(), fmt::format("byte {}", offset), "a synset of WordNet was expected");
    for (std::size_t i = 0; i < *names; ++i) {
      std::string_view lemma = take_word(line);
      take_word(line);
      if (lemma.ends_with(')')) lemma = lemma.substr(0, lemma.rfind('('));
      if (lemma.find('_') == std::string_view::npos) name(lemma);
    }
  }

  std::span<const Ending> endings_;
  MappedFile index_, data_, exceptions_;
};

WordNet::WordNet(const std::filesystem::path& folder) {
  if (!std::filesystem::is_directory(folder)) {
    throw InputError(folder.string(), "", "is not a folder; METEOR needs the WordNet 3.0 files (Debian's package wordnet-base)");
  }
  parts_.push_back(std::make_unique<PartOfSpeech>(folder, "noun", kNounEndings));
  parts_.push_back(std::make_unique<PartOfSpeech>(folder, "verb", kVerbEndings));
  parts_.push_back(std::make_unique<PartOfSpeech>(folder, "adj", kAdjectiveEndings));
  parts_.push_back(std::make_unique<PartOfSpeech>(folder, "adv", std::span<const Ending>()));
  const MappedFile& nouns = parts_.front()->data();
  constexpr std::string_view kName = "WordNet ";
  const std::size_t begin = nouns.bytes().substr(0, 4096).find(kName);
  if (begin == std::string_view::npos) throw InputError(nouns.path(), "", "is not a WordNet file (its licence text is missing)");
  std::string_view rest = nouns.bytes().substr(begin + kName.size());
  version_ = take_word(rest);
}

WordNet::~WordNet() = default;

const WordNet& WordNet::open(const std::filesystem::path& folder) {
  static std::mutex mutex;
  static std::map<std::filesystem::path, std::unique_ptr<const WordNet>> opened;
  const std::lock_guard lock(mutex);
  auto& wordnet = opened[folder];
  if (!wordnet) wordnet = std::make_unique<const WordNet>(folder);
  return *wordnet;
}

void WordNet::synonyms(std::string_view word, const std::function<void(std::string_view)>& name) const {
  for (const auto& part : parts_) part->synonyms(word, name);
}

}  // namespace midillama::metrics
