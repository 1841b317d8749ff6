#include "midillama/study/report.h"

#include "study/study_world.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>

namespace midillama::study {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing_support::error_of;

struct ReportTest : testing::Test, StudyWorld {
  // Every clip is judged by everybody.
  Study study_with(std::int64_t clips, std::int64_t judges, std::int64_t checks = 0) const {
    Design made = design(clips, judges, judges, checks);
    Study study = {
        .title = made.title, .seed = 1, .criteria = made.criteria, .published_by = made.published_by, .systems = systems(), .clips = {}};
    for (std::int64_t i = 0; i < clips; ++i) study.clips.push_back({.name = fmt::format("c{:03}", i + 1)});
    study.participants = assign(made, systems(), study.clips.size());
    return study;
  }

  // `choose` gets the numbers of the participant, the clip and the criterion; what it returns is a system's name, "check" or "undecided".
  using Choose = std::function<std::string(std::size_t participant, const Item& item, std::size_t criterion)>;
  static std::vector<Judgment> judged(const Study& study, const Choose& choose) {
    std::vector<Judgment> judgments;
    for (std::size_t i = 0; i < study.participants.size(); ++i) {
      for (const Item& item : study.participants[i].items) {
        for (const std::size_t criterion : item.criteria) {
          judgments.push_back({.participant = study.participants[i].name,
                               .item = item.name,
                               .clip = study.clips[item.clip].name,
                               .criterion = study.criteria[criterion].name,
                               .left = item.left,
                               .right = item.right,
                               .choice = choose(i, item, criterion),
                               .shown = 1000,
                               .judged = 1000 + 1000 * static_cast<Time>(judgments.size() % 5)});
        }
      }
    }
    return judgments;
  }

