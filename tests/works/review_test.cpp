#include "midillama/works/review.h"

#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

namespace midillama::works {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing_support::error_of;

std::vector<SampledWork> candidates(const std::vector<std::pair<std::string, std::size_t>>& composers_and_works,
                                    const std::string& period) {
  std::vector<SampledWork> all;
  for (const auto& [composer, works] : composers_and_works) all.insert(all.end(), works, SampledWork{composer, period});
  return all;
}

TEST(ReviewSampling, EachPeriodHasItsShareAndComposersComeInTurns) {
  auto all = candidates({{"A", 50}, {"B", 5}, {"C", 5}}, "Romantic");
  const auto others = candidates({{"D", 30}}, "Baroque");
  all.insert(all.end(), others.begin(), others.end());
  const auto drawn = stratified_sample(all, 9, 1);
  ASSERT_EQ(drawn.size(), 9u);
  EXPECT_TRUE(std::ranges::is_sorted(drawn));
  EXPECT_EQ(std::set<std::size_t>(drawn.begin(), drawn.end()).size(), 9u);
  std::map<std::string, int> of;
  for (const std::size_t i : drawn) ++of[all[i].composer];
  EXPECT_EQ(of["D"], 3);
  EXPECT_EQ(of["A"], 2);
  EXPECT_EQ(of["B"], 2);
  EXPECT_EQ(of["C"], 2);
  EXPECT_EQ(stratified_sample(all, 9, 1), drawn);
  EXPECT_NE(stratified_sample(all, 9, 2), drawn);
}

TEST(ReviewSampling, OfAnyNumberAsManyAsAsked) {
  auto all = candidates({{"A", 3}, {"B", 1}}, "x");
  for (const auto& [period, works] : {std::pair{"y", 2}, {"z", 7}, {"w", 1}}) {
    const auto more = candidates({{"C", static_cast<std::size_t>(works)}}, period);
    all.insert(all.end(), more.begin(), more.end());
  }
  for (std::size_t count = 0; count <= all.size() + 2; ++count)
    EXPECT_EQ(stratified_sample(all, count, 3).size(), std::min(count, all.size()));
  EXPECT_TRUE(stratified_sample({}, 5, 1).empty());
}

TEST(ReviewSampling, SpellingsOfAComposerOrAPeriodAreOne) {
  std::vector<SampledWork> all;
  const char* const periods[] = {"Romantic", "romantic", "ROMANTIC "};
  for (const char* composer : {"Chopin, Frédéric", "Frédéric Chopin", "FREDERIC CHOPIN", "Liszt, Franz"}) {
    for (int i = 0; i < 9; ++i) all.push_back({composer, periods[i % 3]});
  }
  const auto drawn = stratified_sample(all, 12, 1);
  EXPECT_EQ(std::ranges::count_if(drawn, [&](std::size_t i) { return all[i].composer == "Liszt, Franz"; }), 6);
}

TEST(ReviewSampling, YearsAreToldHoweverTheyAreWritten) {
  for (const Json& birth : {Json(1810.0), Json("1810.0"), Json("c. 1810"), Json("1810-03-31"), Json("31 March 1810"), Json("1810–1849"),
                            Json("*1810"), Json("22 February or 1 March 1810")})
    EXPECT_EQ(period_of({{"birth", birth}}), "born 1800-1849") << birth;
  EXPECT_EQ(period_of({{"birth", "c. 990"}}), "born 950-999");
  for (const Json& birth : {Json(1000000000000), Json(1e12), Json(-500), Json(31), Json("19th century"), Json(""), Json(true)})
    EXPECT_EQ(period_of({{"birth", birth}}), "unknown") << birth;
}

TEST(ReviewSampling, Periods) {
  EXPECT_EQ(period_of({{"birth", "1810"}, {"death", "1849"}}), "born 1800-1849");
  EXPECT_EQ(period_of({{"birth", 1685}}), "born 1650-1699");
  EXPECT_EQ(period_of({{"birth", "1685"}, {"music_period", "baroque"}}), "baroque");
  EXPECT_EQ(period_of({{"period", "Romantic"}}), "Romantic");
  for (const Json& labels : {Json(), Json::object(), Json({{"birth", "unknown"}}), Json({{"birth", nullptr}, {"period", ""}})})
    EXPECT_EQ(period_of(labels), "unknown");
}

class Review : public testing::Test {
 protected:
  std::filesystem::path save(const std::string& name, const Json& json) const {
    const auto file = folder.path() / name;
    std::ofstream(file) << json;
    return file;
  }
  static Json review(const std::string& reviewer, const std::vector<std::array<std::string, 3>>& rows) {
    Json judgments = Json::array();
    for (const auto& [work, field, judgment] : rows)
      judgments.push_back({{"work", work}, {"field", field}, {"judgment", judgment}, {"note", ""}});
    return {{"sample", "s"}, {"reviewer", reviewer}, {"judgments", judgments}};
  }
  TemporaryDirectory folder;
};

TEST_F(Review, CountsWhatWasAcceptedAndHowFarReviewersAgree) {
  const std::vector files = {
      save("a.json",
           review("Anna", {{"1", "genre", "accept"}, {"1", "intent", "reject"}, {"2", "genre", "accept"}, {"2", "emotion", "unsure"}})),
      save("b.json",
           review("Ben", {{"1", "genre", "accept"}, {"1", "intent", "accept"}, {"2", "genre", "reject"}, {"3", "genre", "accept"}}))};
  const ReviewScores scores = score_reviews(files);
  EXPECT_THAT(scores.reviewers, ElementsAre("Anna", "Ben"));
  EXPECT_EQ(scores.categorical.accepted, 4);
  EXPECT_EQ(scores.categorical.rejected, 1);
  EXPECT_EQ(scores.categorical.unsure, 1);
  EXPECT_EQ(scores.free_form.accepted, 1);
  EXPECT_EQ(scores.free_form.rejected, 1);
  EXPECT_EQ(scores.fields.at("genre").decided(), 5);
  EXPECT_NEAR(scores.categorical.interval().low, metrics::wilson_interval(4, 5).low, 1e-12);
  ASSERT_EQ(scores.agreements.size(), 1u);
  EXPECT_EQ(scores.agreements[0].items, 3);
  // Observed 1/3; by chance 2/3 · 2/3 + 1/3 · 1/3 = 5/9.
  EXPECT_NEAR(*scores.agreements[0].kappa, (1.0 / 3 - 5.0 / 9) / (4.0 / 9), 1e-12);
}

TEST_F(Review, WhatIsNoReviewIsNamed) {
  const auto error = [&](const std::vector<std::filesystem::path>& files) { return error_of([&] { score_reviews(files); }); };
  const auto good = save("good.json", review("Anna", {{"1", "genre", "accept"}}));
  EXPECT_THAT(error({save("x.json", Json::object())}), AllOf(HasSubstr("x.json"), HasSubstr("sample")));
  EXPECT_THAT(error({save("x.json", review("B", {{"1", "genre", "yes"}}))}), HasSubstr("judgment 1: \"yes\""));
  EXPECT_THAT(error({save("x.json", review("B", {{"1", "tempo", "accept"}}))}), HasSubstr("no field \"tempo\""));
  EXPECT_THAT(error({save("x.json", review("B", {{"1", "genre", "accept"}, {"1", "genre", "reject"}}))}), HasSubstr("judgment 2"));
  EXPECT_THAT(error({good, good}), HasSubstr("another file"));
  EXPECT_THAT(error({good, save("x.json", review(" anna ", {{"2", "genre", "accept"}}))}), HasSubstr("another file"));
  Json other = review("B", {});
  other["sample"] = "t";
  EXPECT_THAT(error({good, save("x.json", other)}), HasSubstr("another drawing"));
}

TEST_F(Review, ThePageHoldsTextsAndFieldsWhateverTheyAre) {
  const std::string odd = "</script><script>alert(1)</script> & \"quoted\" \xE2\x99\xAF";
  std::ofstream(folder.path() / kPiecesFile)
      << Json({{"piece", "0"}, {"work", "w"}, {"composer", odd}, {"title", "T"}}) << '\n'
      << Json({{"piece", "1"}, {"work", "w"}, {"composer", odd}, {"title", "T"}, {"labels", {{"birth", "1810"}}}}) << '\n'
      << Json({{"piece", "2"}, {"work", "v"}, {"composer", "C"}, {"title", "No value"}}) << '\n';
  std::ofstream(folder.path() / kTextsFile) << Json(to_line(Text{"w", "http://a.example", "t", "now", "", odd})) << '\n';
  const Json fields = {{"genre", {{"value", odd}, {"evidence", odd}, {"url", "http://a.example"}}},
                       {"style", {{"value", "x"}, {"evidence", "y"}, {"url", nullptr}, {"problem", "z"}}},
                       {"emotion", kNotEnough}};
  EXPECT_THAT(error_of([&] { draw_review(folder.path(), 5, 1); }), HasSubstr("midillama data annotate"));
  std::ofstream(folder.path() / kAnnotationsFile) << Json({{"work", "w"}, {"status", "annotated"}, {"fields", fields}}) << '\n'
                                                  << Json({{"work", "v"}, {"status", "no text"}, {"fields", Json::object()}}) << '\n';
  const ReviewSample sample = draw_review(folder.path(), 5, 1);
  EXPECT_EQ(sample.works, 1u);
  EXPECT_EQ(sample.fields, 1u);
  EXPECT_THAT(sample.page, Not(HasSubstr("alert(1)</script>")));
  const std::string_view begin = "id=\"data\">";
  const auto at = sample.page.find(begin) + begin.size();
  const Json data = Json::parse(sample.page.substr(at, sample.page.find("</script>", at) - at));
  EXPECT_EQ(data["works"][0]["fields"]["genre"]["value"], odd);
  EXPECT_EQ(data["works"][0]["texts"][0]["pieces"], Json::array({{{"text", odd}, {"fields", {"genre"}}}}));
  EXPECT_EQ(data["works"][0]["period"], "born 1800-1849");
  EXPECT_FALSE(data["works"][0]["fields"].contains("style"));
}

TEST_F(Review, ThePageMarksWhateverEvidenceHolds) {
  const std::string text = "Is\u2012it \u201bsad\u203a or cal\u00adm? \u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u3002End";
  std::ofstream(folder.path() / kPiecesFile) << Json({{"piece", "1"}, {"work", "w"}, {"composer", "C"}, {"title", "T"}}) << '\n';
  std::ofstream(folder.path() / kTextsFile) << Json(to_line(Text{"w", "http://a.example", "t", "now", "", text})) << '\n'
                                            << Json(to_line(Text{"w", "http://b.example", "t", "now", "", text})) << '\n';
  const auto field = [](const char* evidence) { return Json{{"value", "x"}, {"evidence", evidence}, {"url", "http://a.example"}}; };
  const Json fields = {{"genre", field("Is-it 'sad' or calm?")},
                       {"style", field("Is-it 'sad' or calm?")},
                       {"emotion", field("'sad' or calm? \u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u3002")}};
  std::ofstream(folder.path() / kAnnotationsFile) << Json({{"work", "w"}, {"status", "annotated"}, {"fields", fields}}) << '\n';
  const std::string page = draw_review(folder.path(), 5, 1).page;
  const std::string_view begin = "id=\"data\">";
  const auto at = page.find(begin) + begin.size();
  const Json texts = Json::parse(page.substr(at, page.find("</script>", at) - at))["works"][0]["texts"];
  const auto piece = [](const char* of, const std::vector<std::string>& names) { return Json{{"text", of}, {"fields", names}}; };
  EXPECT_EQ(texts[0]["pieces"],
            Json::array({piece("Is\u2012it \u201b", {"genre", "style"}), piece("sad\u203a or cal\u00adm?", {"genre", "style", "emotion"}),
                         piece(" \u4e00\u4e8c\u4e09\u56db\u4e94\u516d", {"emotion"}), piece("\u3002End", {})}));
  EXPECT_EQ(texts[1]["pieces"], Json::array({piece(text.c_str(), {})}));
}

}  // namespace
}  // namespace midillama::works
