// Synonyms from the WordNet database files (index.*, data.*, *.exc of https://wordnet.princeton.edu, version 3.0 in Debian's wordnet-base).
//
// The files are mapped, not loaded: their lines are sorted, so every look-up is a binary search and opening costs nothing.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::metrics {

class WordNet {
 public:
  // InputError, naming the file, where one is missing or is no WordNet file.
  explicit WordNet(const std::filesystem::path& folder);
  ~WordNet();

  // Opened once per process and folder.
  static const WordNet& open(const std::filesystem::path& folder);

  // Calls `name` with every single-word lemma of every synset that nltk's wordnet.synsets(word) gives: all parts of speech, the base forms
  // of `word` (exception lists first, suffix rules otherwise) included. A name may come more than once, in the spelling of WordNet
  // ("Mozart").
  void synonyms(std::string_view word, const std::function<void(std::string_view name)>& name) const;

  // "3.0", from the licence text in the files.
  const std::string& version() const { return version_; }

 private:
  class PartOfSpeech;
  std::vector<std::unique_ptr<PartOfSpeech>> parts_;
  std::string version_;
};

}  // namespace midillama::metrics