  // A letter a judge: m(usic), t(ext), u(ndecided); a row a clip.
  static Choose as_in(const std::vector<std::string>& rows) {
    return [rows](std::size_t participant, const Item& item, std::size_t) -> std::string {
      const char letter = rows[item.clip][participant];
      return letter == 'm' ? "music" : letter == 't' ? "text" : "undecided";
    };
  }
};

TEST_F(ReportTest, AClipIsWonByTheChoiceThatMoreMadeThanAnyOther) {
  const Study study = study_with(6, 5);
  const auto judgments = judged(study, as_in({"mmmtt", "mmttu", "muuuu", "tttum", "mmuut", "mtuuu"}));
  const StudyReport report = analyse(study, judgments, false);
  ASSERT_EQ(report.criteria.size(), 5);
  for (const CriterionReport& row : report.criteria) {
    EXPECT_EQ(row.clips, (Counts{1, 1, 4}));
    EXPECT_EQ(row.ties, 2);
    EXPECT_EQ(row.votes, (Counts{3 + 2 + 1 + 1 + 2 + 1, 2 + 2 + 0 + 3 + 1 + 1, 0 + 1 + 4 + 1 + 2 + 3}));
    EXPECT_EQ(row.sign_test, 1);
  }
  EXPECT_EQ(report.judgments, 150);
  EXPECT_EQ(report.asked, 150);
  EXPECT_EQ(report.clips, 6);
}

TEST_F(ReportTest, NumbersAreThoseOfTheVotes) {
  const Study study = study_with(10, 3);
  const std::vector<std::string> rows = {"mmm", "mmm", "mmm", "mmm", "mmm", "mmm", "mmm", "mmu", "ttt", "mmt"};
  const StudyReport report = analyse(study, judged(study, as_in(rows)), false);
  const CriterionReport& row = report.criteria[0];
  EXPECT_EQ(row.clips, (Counts{9, 1, 0}));
  EXPECT_NEAR(row.sign_test, 2 * 11.0 / 1024, 1e-12);
  EXPECT_NEAR(row.corrected, 5 * row.sign_test, 1e-12);
  EXPECT_NEAR(row.log_odds, std::log((25 + 1.0) / (4 + 1.0)), 1e-9);  // 25 and 4 votes, half of one, half a vote more
  EXPECT_LT(row.log_odds_interval.low, row.log_odds);
  EXPECT_GT(row.log_odds_interval.high, row.log_odds);
  ASSERT_TRUE(row.alpha);
  EXPECT_LT(row.alpha_interval->low, *row.alpha);
  EXPECT_GT(row.alpha_interval->high, *row.alpha);
  EXPECT_EQ(report.seconds->median, 2);
  EXPECT_EQ(report.seconds->lower_quartile, 1);
  EXPECT_EQ(report.seconds->upper_quartile, 3);
}

TEST_F(ReportTest, SidesAreCounted) {
  const Study study = study_with(8, 4);
  const StudyReport report = analyse(study, judged(study, [](std::size_t, const Item& item, std::size_t) { return item.left; }), false);
  EXPECT_EQ(report.left, (Counts{160, 0, 0}));
  EXPECT_LT(report.left_test, 1e-40);
}

TEST_F(ReportTest, WhoFailedACheckIsLeftOutWhereThatIsAskedFor) {
  const Study study = study_with(6, 3, 2);
  const auto judgments = judged(study, [](std::size_t participant, const Item& item, std::size_t) -> std::string {
    if (item.is_check() && participant != 1) return "check";
    return participant == 1 ? "undecided" : "music";
  });
  const StudyReport all = analyse(study, judgments, false);
  EXPECT_EQ(all.judgments, 90);
  EXPECT_EQ(all.participants[1].failed_checks, 2);
  EXPECT_EQ(all.participants[1].checks, 2);
  EXPECT_FALSE(all.participants[1].is_left_out);
  EXPECT_EQ(all.criteria[0].votes, (Counts{12, 0, 6})) << "checks are no votes";
  const StudyReport fewer = analyse(study, judgments, true);
  EXPECT_EQ(fewer.judgments, 60);
  EXPECT_TRUE(fewer.participants[1].is_left_out);
  EXPECT_EQ(fewer.criteria[0].votes, (Counts{12, 0, 0}));
}

TEST_F(ReportTest, NothingIsKnownWithoutJudgments) {
  const Study study = study_with(2, 2);
  const StudyReport report = analyse(study, {}, false);
  EXPECT_EQ(report.judgments, 0);
  EXPECT_FALSE(report.criteria[0].alpha);
  EXPECT_THAT(to_markdown(report), HasSubstr("0 of 20 judgments"));
  EXPECT_FALSE(draw_majorities(report).empty());
  EXPECT_TRUE(to_json(report).at("criteria").at(0).at("alpha").is_null());
}

TEST_F(ReportTest, JudgmentsOfAnotherStudyAndSecondOnesAreRefused) {
  const Study study = study_with(3, 2);
  const auto judgments = judged(study, as_in({"mm", "mt", "tt"}));
  const auto error = [&](const std::function<void(std::vector<Judgment>&)>& change) {
    auto changed = judgments;
    change(changed);
    return error_of([&] { analyse(study, changed, false); });
  };
  EXPECT_THAT(error([](auto& all) { all.push_back(all[0]); }), HasSubstr("p01, p01-001, understanding: is judged twice"));
  EXPECT_THAT(error([](auto& all) { all[0].participant = "p09"; }), HasSubstr("no such item"));
  EXPECT_THAT(error([](auto& all) { all[0].criterion = "beauty"; }), HasSubstr("asks this otherwise"));
  EXPECT_THAT(error([](auto& all) { std::swap(all[0].left, all[0].right); }), HasSubstr("asks this otherwise"));
  EXPECT_THAT(error([](auto& all) { all[0].choice = "check"; }), HasSubstr("neither text"));
}

TEST_F(ReportTest, PublishedCountsStandBeside) {
  Study study = study_with(4, 3);
  study.title = "A <study> | of *texts*";
  study.criteria[3].published = {.undecided = 71, .clips = 100};
  const StudyReport report = analyse(study, judged(study, as_in({"mmm", "mtu", "ttt", "mmt"})), false);
  const std::string markdown = to_markdown(report);
  EXPECT_THAT(markdown, AllOf(HasSubstr("# A \\<study\\> \\| of \\*texts\\*\n"), HasSubstr("| 63 : 25 |"), HasSubstr("| 71 undecided |"),
                              HasSubstr("Published: another study.")));
  EXPECT_THAT(markdown, HasSubstr("| The understanding | 2 | 1 | 1 | 1 |"));
  const std::string svg = draw_majorities(report);
  EXPECT_THAT(svg, AllOf(HasSubstr("another study"), HasSubstr(">The fluency<"), HasSubstr("4 clips, by majority"), Not(HasSubstr("nan"))));
  const OrderedJson json = to_json(report);
  EXPECT_EQ(json.at("criteria").at(0).at("clips"), (OrderedJson{{"first", 2}, {"second", 1}, {"undecided", 1}}));
  EXPECT_EQ(json.at("criteria").at(3).at("published").at("undecided"), 71);
  EXPECT_TRUE(json.at("criteria").at(3).at("published").at("first").is_null());
}

}  // namespace
}  // namespace midillama::study
