#include "midillama/explain/piano_roll.h"

#include "midillama/core/file.h"
#include "midillama/core/process.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::explain {
namespace {

using testing::HasSubstr;
using testing::Not;

Explanation explanation() {
  Explanation explanation;
  explanation.question = "Is it \"in\" <G> & major?";
  explanation.answer = fmt::format("Yes\x01\uffff {} it is.", std::string(300, 'x'));
  explanation.log_probability = -0.5;
  explanation.pearson = 0.75;
  explanation.spearman = 0.5;
  explanation.bars = {{0}, {2}, {4}};
  explanation.notes = {{.start = {0}, .end = {0.5}, .pitch = 66, .velocity = 80, .share = 0.25, .gradient = -0.5, .left_out = 0.125},
                       {.start = {0.5}, .end = {0.5}, .pitch = 127, .velocity = 80, .share = 0.25, .gradient = 0.25, .left_out = -0.25},
                       {.start = {1}, .end = {3.5}, .pitch = 0, .velocity = 1, .share = 0.25, .gradient = 0.0, .left_out = 0.0},
                       {.start = {1}, .end = {1.5}, .pitch = 38, .velocity = 9, .is_drum = true, .share = 0.25}};
  return explanation;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t times = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++times;
  return times;
}

// As an XML parser reads it: the number of rectangles, and all texts.
ProcessResult parsed(const std::string& svg) {
  const TemporaryDirectory folder;
  const auto file = (folder.path() / "roll.svg").string();
  write_atomically(file, svg);
  return run_process({"python3", "-c",
                      "import sys, xml.etree.ElementTree as tree\n"
                      "root = tree.parse(sys.argv[1]).getroot()\n"
                      "print(len(root.findall('.//{*}g/{*}rect')), *root.itertext())\n",
                      file});
}

TEST(PianoRoll, EveryNoteIsThereWithItsNumbers) {
  const std::string svg = to_svg(explanation());
  EXPECT_EQ(count(svg, "<title>"), 4U);
  EXPECT_THAT(svg, HasSubstr("<title>F♯4, program 0, 0.00 s to 0.50 s, velocity 80\nleft out: +0.125 nats\ngradient: −0.5 nats\n"
                             "share of its vector: 0.25</title>"));
  EXPECT_THAT(svg, HasSubstr("<title>drum 38, 1.00 s to 1.50 s"));
  const auto read = parsed(svg);
  ASSERT_EQ(read.status, 0) << read.error_output;
  EXPECT_THAT(read.output, HasSubstr("8 "));
  EXPECT_THAT(read.output, HasSubstr("Is it \"in\" <G> & major?"));
  EXPECT_THAT(read.output, HasSubstr("Yes\ufffd\ufffd"));
}

TEST(PianoRoll, ColoursAreOnOneScaleAroundZero) {
  const std::string left_out = to_svg(explanation()), gradient = to_svg(explanation(), Measure::gradient);
  EXPECT_THAT(left_out, HasSubstr("class=\"for\" fill-opacity=\"0.500\""));
  EXPECT_THAT(left_out, HasSubstr("class=\"against\" fill-opacity=\"1.000\""));
  EXPECT_THAT(left_out, HasSubstr("−0.25 against the answer"));
  EXPECT_THAT(gradient, HasSubstr("class=\"against\" fill-opacity=\"1.000\""));
  EXPECT_THAT(gradient, HasSubstr("class=\"for\" fill-opacity=\"0.500\""));
  EXPECT_THAT(gradient, HasSubstr("+0.5 for it"));
}

TEST(PianoRoll, TheLegendSaysWhatTheColourMeansAndWhatNot) {
  Explanation some = explanation();
  EXPECT_THAT(to_svg(some), AllOf(HasSubstr("It says how much"), HasSubstr("It does not say why"), HasSubstr("r = 0.75"),
                                  Not(HasSubstr("neighbours were left out"))));
  some.notes_left_out_at_once = 3;
  some.pearson.reset();
  EXPECT_THAT(to_svg(some), AllOf(HasSubstr("3 neighbours were left out at once"), Not(HasSubstr("Pearson"))));
}

TEST(PianoRoll, NotesOfNoHeatAndOfDrumsAloneAreDrawn) {
  Explanation drums = explanation();
  drums.notes = {drums.notes.back()};
  drums.bars.clear();
  const std::string svg = to_svg(drums);
  EXPECT_EQ(parsed(svg).status, 0);
  EXPECT_THAT(svg, HasSubstr("fill-opacity=\"0.000\""));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
}

}  // namespace
}  // namespace midillama::explain
