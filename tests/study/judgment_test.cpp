#include "midillama/study/judgment.h"

#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::study {
namespace {

using testing::HasSubstr;
using testing_support::error_of;

Judgment judgment() {
  return {.participant = "p01",
          .item = "p01-002",
          .clip = "c007",
          .criterion = "overall",
          .left = "text",
          .right = "music",
          .choice = "music",
          .shown = 1'764'198'662'500,
          .judged = 1'764'198'665'007,
          .heard_seconds = 18.25,
          .note = ""};
}

TEST(Judgment, TimesAreReadAsTheyAreWritten) {
  EXPECT_EQ(text_of(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(text_of(951'782'399'999), "2000-02-28T23:59:59.999Z");
  Time time = 0;
  for (const Time each : {Time{0}, Time{951'868'799'999}, judgment().judged}) {
    EXPECT_TRUE(read_time(text_of(each), time));
    EXPECT_EQ(time, each);
  }
  for (const char* text : {"", "2026-11-26", "2026-02-30T00:00:00.000Z", "2026-11-26T24:00:00.000Z", "2026-11-26T23:00:00.000Z "})
    EXPECT_FALSE(read_time(text, time)) << text;
}

TEST(Judgment, OfCsvEachRowIsALine) {
  Judgment noted = judgment();
  noted.note = "plain";
  EXPECT_EQ(to_csv(std::vector{noted}),
            "participant,item,clip,criterion,left,right,choice,shown,judged,heard_seconds,note\r\n"
            "p01,p01-002,c007,overall,text,music,music,2025-11-26T23:11:02.500Z,2025-11-26T23:11:05.007Z,18.25,plain\r\n");
}

TEST(Judgment, NoNoteIsComputedByASpreadsheet) {
  for (const char* note : {"=1", "+1", "-1", "@x"}) {
    Judgment noted = judgment();
    noted.note = note;
    EXPECT_THAT(to_csv(std::vector{noted}), HasSubstr(std::string(",'") + note + "\r\n"));
  }
}

TEST(Judgment, LinesAreReadAsTheyAreWritten) {
  TemporaryDirectory folder;
  Judgment noted = judgment();
  noted.note = "two\nlines, \"quoted\" ♪";
  noted.choice = "undecided";
  const std::vector<Judgment> both = {judgment(), noted};
  write_atomically(folder.path() / "a.jsonl", to_jsonl(both));
  EXPECT_EQ(read_judgments(folder.path() / "a.jsonl"), both);
}

TEST(Judgment, LinesThatAreNoneAreRefusedWithTheirPlace) {
  TemporaryDirectory folder;
  const auto error = [&](const std::string& from, const std::string& to) {
    std::string text = to_jsonl(std::vector{judgment(), judgment()});
    text.replace(text.rfind(from), from.size(), to);
    write_atomically(folder.path() / "a.jsonl", text);
    return error_of([&] { read_judgments(folder.path() / "a.jsonl"); });
  };
  EXPECT_THAT(error("\"choice\":\"music\"", "\"choice\":\"nobody\""), HasSubstr("a.jsonl: line 2: the choice \"nobody\""));
  EXPECT_THAT(error("2025-11-26T23:11:02.500Z", "yesterday"), HasSubstr("line 2: \"shown\" is no time"));
  EXPECT_THAT(error("\"clip\"", "\"clap\""), HasSubstr("line 2: the key \"clip\" is missing"));
}

TEST(Judgment, AChecksTextMustBeChosen) {
  Judgment check = judgment();
  EXPECT_FALSE(check.is_check());
  check.left = "check";
  EXPECT_TRUE(check.is_failed_check());
  check.choice = "undecided";
  EXPECT_TRUE(check.is_failed_check());
  check.choice = "check";
  EXPECT_FALSE(check.is_failed_check());
}

}  // namespace
}  // namespace midillama::study
