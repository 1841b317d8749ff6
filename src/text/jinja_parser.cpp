#include "midillama/core/error.h"
#include "midillama/text/utf8.h"
#include "text/jinja_syntax.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <utility>

namespace midillama::text::jinja {
namespace {

using Kind = Expression::Kind;

constexpr std::size_t kDeepest = 100;  // expressions and blocks within each other

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

struct Token {
  enum class Kind { text, name, number, string, sign, open_output, close_output, open_tag, close_tag, end } kind;
  std::string text;
  std::size_t line;
};

// Cuts a template into text and the tokens of its tags, white space around tags taken away.
class Lexer {
 public:
  explicit Lexer(std::string_view source) : rest_(source) {
    if (rest_.ends_with('\n')) rest_.remove_suffix(1);
  }

  std::vector<Token> run() {
    while (!rest_.empty()) {
      const std::size_t tag = next_tag();
      take_text(tag);
      if (!rest_.empty()) take_tag();
    }
    add(Token::Kind::end, "");
    return std::move(tokens_);
  }

 private:
  std::size_t next_tag() const {
    for (std::size_t at = rest_.find('{'); at != std::string_view::npos; at = rest_.find('{', at + 1)) {
      if (at + 1 < rest_.size() && (rest_[at + 1] == '{' || rest_[at + 1] == '%' || rest_[at + 1] == '#')) return at;
    }
    return rest_.size();
  }

  void take_text(std::size_t size) {
    std::string_view text = rest_.substr(0, size);
    const std::string_view tag = rest_.substr(size);
    const bool strips = tag.size() > 2 && tag[2] == '-';
    const bool keeps = tag.size() > 2 && tag[2] == '+';
    if (strips) {
      text = rstrip(text);
    } else if (tag.size() > 1 && tag[1] != '{' && !keeps) {
      text = without_indentation(text);
    }
    if (!text.empty()) add(Token::Kind::text, std::string(text));
    advance(size);
  }

  // A tag that is alone at the start of its line takes the white space before it.
  std::string_view without_indentation(std::string_view text) const {
    const std::size_t line = text.rfind('\n') + 1;
    const bool starts_line = line > 0 || at_line_start_;
    return starts_line && text.find_first_not_of(" \t", line) == std::string_view::npos ? text.substr(0, line) : text;
  }

  void take_tag() {
    const char kind = rest_[1];
    if (kind == '#') return take_comment();
    add(kind == '{' ? Token::Kind::open_output : Token::Kind::open_tag, "");
    advance(2);
    if (rest_.starts_with('-') || rest_.starts_with('+')) advance(1);
    const std::string_view close = kind == '{' ? "}}" : "%}";
    for (;;) {
      advance(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
      if (rest_.empty()) fail(line_, fmt::format("{} is missing", close));
      if (rest_.starts_with(close) || ((rest_[0] == '-' || rest_[0] == '+') && rest_.substr(1).starts_with(close))) break;
      take_token();
    }
    add(kind == '{' ? Token::Kind::close_output : Token::Kind::close_tag, "");
    close_tag(kind == '%');
  }

  void take_comment() {
    const std::size_t end = rest_.find("#}", 2);
    if (end == std::string_view::npos) fail(line_, "#} is missing");
    advance(end > 2 && rest_[end - 1] == '-' ? end - 1 : end);
    close_tag(true);
  }

  // Of a block, one line break after it goes, too.
  void close_tag(bool is_block) {
    const bool strips = rest_.starts_with('-'), keeps = rest_.starts_with('+');
    advance(strips || keeps ? 3 : 2);
    at_line_start_ = is_block && !strips && !keeps && rest_.starts_with('\n');
    if (at_line_start_) advance(1);
    if (strips) advance(rest_.size() - lstripped(rest_).size());
  }

  static std::string_view lstripped(std::string_view text) { return text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size())); }

