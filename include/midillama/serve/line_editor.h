// Lines that somebody types in a terminal.
#pragma once

#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace midillama::serve {

// With editing and the history of the lines before. While a line is typed the terminal is in a mode of its own; afterwards it is as it was.
class LineEditor {
 public:
  // `interrupted` is asked some times a second while a line is waited for: true ends the waiting.
  LineEditor(const std::string& prompt, std::function<bool()> interrupted, std::FILE* in = stdin, std::FILE* out = stdout);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  // The next line as UTF-8, without its end; nothing at the end of the input (Ctrl-D) or where the waiting was ended.
  std::optional<std::string> read();
  // Whether something was typed when the last waiting was ended: it is dropped.
  bool has_dropped_text() const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace midillama::serve
