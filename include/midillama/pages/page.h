// A page for the browser in one file: it loads nothing from anywhere, so it opens from a folder or an e-mail as it does from a server.
//
// Texts are whatever a model, a dataset or a user wrote: they are shown as they are, and nothing in them runs. Only the pictures, which the
// program draws itself, are markup.
#pragma once

#include "midillama/core/file.h"
#include "midillama/records/question.h"

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace midillama::pages {

struct Paragraph {
  std::string text;
  bool is_notice = false;  // set off: what is missing, and how it is had
};

struct Cell {
  std::string text;
  std::string note = {};             // below it in small letters: an interval
  std::optional<double> share = {};  // 0 ... 1, drawn as a bar
};

struct Table {
  std::string caption;
  std::vector<std::string> header;      // lines of a name are below each other
  std::vector<std::vector<Cell>> rows;  // as long as the header each; the first cell names the row
};

struct Figure {
  std::string svg;
  std::string description;  // of what can be seen, for those who do not see it; also the caption
};

// Folded until somebody asks for it.
struct Code {
  std::string title;
  std::string text;
};

using Block = std::variant<Paragraph, Table, Figure, Code>;

struct Section {
  std::string heading;
  std::vector<Block> blocks = {};
};

enum class Verdict { none, right, wrong };  // none: nothing that could be right or wrong is asked

struct Answer {
  std::string system;  // for people; the same for all of a system's answers
  std::string text;
  Verdict verdict = Verdict::none;
  std::string note = {};  // what is wrong
};

struct Example {
  std::string id;
  std::string task;               // for people
  std::vector<std::string> tags;  // what is asked about
  std::string clip;               // a key of Examples::clips; empty: cannot be heard
  std::vector<records::Turn> earlier = {};
  std::string question;
  std::string reference;
  std::vector<Answer> answers;
};

// Shown some at a time, with the clip's piano roll and sound, and filters: thousands are no burden.
struct Examples {
  std::vector<Block> blocks = {};                 // before them
  std::map<std::string, OrderedJson> clips = {};  // as web::view_of() has them
  std::vector<Example> items = {};
};

struct Page {
  std::string title;
  std::string subtitle = {};
  std::vector<Section> sections = {};
  Examples examples = {};  // the last section, where there are any
};

// UsageError where a row of a table is not as long as its header.
std::string to_html(const Page& page);

// Atomically. InputError where another file than a page is there.
void write_page(const Page& page, const std::filesystem::path& file);

}  // namespace midillama::pages