  void take_token() {
    const char c = rest_[0];
    if (c == '\'' || c == '"') return take_string(c);
    if (is_name_start(c)) return take_run(Token::Kind::name, [](char next) { return is_name_start(next) || is_digit(next); });
    if (is_digit(c)) return take_run(Token::Kind::number, is_digit);
    static constexpr std::string_view kSigns[] = {"==", "!=", "<=", ">=", "//", "+", "-", "*", "/", "%", "~", "<",
                                                  ">",  "(",  ")",  "[",  "]",  "{", "}", ",", ":", ".", "|", "="};
    const auto sign = std::ranges::find_if(kSigns, [&](std::string_view one) { return rest_.starts_with(one); });
    if (sign == std::end(kSigns)) fail(line_, fmt::format("\"{}\" is not understood", c));
    add(Token::Kind::sign, std::string(*sign));
    advance(sign->size());
  }

  void take_run(Token::Kind kind, bool (*belongs)(char)) {
    const auto size = static_cast<std::size_t>(std::ranges::find_if_not(rest_, belongs) - rest_.begin());
    add(kind, std::string(rest_.substr(0, size)));
    advance(size);
  }

  void take_string(char quote) {
    static constexpr std::pair<char, char> kEscapes[] = {{'n', '\n'}, {'t', '\t'}, {'r', '\r'}, {'\\', '\\'}, {'\'', '\''}, {'"', '"'}};
    const std::size_t line = line_;
    std::string text;
    for (advance(1); !rest_.starts_with(quote); advance(1)) {
      if (rest_.size() < 2) fail(line, "a text has no end");
      if (rest_[0] != '\\') {
        text += rest_[0];
        continue;
      }
      advance(1);
      const auto* escape = std::ranges::find(kEscapes, rest_[0], &std::pair<char, char>::first);
      if (escape == std::end(kEscapes)) fail(line_, fmt::format("the escape \\{} is not supported", rest_[0]));
      text += escape->second;
    }
    advance(1);
    tokens_.push_back({Token::Kind::string, std::move(text), line});
  }

  void add(Token::Kind kind, std::string text) { tokens_.push_back({kind, std::move(text), line_}); }

  void advance(std::size_t size) {
    line_ += static_cast<std::size_t>(std::ranges::count(rest_.substr(0, size), '\n'));
    rest_.remove_prefix(size);
  }

  std::string_view rest_;
  std::vector<Token> tokens_;
  std::size_t line_ = 1;
  bool at_line_start_ = true;
};

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  std::vector<Statement> run() { return block({}); }

 private:
  using Words = std::initializer_list<std::string_view>;

  // Statements up to a tag that is one of `ends`, whose opening is taken: its name comes next.
  std::vector<Statement> block(Words ends) {
    const Depth depth(*this);
    std::vector<Statement> statements;
    for (;;) {
      if (now().kind == Token::Kind::text) {
        statements.push_back({.kind = Statement::Kind::text, .text = next().text});
      } else if (take(Token::Kind::open_output)) {
        statements.push_back({.kind = Statement::Kind::output, .expression = expression()});
        expect(Token::Kind::close_output, "}}");
      } else if (take(Token::Kind::open_tag)) {
        if (std::ranges::find(ends, now().text) != ends.end()) return statements;
        statement(statements);
      } else if (ends.size() == 0) {
        return statements;
      } else {
        fail(now().line, fmt::format("{{% {} %}} is missing", *(ends.end() - 1)));
      }
    }
  }

  void statement(std::vector<Statement>& statements) {
    const Token tag = next();
    if (tag.text == "if") return statements.push_back(branch());
    if (tag.text == "for") return statements.push_back(loop());
    if (tag.text == "set") return statements.push_back(set());
    // What it marks, the loss of an assistant's turn, is known here anyway.
    if (tag.text != "generation" && tag.text != "endgeneration") {
      fail(tag.line, fmt::format("{{% {} %}} is not supported", tag.text));
    }
    expect(Token::Kind::close_tag, "%}");
  }

  Statement branch() {
    Statement statement = {.kind = Statement::Kind::branch, .expression = expression()};
    expect(Token::Kind::close_tag, "%}");
    statement.body = block({"elif", "else", "endif"});
    if (take_name("elif")) {
      statement.otherwise.push_back(branch());
      return statement;
    }
    if (take_name("else")) {
      expect(Token::Kind::close_tag, "%}");
      statement.otherwise = block({"endif"});
    }
    next();
    expect(Token::Kind::close_tag, "%}");
    return statement;
  }

