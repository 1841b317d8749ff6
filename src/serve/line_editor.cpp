#include "midillama/serve/line_editor.h"

#include "midillama/core/error.h"
#include "midillama/text/utf8.h"

#include <histedit.h>
#include <langinfo.h>
#include <poll.h>
#include <unistd.h>

#include <clocale>
#include <cwchar>
#include <string_view>

namespace midillama::serve {
namespace {

constexpr int kAsksEvery = 100;  // milliseconds
constexpr int kHistory = 1000;   // lines

// What is typed is UTF-8, whatever the environment says.
void use_utf8() {
  std::setlocale(LC_CTYPE, "");
  if (std::string_view(::nl_langinfo(CODESET)) != "UTF-8") std::setlocale(LC_CTYPE, "C.UTF-8");
}

std::wstring wide(std::string_view text) {
  std::wstring characters;
  while (!text.empty()) characters += static_cast<wchar_t>(text::take_code_point(text));
  return characters;
}

std::string narrow(std::wstring_view characters) {
  std::string text;
  for (const wchar_t c : characters) text::append_utf8(text, static_cast<char32_t>(c));
  return text;
}

}  // namespace

struct LineEditor::Implementation {
  static wchar_t* prompt_of(EditLine* editor) { return of(editor).prompt.data(); }

  // libedit's: 1 with a character, 0 at the end.
  static int next_character(EditLine* editor, wchar_t* character) {
    Implementation& self = of(editor);
    std::mbstate_t state = {};
    for (;;) {
      char byte = 0;
      if (!self.next_byte(byte)) return 0;
      switch (std::mbrtowc(character, &byte, 1, &state)) {
        case static_cast<std::size_t>(-2):
          continue;  // more bytes belong to it
        case static_cast<std::size_t>(-1):
          *character = static_cast<wchar_t>(text::kReplacementCharacter);
          return 1;
        default:
          return 1;
      }
    }
  }

  static Implementation& of(EditLine* editor) {
    void* data = nullptr;
    ::el_get(editor, EL_CLIENTDATA, &data);
    return *static_cast<Implementation*>(data);
  }

  bool next_byte(char& byte) const {
    for (;;) {
      pollfd waiting = {.fd = descriptor, .events = POLLIN, .revents = 0};
      const int ready = ::poll(&waiting, 1, kAsksEvery);
      if (interrupted()) return false;
      if (ready > 0) return ::read(descriptor, &byte, 1) == 1;
    }
  }

  std::wstring prompt;
  std::function<bool()> interrupted;
  int descriptor;
  std::unique_ptr<EditLine, decltype(&::el_end)> editor = {nullptr, ::el_end};
  std::unique_ptr<HistoryW, decltype(&::history_wend)> history = {::history_winit(), ::history_wend};
};

LineEditor::LineEditor(const std::string& prompt, std::function<bool()> interrupted, std::FILE* in, std::FILE* out)
    : implementation_(new Implementation{.prompt = wide(prompt), .interrupted = std::move(interrupted), .descriptor = ::fileno(in)}) {
  use_utf8();
  implementation_->editor.reset(::el_init("midillama", in, out, stderr));
  EditLine* editor = implementation_->editor.get();
  if (editor == nullptr) throw Error("the terminal cannot be used: is TERM set?");
  HistEventW event = {};
  ::history_w(implementation_->history.get(), &event, H_SETSIZE, kHistory);
  ::el_set(editor, EL_CLIENTDATA, implementation_.get());
  ::el_wset(editor, EL_PROMPT, Implementation::prompt_of);
  ::el_wset(editor, EL_EDITOR, L"emacs");
  ::el_wset(editor, EL_HIST, ::history_w, implementation_->history.get());
  ::el_wset(editor, EL_GETCFN, Implementation::next_character);
}

LineEditor::~LineEditor() = default;

std::optional<std::string> LineEditor::read() {
  EditLine* editor = implementation_->editor.get();
  ::el_resize(editor);
  int length = 0;
  const wchar_t* typed = ::el_wgets(editor, &length);
  if (typed == nullptr || length <= 0) return std::nullopt;
  std::wstring line(typed, static_cast<std::size_t>(length));
  while (!line.empty() && (line.back() == L'\n' || line.back() == L'\r')) line.pop_back();
  if (!line.empty()) {
    HistEventW event = {};
    ::history_w(implementation_->history.get(), &event, H_ENTER, line.c_str());
  }
  return narrow(line);
}

}  // namespace midillama::serve
