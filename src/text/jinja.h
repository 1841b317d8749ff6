// The part of Jinja that chat templates are written in, as Hugging Face's tokenizers run it: conditions, loops, variables, namespaces, the
// common operators, filters, tests and methods of texts. Everything else is an error that names the line.
#pragma once

#include "midillama/core/file.h"
#include "text/jinja_syntax.h"

#include <string>
#include <string_view>
#include <vector>

namespace midillama::text::jinja {

class Template {
 public:
  // Error, naming the line, where it is not understood.
  explicit Template(std::string_view source) : statements_(parse(source)) {}

  // `variables`: an object. Error, naming the line, where the template asks for what is not supported or raises an exception itself.
  std::string render(const Json& variables) const;

 private:
  std::vector<Statement> statements_;
};

}  // namespace midillama::text::jinja