  Statement loop() {
    Statement statement = {.kind = Statement::Kind::loop};
    do statement.names.push_back(name());
    while (take_sign(","));
    if (!take_name("in")) fail(now().line, "\"in\" is missing");
    statement.expression = either();
    expect(Token::Kind::close_tag, "%}");
    statement.body = block({"endfor"});
    next();
    expect(Token::Kind::close_tag, "%}");
    return statement;
  }

  Statement set() {
    Statement statement = {.kind = Statement::Kind::set, .names = {name()}};
    if (take_sign(".")) statement.names.push_back(name());
    if (!take_sign("=")) fail(now().line, "\"=\" is missing");
    statement.expression = expression();
    expect(Token::Kind::close_tag, "%}");
    return statement;
  }

  // From the loosest binding to the tightest, as Jinja has them.
  Expression expression() {
    const Depth depth(*this);
    Expression value = either();
    while (take_name("if")) {
      Expression condition = either();
      Expression otherwise = take_name("else") ? expression() : literal(Json(Json::value_t::discarded));
      value = make(Kind::conditional, "", {std::move(condition), std::move(value), std::move(otherwise)});
    }
    return value;
  }

  Expression either() {
    Expression left = both();
    while (take_name("or")) left = binary("or", std::move(left), both());
    return left;
  }

  Expression both() {
    Expression left = negation();
    while (take_name("and")) left = binary("and", std::move(left), negation());
    return left;
  }

  Expression negation() {
    const Depth depth(*this);
    if (take_name("not")) return make(Kind::negation, "", {negation()});
    return comparison();
  }

  Expression comparison() {
    Expression left = sum();
    for (;;) {
      if (const auto sign = take_sign_of({"==", "!=", "<=", ">=", "<", ">"})) {
        left = binary(*sign, std::move(left), sum());
      } else if (take_name("in")) {
        left = binary("in", std::move(left), sum());
      } else if (now().text == "not" && after_next().text == "in") {
        next(), next();
        left = make(Kind::negation, "", {binary("in", std::move(left), sum())});
      } else {
        return left;
      }
    }
  }

  Expression sum() {
    Expression left = concatenation();
    while (const auto sign = take_sign_of({"+", "-"})) left = binary(*sign, std::move(left), concatenation());
    return left;
  }

  Expression concatenation() {
    Expression left = product();
    while (take_sign("~")) left = binary("~", std::move(left), product());
    return left;
  }

  Expression product() {
    Expression left = signed_value();
    while (const auto sign = take_sign_of({"*", "//", "%"})) left = binary(*sign, std::move(left), signed_value());
    return left;
  }

  Expression signed_value() {
    const Depth depth(*this);
    if (take_sign("-")) return make(Kind::minus, "", {signed_value()});
    Expression value = primary();
    for (;;) {
      if (take_sign(".")) {
        value = make(Kind::member, "", {std::move(value), text_literal(name())});
      } else if (take_sign("[")) {
        value = subscript(std::move(value));
      } else if (now().text == "(" && now().kind == Token::Kind::sign) {
        value = make(Kind::call, "", {std::move(value)});
        arguments(value);
      } else if (take_sign("|")) {
        value = make(Kind::filter, name(), {std::move(value)});
        arguments(value);
      } else if (take_name("is")) {
        value = test(std::move(value));
      } else {
        return value;
      }
    }
  }

  Expression test(Expression value) {
    const bool negated = take_name("not");
    value = make(Kind::test, name(), {std::move(value)});
    arguments(value);
    return negated ? make(Kind::negation, "", {std::move(value)}) : value;
  }

  // [index], [begin:end] or [begin:end:step]
  Expression subscript(Expression list) {
    Expression result = make(Kind::member, "", {std::move(list)});
    const auto bound = [&] { return at_sign(":") || at_sign("]") ? make(Kind::literal, "", {}) : expression(); };
    result.parts.push_back(bound());
    while (take_sign(":")) {
      result.kind = Kind::slice;
      result.parts.push_back(bound());
    }
    require_sign("]");
    if (result.kind == Kind::slice) result.parts.resize(4);
    return result;
  }

  void arguments(Expression& call) {
    if (!take_sign("(")) return;
    while (!take_sign(")")) {
      const bool is_named = now().kind == Token::Kind::name && after_next().kind == Token::Kind::sign && after_next().text == "=";
      call.names.push_back(is_named ? name() : "");
      if (is_named) next();
      call.parts.push_back(expression());
      if (!at_sign(")")) require_sign(",");
    }
  }

