// Whether a text has the words that are quoted from it, and where.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::works {

// Part of a text, in bytes.
struct Place {
  std::size_t begin, end;

  bool operator==(const Place&) const = default;
};

// A text with one space for each stretch of white space, one kind of quotation marks, apostrophes, dashes and full stops, and without soft
// hyphens: what models and editors change when they quote. Case and words stay.
class FoldedText {
 public:
  explicit FoldedText(std::string_view text);

  const std::string& text() const { return folded_; }

  // Where `quote`, folded too, stands in the text as it was given, from the beginning of a word to the end of one. A mark of omission or a
  // full stop that the quote begins or ends with, and quotation marks around it, need not be there and are not of the place. A quote of
  // fewer than three words is in no text: it would be found by chance. In scripts that are written without spaces (Chinese, Japanese, Thai)
  // two letters count as a word, and a word may end after any of them.
  std::optional<Place> find(std::string_view quote) const;

 private:
  std::string folded_;
  std::vector<std::size_t> from_;  // of each byte, and of the end: where it begins in the text as it was given
};

}  // namespace midillama::works
