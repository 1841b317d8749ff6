// Genres, styles and moods that pieces are asked for in: YAML files (configs/llm-midi/vocabularies).
#pragma once

#include <string>
#include <vector>

namespace midillama::compose {

inline constexpr const char* kMoodLabel = "mood";  // of pieces.jsonl

struct Vocabulary {
  std::string piece;  // what is asked for, with {genre} and {style}: "a {genre} song in {style} style"
  std::vector<std::string> genres;
  std::vector<std::string> styles;
  std::vector<std::string> moods;
  // The labels of pieces.jsonl that say them: the names that the pieces which these are compared with have there.
  std::string genre_label = "genre";
  std::string style_label = "style";

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("piece", self.piece);
    v("genres", self.genres);
    v("styles", self.styles);
    v("moods", self.moods);
    v("genre_label", self.genre_label);
    v("style_label", self.style_label);
  }
};

// `name`: of a file of configs/llm-midi/vocabularies without its ending, or a YAML file. ConfigError with every mistake: unknown keys, an
// empty list, a name that is there twice, combinations of genre and style with one folder name, a `piece` without {genre} or {style},
// labels that are not three.
Vocabulary read_vocabulary(const std::string& name);

// Those of `chosen` in the vocabulary's order, all where it is empty. ConfigError naming `key` and what is none of them.
std::vector<std::string> chosen_of(const std::vector<std::string>& all, const std::vector<std::string>& chosen, const std::string& key);

// "Pop_Rock_Dance": fit for a file name.
std::string folder_of(const std::string& genre, const std::string& style);

// "a Pop Rock song in Dance style": underscores of names are spaces to a reader.
std::string piece_words(const Vocabulary& vocabulary, const std::string& genre, const std::string& style);

}  // namespace midillama::compose
