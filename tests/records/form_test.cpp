#include "midillama/records/form.h"

#include <gtest/gtest.h>

namespace midillama::records {
namespace {

const Tag& key() {
  static const auto tags = read_tags(kFolkTags);
  return tags.at("key");
}

TEST(Form, IsToldFromWhatTheQuestionHas) {
  Question question;
  EXPECT_EQ(form_of(question), Form::one_fact);
  question.also = {"meter"};
  EXPECT_EQ(form_of(question), Form::several_facts);
  question.yes_if = "minor";
  EXPECT_EQ(form_of(question), Form::yes_no);
  question.earlier = {{"How high?", "High."}};
  EXPECT_EQ(form_of(question), Form::later_turn);
  for (const Form form : all_forms()) EXPECT_NE(name_of(form) + label_of(form), "");
}

TEST(Form, YesIsRightWhereTheValueHasTheWords) {
  EXPECT_EQ(right_answer("", "G minor"), "G minor");
  EXPECT_EQ(right_answer("minor", "G minor"), "yes");
  EXPECT_EQ(right_answer("minor", "G major"), "no");
  EXPECT_EQ(right_answer("jig", "slip jig"), "yes");
  EXPECT_EQ(right_answer("6/8", "6/8"), "yes");
  EXPECT_EQ(right_answer("4/4", "2/4"), "no");
  EXPECT_EQ(right_answer("2/8", "12/8"), "no") << "words are whole";
}

TEST(Form, AnAnswerOfYesOrNoMayEndWithIt) {
  EXPECT_EQ(said_of_yes_no("It is a reel in 2/4, so no."), "no");
  EXPECT_EQ(said_of_yes_no("The key is E minor: yes!"), "yes");
  EXPECT_EQ(said_of_yes_no("Yes, and to that I do not say no."), "yes") << "the first word counts first";
  EXPECT_EQ(said_of_yes_no("It is a reel, so yes, I think."), std::nullopt);
  EXPECT_EQ(said_of_yes_no("It is in Domino"), std::nullopt);
}

TEST(Form, AnAnswerOfYesOrNoBeginsWithIt) {
  Question question;
  EXPECT_EQ(said(key(), question, "It is in G minor."), "G minor");
  question.yes_if = "minor";
  EXPECT_EQ(said(key(), question, "Yes, in G minor."), "yes");
  EXPECT_EQ(said(key(), question, "no"), "no");
  for (const char* answer :
       {"\"No\"", "\u201cNo,\u201d they say", "\u00abNo\u00bb", "**No**", "No\u2014it is not", "\u2018No\u2019", "No\u2026", "\u00a0No"}) {
    EXPECT_EQ(said(key(), question, answer), "no") << answer;
  }
  EXPECT_EQ(said(key(), question, "Noon"), std::nullopt);
  EXPECT_EQ(said(key(), question, "No\u00e9"), std::nullopt);
  EXPECT_EQ(said(key(), question, "No!"), "no");
  EXPECT_EQ(said(key(), question, "It is in G minor."), std::nullopt);
  EXPECT_EQ(said(key(), question, "Not quite."), std::nullopt);
  EXPECT_EQ(said(key(), question, ""), std::nullopt);
}

}  // namespace
}  // namespace midillama::records