  Expression primary() {
    const Token token = next();
    switch (token.kind) {
      case Token::Kind::string: {
        Expression value = text_literal(token.text);
        while (now().kind == Token::Kind::string) value.value = value.value.get<std::string>() + next().text;
        return value;
      }
      case Token::Kind::number: {
        if (token.text.size() > 9) fail(token.line, "a number is too large");
        return literal(std::stoi(token.text));
      }
      case Token::Kind::name:
        return constant_or_name(token);
      case Token::Kind::sign:
        if (token.text == "(") return in_brackets();
        if (token.text == "[") return list();
        if (token.text == "{") return object();
        break;
      default:
        break;
    }
    fail(token.line, token.text.empty() ? "an expression is missing" : fmt::format("\"{}\" is not understood here", token.text));
  }

  Expression constant_or_name(const Token& token) {
    if (token.text == "true" || token.text == "True") return literal(true);
    if (token.text == "false" || token.text == "False") return literal(false);
    if (token.text == "none" || token.text == "None") return literal(nullptr);
    return make(Kind::name, token.text, {});
  }

  Expression in_brackets() {
    Expression value = expression();
    require_sign(")");
    return value;
  }

  Expression list() {
    Expression list = make(Kind::list, "", {});
    while (!take_sign("]")) {
      list.parts.push_back(expression());
      if (!at_sign("]")) require_sign(",");
    }
    return list;
  }

  Expression object() {
    Expression object = make(Kind::object, "", {});
    while (!take_sign("}")) {
      object.parts.push_back(expression());
      require_sign(":");
      object.parts.push_back(expression());
      if (!at_sign("}")) require_sign(",");
    }
    return object;
  }

  Expression make(Kind kind, std::string text, std::vector<Expression> parts) const {
    return {.kind = kind, .text = std::move(text), .parts = std::move(parts), .line = now().line};
  }
  Expression literal(Json value) const { return {.value = std::move(value), .line = now().line}; }
  Expression text_literal(const std::string& text) const { return literal(text); }
  Expression binary(std::string_view sign, Expression left, Expression right) const {
    return make(Kind::binary, std::string(sign), {std::move(left), std::move(right)});
  }

  const Token& now() const { return tokens_[at_]; }
  const Token& after_next() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  // The end stays.
  Token next() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }

  bool take(Token::Kind kind) {
    if (now().kind != kind) return false;
    next();
    return true;
  }
  bool take_name(std::string_view word) { return now().text == word && take(Token::Kind::name); }
  bool at_sign(std::string_view sign) const { return now().kind == Token::Kind::sign && now().text == sign; }
  bool take_sign(std::string_view sign) { return now().text == sign && take(Token::Kind::sign); }
  std::optional<std::string_view> take_sign_of(Words signs) {
    const auto found = std::ranges::find_if(signs, [&](std::string_view sign) { return take_sign(sign); });
    return found == signs.end() ? std::nullopt : std::optional(*found);
  }
  void expect(Token::Kind kind, std::string_view what) {
    if (!take(kind)) fail(now().line, fmt::format("{} was expected, not \"{}\"", what, now().text));
  }
  void require_sign(std::string_view sign) {
    if (!take_sign(sign)) fail(now().line, fmt::format("{} was expected, not \"{}\"", sign, now().text));
  }
  std::string name() {
    if (now().kind != Token::Kind::name) fail(now().line, fmt::format("a name was expected, not \"{}\"", now().text));
    return next().text;
  }

  // Bounds recursion.
  struct Depth {
    explicit Depth(Parser& parser) : parser(parser) {
      if (++parser.depth_ > kDeepest) fail(parser.now().line, "it is nested too deeply");
    }
    ~Depth() { --parser.depth_; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;
    Parser& parser;
  };

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
};

}  // namespace

void fail(std::size_t line, const std::string& what) {
  throw Error(fmt::format("line {}: {}", line, what));
}

std::vector<Statement> parse(std::string_view source) {
  return Parser(Lexer(source).run()).run();
}

}  // namespace midillama::text::jinja
