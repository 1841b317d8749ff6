#include "text/jinja.h"

#include "midillama/core/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::text::jinja {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

std::string render(std::string_view source, const Json& variables = Json::object()) {
  return Template(source).render(variables).text;
}

TEST(Jinja, WritesTextAndValues) {
  EXPECT_EQ(render("a{{ 'b' }}c{# d #}e{{ x }}{{ none }}{{ 7 }}{{ true }}", {{"x", "\xe2\x99\xaf"}}), "abce\xe2\x99\xafNone7True");
  EXPECT_EQ(render(R"({{ 'it\'s\n' "one" }})"), "it's\none");
  EXPECT_EQ(render("{ {a} }} %}"), "{ {a} }} %}");
}

TEST(Jinja, WhiteSpaceAroundTagsGoesAsHuggingFaceHasIt) {
  EXPECT_EQ(render("a\n  {% if true %}\nb\n  {% endif %}\nc"), "a\nb\nc");
  EXPECT_EQ(render("a\n  {{ 'b' }}\nc\n"), "a\n  b\nc");
  EXPECT_EQ(render("a \n {%- if true -%} \n b {%- endif %} c"), "ab c");
  EXPECT_EQ(render("a {{- ' b ' -}} c"), "a b c");
  EXPECT_EQ(render("x {% if true %} y{% endif %}"), "x  y");
  EXPECT_EQ(render("  {# a comment #}\nx"), "x");
}

TEST(Jinja, ConditionsBindAsInJinja) {
  const Json variables = {{"a", true}, {"b", false}, {"list", {1, 2}}, {"text", "abc"}};
  const auto holds = [&](const std::string& condition) { return render("{{ 1 if " + condition + " else 0 }}", variables) == "1"; };
  EXPECT_TRUE(holds("a or b and b"));
  EXPECT_TRUE(holds("not b and a"));
  EXPECT_TRUE(holds("not missing is defined"));
  EXPECT_TRUE(holds("missing is not defined"));
  EXPECT_TRUE(holds("2 in list and 3 not in list"));
  EXPECT_TRUE(holds("'bc' in text"));
  EXPECT_TRUE(holds("list | length == 2"));
  EXPECT_TRUE(holds("(a != b) == (5 % 2 == 1)"));
  EXPECT_TRUE(holds("1 + 2 * 3 == 7"));
  EXPECT_TRUE(holds("'a' + 'b' ~ 1 == 'ab1'"));
  EXPECT_FALSE(holds("missing"));
  EXPECT_FALSE(holds("text is mapping"));
}

TEST(Jinja, BranchesLoopsAndNamespaces) {
  EXPECT_EQ(render("{% for x in list %}{% if loop.first %}<{% elif x == 2 %}!{% else %}-{% endif %}{{ x }}{% if loop.last %}>{% endif %}"
                   "{% endfor %}",
                   {{"list", {1, 2, 3}}}),
            "<1!2-3>");
  EXPECT_EQ(render("{% set ns = namespace(n=0) %}{% set n = 0 %}{% for x in list %}{% set ns.n = ns.n + x %}{% set n = x %}{% endfor %}"
                   "{{ ns.n }} {{ n }}{{ 1 if false }}",
                   {{"list", {1, 2, 3}}}),
            "6 0");
  EXPECT_EQ(render("{% for x in list[1:] %}{{ x }}{% endfor %}{% for x in list[::-1] %}{{ x }}{% endfor %}{{ list[-1] }}{{ list[9] }}",
                   {{"list", {1, 2, 3}}}),
            "233213");
}

TEST(Jinja, FunctionsOfTexts) {
  EXPECT_EQ(render("[{{ x.strip() }}][{{ x | trim }}][{{ x.lstrip() }}][{{ x.rstrip() }}]", {{"x", " a "}}), "[a][a][a ][ a]");
  EXPECT_EQ(render("{{ 'a-b'.split('-')[1] }}{{ 'ab'.startswith('a') }}{{ 'aXa'.replace('a', 'b') }}{{ 'aB' | upper }}"), "bTruebXbAB");
  EXPECT_EQ(render("{{ m.get('a') }}{{ m.get('b', 2) }}{{ m | tojson }}{{ y | default('z') }}", {{"m", {{"a", 1}}}}), "12{\"a\":1}z");
}

TEST(Jinja, WhatIsSoughtInAnOpaqueTextCountsAsAbsentAndIsTold) {
  const auto of_opaque = [](const std::string& expression) {
    return Template("{{ " + expression + " }}").render({{"x", "\x01 0 \x01"}, {"empty", ""}, {"list", {"a", "b"}}});
  };
  const auto sought = [&](const std::string& expression, const std::string& text) {
    const auto rendering = of_opaque(expression);
    EXPECT_EQ(rendering.text, text) << expression;
    return rendering.sought;
  };
  EXPECT_THAT(sought("'0' in x", "False"), ElementsAre("0"));
  EXPECT_THAT(sought("x.startswith('What')", "False"), ElementsAre("What"));
  EXPECT_THAT(sought("(x + '.').endswith('.')", "False"), ElementsAre("."));
  EXPECT_THAT(sought("x.split('</think>')[-1]", "\x01 0 \x01"), ElementsAre("</think>"));
  EXPECT_THAT(sought("x.replace('0', '1')", "\x01 0 \x01"), ElementsAre("0"));
  EXPECT_THAT(sought("x == 'a' or 'b' != x", "True"), ElementsAre("a", "b"));
  EXPECT_THAT(sought("x is eq('a')", "False"), ElementsAre("a"));
  EXPECT_THAT(sought("x in list", "False"), ElementsAre("a", "b"));
  EXPECT_THAT(sought("x == '' or x == empty or x == 1 or x is none", "False"), IsEmpty());
  EXPECT_THAT(sought("'b' in 'abc'", "True"), IsEmpty());
  for (const char* looks : {"x | upper", "x.lower()", "x | length", "x | count", "x[0]"}) {
    EXPECT_THROW(of_opaque(looks), Error) << looks;
  }
}

TEST(Jinja, WhatIsNotUnderstoodIsNamedWithItsLine) {
  const auto fails = [](const std::string& source, const std::string& line, const std::string& what) {
    EXPECT_THAT([&] { render(source); }, ThrowsMessage<Error>(AllOf(HasSubstr(line), HasSubstr(what)))) << source;
  };
  fails("a\n{% macro f() %}{% endmacro %}", "line 2", "macro");
  fails("{{ f(1) }}", "line 1", "function f");
  fails("{{ strftime_now('%d') }}", "line 1", "date of the day");
  fails("\n{{ 'a' | reverse }}", "line 2", "filter reverse");
  fails("{{ 'a' is odd }}", "line 1", "test odd");
  fails("{{ x.y.z }}", "line 1", "not there");
  fails("{% if true %}a", "line 1", "{% endif %} is missing");
  fails("{% endif %}", "line 1", "{% endif %} is not supported");
  fails("{{ 'a", "line 1", "no end");
  fails("{{ a", "line 1", "}} is missing");
  fails("{{ }}", "line 1", "expression is missing");
  fails("{{ $ }}", "line 1", "$");
  fails("{{ raise_exception('never') }}", "refuses", "never");
  fails("{{ " + std::string(100000, '(') + " }}", "line 1", "nested too deeply");
  fails("{% for x in 'abc' %}{% endfor %}", "line 1", "no list");
  fails("{{ 99999999999 }}", "line 1", "too large");
  fails("{{ 1 % 0 }}", "line 1", "division by 0");
}

}  // namespace
}  // namespace midillama::text::jinja
