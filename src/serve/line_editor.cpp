#include "midillama/serve/line_editor.h"

#include "midillama/core/error.h"
#include "midillama/text/utf8.h"

#include <histedit.h>
#include <langinfo.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cwchar>
#include <string_view>

namespace midillama::serve {
namespace {

constexpr int kAsksEvery = 100;  // milliseconds
constexpr int kHistory = 1000;   // lines
constexpr char kEscape = '\033';
constexpr std::size_t kWithAlt = 2;  // bytes of a character that is typed with Alt

// What terminals send for keys without a character, and what it does.
struct Key {
  std::string_view sends;
  const wchar_t* command;
};
constexpr Key kKeys[] = {
    {"\033[A", L"ed-prev-history"},      {"\033OA", L"ed-prev-history"}, {"\033[B", L"ed-next-history"}, {"\033OB", L"ed-next-history"},
    {"\033[C", L"ed-next-char"},         {"\033OC", L"ed-next-char"},    {"\033[D", L"ed-prev-char"},    {"\033OD", L"ed-prev-char"},
    {"\033[H", L"ed-move-to-beg"},       {"\033OH", L"ed-move-to-beg"},  {"\033[1~", L"ed-move-to-beg"}, {"\033[7~", L"ed-move-to-beg"},
    {"\033[F", L"ed-move-to-end"},       {"\033OF", L"ed-move-to-end"},  {"\033[4~", L"ed-move-to-end"}, {"\033[8~", L"ed-move-to-end"},
    {"\033[3~", L"ed-delete-next-char"}, {"\033[1;5C", L"em-next-word"}, {"\033[1;5D", L"ed-prev-word"}, {"\033[1;3C", L"em-next-word"},
    {"\033[1;3D", L"ed-prev-word"},      {"\033Oc", L"em-next-word"},    {"\033Od", L"ed-prev-word"},
};

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
      if (!self.next_typed(byte)) {
        const LineInfoW* line = ::el_wline(editor);
        self.has_dropped_text = self.interrupted() && line->lastchar > line->buffer;
        return 0;
      }
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

  // A byte of what was typed. A key that is not among kKeys is none: libedit would take its bytes for characters.
  bool next_typed(char& byte) {
    while (keys.empty()) {
      if (!next_byte(byte)) return false;
      if (byte != kEscape) return true;
      if (!read_key()) return false;
      if (keys.size() > kWithAlt && std::ranges::find(kKeys, std::string_view(keys), &Key::sends) == std::end(kKeys)) keys.clear();
    }
    byte = keys.front();
    keys.erase(0, 1);
    return true;
  }

  // What follows an escape, into `keys`: ESC [ … with a letter or ~ at its end, ESC O and a letter, or a character that is typed with Alt.
  bool read_key() {
    char byte = kEscape;
    while (byte == kEscape)  // pressed alone, before a key
      if (!next_byte(byte)) return false;
    keys = {kEscape, byte};
    if (byte != '[' && byte != 'O') return true;
    const bool is_long = byte == '[';
    do {
      if (!next_byte(byte)) return false;
      keys += byte;
    } while (is_long && ((' ' <= byte && byte < '@') || keys == "\033[["));  // a console's F1 is ESC [ [ A
    return true;
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
  bool has_dropped_text = false;
  std::string keys = {};  // what is left of a key that sends several bytes
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
  for (const auto& [sends, command] : kKeys) ::el_wset(editor, EL_BIND, wide(sends).c_str(), command, nullptr);
  ::el_wset(editor, EL_HIST, ::history_w, implementation_->history.get());
  ::el_wset(editor, EL_GETCFN, Implementation::next_character);
}

LineEditor::~LineEditor() = default;

bool LineEditor::has_dropped_text() const {
  return implementation_->has_dropped_text;
}

std::optional<std::string> LineEditor::read() {
  EditLine* editor = implementation_->editor.get();
  ::el_resize(editor);
  implementation_->has_dropped_text = false;
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
