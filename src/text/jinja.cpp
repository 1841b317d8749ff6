#include "text/jinja.h"

#include "midillama/core/error.h"
#include "midillama/text/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace midillama::text::jinja {
namespace {

using Kind = Expression::Kind;

constexpr std::size_t kLongestText = 1 << 22;

bool is_opaque(const std::string& text) {
  return text.find(kOpaque) != std::string::npos;
}
bool is_opaque_text(const Json& value) {
  return value.is_string() && is_opaque(value.get_ref<const std::string&>());
}

// What a name without a value is.
Json undefined() {
  return Json(Json::value_t::discarded);
}

bool is_true(const Json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number()) return value != 0;
  if (value.is_string()) return !value.get_ref<const std::string&>().empty();
  return (value.is_array() || value.is_object()) && !value.empty();
}

std::string text_of(const Json& value) {
  if (value.is_string()) return value;
  if (value.is_discarded()) return "";
  if (value.is_null()) return "None";
  if (value.is_boolean()) return value.get<bool>() ? "True" : "False";
  return value.dump();
}

std::string_view lstrip(std::string_view text) {
  const std::string_view end = rstrip(text);
  return end.empty() ? end : text.substr(static_cast<std::size_t>(strip(text).data() - text.data()));
}

std::string ascii(std::string text, char first, char last, int shift) {
  for (char& c : text) {
    if (c >= first && c <= last) c = static_cast<char>(c + shift);
  }
  return text;
}

std::string lower(std::string text) {
  return ascii(std::move(text), 'A', 'Z', 'a' - 'A');
}
std::string upper(std::string text) {
  return ascii(std::move(text), 'a', 'z', 'A' - 'a');
}

// Functions of a text without arguments, as methods and as filters. Those that remove white space may be asked of an opaque text.
struct TextFunction {
  std::string_view method, filter;
  bool takes_opaque;
  std::string (*call)(const std::string& text);
};
constexpr TextFunction kTextFunctions[] = {
    {"strip", "trim", true, [](const std::string& text) { return std::string(strip(text)); }},
    {"lstrip", "", true, [](const std::string& text) { return std::string(lstrip(text)); }},
    {"rstrip", "", true, [](const std::string& text) { return std::string(rstrip(text)); }},
    {"upper", "upper", false, [](const std::string& text) { return upper(text); }},
    {"lower", "lower", false, [](const std::string& text) { return lower(text); }},
};

// A kind of value, for `is`.
struct Test {
  std::string_view name;
  bool (*holds)(const Json& value);
};
constexpr Test kTests[] = {
    {"defined", [](const Json& value) { return !value.is_discarded(); }},
    {"undefined", [](const Json& value) { return value.is_discarded(); }},
    {"none", [](const Json& value) { return value.is_null(); }},
    {"string", [](const Json& value) { return value.is_string(); }},
    {"mapping", [](const Json& value) { return value.is_object(); }},
    {"iterable", [](const Json& value) { return value.is_string() || value.is_array() || value.is_object(); }},
    {"sequence", [](const Json& value) { return value.is_string() || value.is_array() || value.is_object(); }},
    {"number", [](const Json& value) { return value.is_number(); }},
    {"boolean", [](const Json& value) { return value.is_boolean(); }},
    {"true", [](const Json& value) { return value == true; }},
    {"false", [](const Json& value) { return value == false; }},
};

class Renderer {
 public:
  explicit Renderer(const Json& variables) {
    scopes_.emplace_back();
    for (const auto& [name, value] : variables.items()) scopes_.back()[name] = value;
  }

  Rendering run(const std::vector<Statement>& statements) {
    write(statements);
    return {std::move(text_), std::move(sought_)};
  }

 private:
  void write(const std::vector<Statement>& statements) {
    for (const Statement& statement : statements) write(statement);
  }

  void write(const Statement& statement) {
    switch (statement.kind) {
      case Statement::Kind::text:
        return append(statement.text);
      case Statement::Kind::output:
        return append(text_of(value_of(statement.expression)));
      case Statement::Kind::branch:
        return write(is_true(value_of(statement.expression)) ? statement.body : statement.otherwise);
      case Statement::Kind::loop:
        return loop(statement);
      case Statement::Kind::set:
        return set(statement);
    }
  }

  void append(const std::string& text) {
    text_ += text;
    if (text_.size() > kLongestText) throw Error("the template writes without end");
  }

