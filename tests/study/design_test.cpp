#include "midillama/study/design.h"

#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace midillama::study {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing_support::error_of;

constexpr const char* kDesign = R"(title: A study
consent: consent.md
clips: 10
judges: 3
participants: 6
checks: 0
criteria:
  - {name: overall, label: Overall, question: "Which is better?"}
)";

TEST(Design, TheOneThatIsShippedHasThePapersSize) {
  const Design design = read_design("configs/folk/study.yaml");
  EXPECT_EQ(design.clips * design.judges, 500);
  EXPECT_EQ(design.participants, 17);
  EXPECT_EQ(design.criteria.size(), 5);
  EXPECT_TRUE(std::filesystem::exists(design.consent));
}

TEST(Design, EveryMistakeIsTold) {
  const std::string error = error_of([] {
    parse_design(
        "title: A study\nconsent: consent.md\nparticipants: 3\nheard: 2\ncriteria:\n"
        "  - {name: a b, label: A, question: \"Which?\", published: {first: 7, clips: 3}}\n",
        "my.yaml");
  });
  EXPECT_THAT(error, AllOf(HasSubstr("judges: a clip cannot have more judges"), HasSubstr("heard: must be from 0 to 1")));
  EXPECT_THAT(error, AllOf(HasSubstr("check_text"), HasSubstr("line 6: criteria[0].name"), HasSubstr("published.clips"),
                           HasSubstr("published_by")));
}

TEST(Design, KeysThatAreNotKnownAreRefused) {
  EXPECT_THAT(error_of([] { parse_design(std::string(kDesign) + "clisp: 3\n", "my.yaml"); }), HasSubstr("clisp"));
  EXPECT_EQ(parse_design(kDesign, "my.yaml").judges, 3);
}

TEST(Design, NamesAreThereOnce) {
  const std::string twice = std::string(kDesign) + "  - {name: overall, label: Again, question: \"Which is it?\"}\n";
  EXPECT_THAT(error_of([&] { parse_design(twice, "my.yaml"); }), HasSubstr("criteria[1].name: is there twice"));
}

}  // namespace
}  // namespace midillama::study
