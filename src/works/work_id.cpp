#include "midillama/works/work_id.h"

#include "midillama/text/casefold.h"
#include "midillama/text/utf8.h"
#include "midillama/works/words.h"

#include <glib.h>

#include <memory>
#include <vector>

namespace midillama::works {
namespace {

using Text = std::unique_ptr<char, decltype(&g_free)>;

constexpr char32_t kSharp = U'\u266F';
constexpr char32_t kFlat = U'\u266D';
constexpr const char* kNumberSign = "#";

bool is_accent(char32_t c) {
  return 0x300 <= c && c <= 0x36F;
}

bool is_digit(char32_t c) {
  return U'0' <= c && c <= U'9';
}

// Decomposed, in one case.
std::string decomposed(std::string_view name) {
  std::string storage;
  const std::string_view valid = text::valid_utf8(name, storage);
  const Text parts(g_utf8_normalize(valid.data(), static_cast<gssize>(valid.size()), G_NORMALIZE_ALL), &g_free);
  return text::casefold(parts.get());
}

class Words {
 public:
  void add(char32_t c) {
    if (is_accent(c)) return;
    const bool is_sharp = c == kSharp || c == U'#';
    if ((is_sharp || c == kFlat) && is_note(word_)) {
      end();
      words_.emplace_back(is_sharp ? "sharp" : "flat");
    } else if (is_sharp) {
      end();
      words_.emplace_back(kNumberSign);
    } else if (const auto plain = plain_letters(c); !plain.empty()) {
      word_ += plain;
      last_ = c;
    } else if (g_unichar_isalnum(c) || g_unichar_ismark(c)) {
      if (is_digit(c) && !is_digit(last_)) end();
      text::append_utf8(word_, c);
      last_ = c;
    } else {
      end();
    }
  }

  std::string text() {
    end();
    std::string joined;
    for (std::size_t i = 0; i < words_.size(); ++i) {
      const bool before_number = i + 1 < words_.size() && is_digit(static_cast<unsigned char>(words_[i + 1].front()));
      const std::string& word = before_number ? before_a_number(words_[i]) : words_[i];
      if (word == kNumberSign) continue;
      if (!joined.empty()) joined += ' ';
      joined += word;
    }
    return joined;
  }

 private:
  static bool is_note(const std::string& word) { return word.size() == 1 && 'a' <= word[0] && word[0] <= 'g'; }

  static const std::string& before_a_number(const std::string& word) {
    static const std::string opus = "op", number = "no";
    if (word == "opus") return opus;
    return word == kNumberSign || word == "n" || word == "nr" || word == "number" ? number : word;
  }

  void end() {
    if (!word_.empty()) words_.push_back(std::move(word_));
    word_.clear();
    last_ = 0;
  }

  std::vector<std::string> words_;
  std::string word_;
  char32_t last_ = 0;  // of the word
};

// "Chopin, Frédéric" as "Frédéric Chopin".
std::string in_speaking_order(std::string_view composer) {
  const auto comma = composer.find(',');
  if (comma == std::string_view::npos || composer.find(',', comma + 1) != std::string_view::npos) return std::string(composer);
  return std::string(composer.substr(comma + 1)) + " " + std::string(composer.substr(0, comma));
}

}  // namespace

std::string folded_name(std::string_view name) {
  const std::string text = decomposed(name);
  Words words;
  for (std::string_view rest = text; !rest.empty();) words.add(text::take_code_point(rest));
  return words.text();
}

std::string folded_composer(std::string_view composer) {
  return folded_name(in_speaking_order(composer));
}

std::string work_id(std::string_view composer, std::string_view title) {
  const std::string by = folded_composer(composer), name = folded_name(title);
  return by.empty() || name.empty() ? "" : by + ": " + name;
}

}  // namespace midillama::works