  void loop(const Statement& statement) {
    const Json list = value_of(statement.expression);
    if (!list.is_array()) fail(statement.expression.line, "a loop over what is no list is not supported");
    for (std::size_t i = 0; i < list.size(); ++i) {
      auto& scope = scopes_.emplace_back();
      scope["loop"] = {{"index", i + 1},          {"index0", i},
                       {"first", i == 0},         {"last", i + 1 == list.size()},
                       {"length", list.size()},   {"revindex", list.size() - i},
                       {"previtem", undefined()}, {"nextitem", undefined()}};
      if (i > 0) scope["loop"]["previtem"] = list[i - 1];
      if (i + 1 < list.size()) scope["loop"]["nextitem"] = list[i + 1];
      bind(statement, list[i]);
      write(statement.body);
      scopes_.pop_back();
    }
  }

  void bind(const Statement& statement, const Json& item) {
    const auto& names = statement.names;
    if (names.size() == 1) {
      scopes_.back()[names[0]] = item;
      return;
    }
    if (!item.is_array() || item.size() != names.size()) fail(statement.expression.line, "an item has another number of parts");
    for (std::size_t i = 0; i < names.size(); ++i) scopes_.back()[names[i]] = item[i];
  }

  void set(const Statement& statement) {
    Json value = value_of(statement.expression);
    if (statement.names.size() == 1) {
      scopes_.back()[statement.names[0]] = std::move(value);
      return;
    }
    Json* space = find(statement.names[0]);
    if (space == nullptr || !space->is_object()) fail(statement.expression.line, statement.names[0] + " is no namespace");
    (*space)[statement.names[1]] = std::move(value);
  }

