// The part of Jinja that chat templates are written in, as Hugging Face's tokenizers run it: conditions, loops, variables, namespaces, the
// common operators, filters, tests and methods of texts. Everything else is an error that names the line.
#pragma once

#include "midillama/core/file.h"
#include "text/jinja_syntax.h"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::text::jinja {

// A text with this character in it is opaque: a template may write it and remove white space around it, but not look into it. What it seeks
// there, or compares it with, counts as absent.
inline constexpr char kOpaque = '\x01';

struct Rendering {
  std::string text;
  std::set<std::string> sought;  // what was sought in opaque texts
};

class Template {
 public:
  // Error, naming the line, where it is not understood.
  explicit Template(std::string_view source) : statements_(parse(source)) {}

  // `variables`: an object. Error, naming the line, where the template asks for what is not supported, looks into an opaque text or raises
  // an exception itself.
  Rendering render(const Json& variables) const;

 private:
  std::vector<Statement> statements_;
};

}  // namespace midillama::text::jinja
