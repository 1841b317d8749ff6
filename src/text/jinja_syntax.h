// What a Jinja template is made of, and reading one.
#pragma once

#include "midillama/core/file.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::text::jinja {

struct Expression {
  enum class Kind { literal, name, member, slice, call, filter, test, negation, minus, binary, conditional, list, object };
  Kind kind = Kind::literal;
  std::string text = {};  // a name, a member's, filter's or test's name, an operator
  Json value = {};        // of a literal
  // Operands in order: of a call, filter or test what it is applied to and its arguments; of a conditional the condition and both values;
  // of a slice the list, begin, end and step; of an object keys and values by turns.
  std::vector<Expression> parts = {};
  std::vector<std::string> names = {};  // of a call's arguments, empty where one is given by its place
  std::size_t line = 0;
};

struct Statement {
  enum class Kind { text, output, branch, loop, set };
  Kind kind = Kind::text;
  std::string text = {};                // of kind text
  std::vector<std::string> names = {};  // of a loop its variables; of set the variable and, where there is one, its attribute
  Expression expression = {};           // what is written, decides, is walked, is set
  std::vector<Statement> body = {}, otherwise = {};
};

// Statements of a template, as Hugging Face sets Jinja up (trim_blocks, lstrip_blocks). Error naming the line where it is not understood.
std::vector<Statement> parse(std::string_view source);

// Throws an Error of that line.
[[noreturn]] void fail(std::size_t line, const std::string& what);

}  // namespace midillama::text::jinja