  Json* find(const std::string& name) {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      if (const auto found = scope->find(name); found != scope->end()) return &found->second;
    }
    return nullptr;
  }

  Json value_of(const Expression& expression) {
    switch (expression.kind) {
      case Kind::literal:
        return expression.value;
      case Kind::name: {
        const Json* found = find(expression.text);
        return found == nullptr ? undefined() : *found;
      }
      case Kind::member:
        return member(value_of(expression.parts[0]), value_of(expression.parts[1]), expression.line);
      case Kind::slice:
        return slice(expression);
      case Kind::call:
        return call(expression);
      case Kind::filter:
        return filter(expression);
      case Kind::test:
        return test(expression);
      case Kind::negation:
        return !is_true(value_of(expression.parts[0]));
      case Kind::minus:
        return -integer(value_of(expression.parts[0]), expression.line);
      case Kind::binary:
        return binary(expression);
      case Kind::conditional:
        return value_of(expression.parts[is_true(value_of(expression.parts[0])) ? 1 : 2]);
      case Kind::list: {
        Json list = Json::array();
        for (const Expression& part : expression.parts) list.push_back(value_of(part));
        return list;
      }
      case Kind::object: {
        Json object = Json::object();
        for (std::size_t i = 0; i + 1 < expression.parts.size(); i += 2) {
          object[text_of(value_of(expression.parts[i]))] = value_of(expression.parts[i + 1]);
        }
        return object;
      }
    }
    return undefined();
  }

  static std::int64_t integer(const Json& value, std::size_t line) {
    if (!value.is_number_integer()) fail(line, "a whole number was expected");
    return value.get<std::int64_t>();
  }

  static std::string text(const Json& value, std::size_t line) {
    if (!value.is_string()) fail(line, "a text was expected");
    return value;
  }

  static Json member(const Json& value, const Json& key, std::size_t line) {
    if (value.is_discarded()) fail(line, fmt::format("{} of what is not there is asked for", key.dump()));
    if (value.is_object() && key.is_string()) {
      const auto found = value.find(key.get_ref<const std::string&>());
      return found == value.end() ? undefined() : *found;
    }
    if (value.is_string() && key.is_number_integer()) fail(line, "a character of a text is not supported");
    if (!value.is_array() || !key.is_number_integer()) return undefined();
    const auto size = static_cast<std::int64_t>(value.size());
    const auto at = key.get<std::int64_t>() + (key.get<std::int64_t>() < 0 ? size : 0);
    return at < 0 || at >= size ? undefined() : value[static_cast<std::size_t>(at)];
  }

  // As Python's [begin:end:step].
  Json slice(const Expression& expression) {
    const Json list = value_of(expression.parts[0]);
    if (!list.is_array()) fail(expression.line, "a part of what is no list is not supported");
    const auto size = static_cast<std::int64_t>(list.size());
    const auto bound = [&](std::size_t part, std::int64_t absent, std::int64_t lowest, std::int64_t highest) {
      const Json value = value_of(expression.parts[part]);
      if (value.is_null()) return absent;
      const std::int64_t number = integer(value, expression.line);
      return std::clamp(number < 0 ? number + size : number, lowest, highest);
    };
    const Json given = value_of(expression.parts[3]);
    const std::int64_t step = given.is_null() ? 1 : integer(given, expression.line);
    if (step == 0) fail(expression.line, "a step of 0 leads nowhere");
    const bool forward = step > 0;
    const auto begin = forward ? bound(1, 0, 0, size) : bound(1, size - 1, -1, size - 1);
    const auto end = forward ? bound(2, size, 0, size) : bound(2, -1, -1, size - 1);
    Json part = Json::array();
    for (auto at = begin; forward ? at < end : at > end; at += step) part.push_back(list[static_cast<std::size_t>(at)]);
    return part;
  }

  Json argument(const Expression& call, std::size_t number) {
    if (call.parts.size() <= number + 1) fail(call.line, "an argument is missing");
    return value_of(call.parts[number + 1]);
  }

  Json call(const Expression& call) {
    const Expression& callee = call.parts[0];
    if (callee.kind == Kind::member) return method(call, value_of(callee.parts[0]), text_of(value_of(callee.parts[1])));
    if (callee.kind != Kind::name) fail(call.line, "a call of what is no function");
    if (callee.text == "raise_exception") throw Error("it refuses the conversation: " + text_of(argument(call, 0)));
    if (callee.text == "namespace") return named_arguments(call);
    if (callee.text == "strftime_now") {
      fail(call.line, "it writes the date of the day (strftime_now), so that the same text has other tokens tomorrow");
    }
    fail(call.line, fmt::format("the function {} is not supported", callee.text));
  }

  Json named_arguments(const Expression& call) {
    Json space = Json::object();
    for (std::size_t i = 0; i < call.names.size(); ++i) space[call.names[i]] = value_of(call.parts[i + 1]);
    return space;
  }

  Json method(const Expression& call, const Json& value, const std::string& name) {
    if (value.is_object() && name == "get") {
      const Json found = member(value, argument(call, 0), call.line);
      if (!found.is_discarded()) return found;
      return call.parts.size() > 2 ? argument(call, 1) : Json();
    }
    if (value.is_object() && name == "items") {
      Json items = Json::array();
      for (const auto& [key, item] : value.items()) items.push_back(Json::array({key, item}));
      return items;
    }
    if (value.is_string()) return text_method(call, value, name);
    fail(call.line, fmt::format("the method {} is not supported", name));
  }

  Json text_method(const Expression& call, const std::string& value, const std::string& name) {
    const bool is_plain = call.parts.size() == 1;
    const auto* function = std::ranges::find(kTextFunctions, name, &TextFunction::method);
    if (is_plain && function != std::end(kTextFunctions)) return of_text(*function, value, call.line);
    if (name == "startswith" || name == "endswith" || name == "replace" || (name == "split" && !is_plain)) {
      return search(call, value, name, text(argument(call, 0), call.line));
    }
    fail(call.line, fmt::format("the method {} is not supported as it is here", name));
  }

  Json search(const Expression& call, const std::string& value, const std::string& name, const std::string& what) {
    const bool is_absent = seeks(value, what);
    if (name == "startswith") return !is_absent && value.starts_with(what);
    if (name == "endswith") return !is_absent && value.ends_with(what);
    if (name == "replace") return is_absent ? value : replaced(value, what, text(argument(call, 1), call.line));
    return is_absent ? Json::array({value}) : split(value, what, call.line);
  }

  static Json of_text(const TextFunction& function, const std::string& value, std::size_t line) {
    if (is_opaque(value) && !function.takes_opaque) look_into(line, function.method);
    return function.call(value);
  }

  [[noreturn]] static void look_into(std::size_t line, std::string_view name) {
    fail(line, fmt::format("it looks at what the messages say ({})", name));
  }

  // Whether `what` is sought in an opaque text, in which it then counts as absent.
  bool seeks(const std::string& value, const std::string& what) {
    if (!is_opaque(value) || what.empty()) return false;
    sought_.insert(what);
    return true;
  }

  bool seeks_in(const std::string& value, const std::string& what) { return !is_opaque(what) && seeks(value, what); }

  bool equal(const Json& left, const Json& right) {
    if (left.is_string() && right.is_string() && (seeks_in(left, right) || seeks_in(right, left))) return false;
    return left == right;
  }

  static Json split(std::string_view value, const std::string& separator, std::size_t line) {
    if (separator.empty()) fail(line, "a text cannot be split at nothing");
    Json parts = Json::array();
    for (std::size_t at; (at = value.find(separator)) != std::string_view::npos; value.remove_prefix(at + separator.size())) {
      parts.push_back(std::string(value.substr(0, at)));
    }
    parts.push_back(std::string(value));
    return parts;
  }

  static std::string replaced(std::string_view value, const std::string& what, const std::string& by) {
    std::string result;
    for (std::size_t at; !what.empty() && (at = value.find(what)) != std::string_view::npos; value.remove_prefix(at + what.size())) {
      result.append(value.substr(0, at)).append(by);
    }
    return result.append(value);
  }

  Json filter(const Expression& filter) {
    const Json value = value_of(filter.parts[0]);
    const std::string& name = filter.text;
    const auto* function = std::ranges::find(kTextFunctions, name, &TextFunction::filter);
    if (function != std::end(kTextFunctions) && filter.parts.size() == 1) return of_text(*function, text_of(value), filter.line);
    if ((name == "length" || name == "count") && is_opaque_text(value)) look_into(filter.line, name);
    if (name == "length" || name == "count") return value.is_string() ? value.get_ref<const std::string&>().size() : value.size();
    if (name == "default" || name == "d") return value.is_discarded() ? argument(filter, 0) : value;
    if (name == "string") return text_of(value);
    if (name == "tojson" && filter.parts.size() == 1) return value.dump();
    if (name == "list" && value.is_array()) return value;
    if (name == "first" && value.is_array()) return member(value, 0, filter.line);
    if (name == "last" && value.is_array()) return member(value, -1, filter.line);
    fail(filter.line, fmt::format("the filter {} is not supported as it is here", name));
  }

  Json test(const Expression& test) {
    const Json value = value_of(test.parts[0]);
    if (test.text == "equalto" || test.text == "eq") return equal(value, argument(test, 0));
    const auto* found = std::ranges::find(kTests, test.text, &Test::name);
    if (found == std::end(kTests)) fail(test.line, fmt::format("the test {} is not supported", test.text));
    return found->holds(value);
  }

  Json binary(const Expression& expression) {
    const std::string& sign = expression.text;
    Json left = value_of(expression.parts[0]);
    if (sign == "and") return is_true(left) ? value_of(expression.parts[1]) : left;
    if (sign == "or") return is_true(left) ? left : value_of(expression.parts[1]);
    const Json right = value_of(expression.parts[1]);
    if (sign == "==") return equal(left, right);
    if (sign == "!=") return !equal(left, right);
    if (sign == "~") return text_of(left) + text_of(right);
    if (sign == "in") return contains(right, left);
    if (sign == "+" && left.is_string()) return text(left, expression.line) + text(right, expression.line);
    if (sign == "+" && left.is_array() && right.is_array()) {
      left.insert(left.end(), right.begin(), right.end());
      return left;
    }
    return arithmetic(expression, integer(left, expression.line), integer(right, expression.line));
  }

  bool contains(const Json& whole, const Json& part) {
    if (whole.is_string() && part.is_string()) {
      return !seeks(whole, part) && whole.get_ref<const std::string&>().find(part.get_ref<const std::string&>()) != std::string::npos;
    }
    if (whole.is_object() && part.is_string()) return whole.contains(part.get_ref<const std::string&>());
    return whole.is_array() && std::ranges::any_of(whole, [&](const Json& item) { return equal(item, part); });
  }

  static Json arithmetic(const Expression& expression, std::int64_t left, std::int64_t right) {
    const std::string& sign = expression.text;
    if (sign == "+") return left + right;
    if (sign == "-") return left - right;
    if (sign == "<") return left < right;
    if (sign == ">") return left > right;
    if (sign == "<=") return left <= right;
    if (sign == ">=") return left >= right;
    if (sign == "*") return left * right;
    if (right == 0) fail(expression.line, "a division by 0");
    // Python rounds towards the smaller number.
    const std::int64_t remainder = ((left % right) + right) % right;
    return sign == "%" ? remainder : (left - remainder) / right;
  }

  std::vector<std::map<std::string, Json>> scopes_;
  std::string text_;
  std::set<std::string> sought_;
};

}  // namespace

Rendering Template::render(const Json& variables) const {
  return Renderer(variables).run(statements_);
}

}  // namespace midillama::text::jinja
