#include "midillama/works/annotate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::works {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const Work kWork{"chopin: nocturne", "Frédéric Chopin", "Nocturne, Op. 9 No. 2"};
const std::vector<Text> kTexts = {
    {"chopin: nocturne", "http://a.example/1", "Nocturnes", "", "",
     "The Nocturne in E-flat is a nocturne for piano. It was dedicated to Marie Pleyel."},
    {"chopin: nocturne", "http://a.example/2", "Chopin", "", "", "Listeners hear it as a calm and tender song. It is a Romantic work."},
};

const records::Tags& paper_tags() {
  static const records::Tags tags = records::read_tags("configs/giantmidi/tags.yaml");
  return tags;
}

OrderedJson field(const std::string& value, const std::string& evidence) {
  return {{"value", value}, {"evidence", evidence}};
}

OrderedJson good_answer() {
  return {{"genre", field("nocturne", "The Nocturne in E-flat is a nocturne for piano.")},
          {"style", field("Romantic", "It is a Romantic work.")},
          {"background", field("It was written for Marie Pleyel.", "It was dedicated to Marie Pleyel.")},
          {"intent", field(kNotEnough, "")},
          {"emotion", field("calm", "Listeners hear it as a calm and tender song.")}};
}

// A model whose answers are given, one a call.
class Model {
 public:
  template <typename... Answers>
  explicit Model(Answers... answers) : answers_{OrderedJson(std::move(answers))...} {}
  std::optional<chat::Answer> operator()(const chat::Call& call) {
    calls.push_back(call);
    if (calls.size() > answers_.size()) return std::nullopt;
    const OrderedJson& answer = answers_[calls.size() - 1];
    return chat::Answer{.text = answer.is_string() ? answer.get<std::string>() : answer.dump()};
  }
  std::vector<chat::Call> calls;

 private:
  std::vector<OrderedJson> answers_;
};

std::optional<Annotation> annotate(Model& model, const std::vector<Text>& texts = kTexts, const config::Annotation& config = {}) {
  return Annotator(config, paper_tags()).annotate(kWork, texts, [&](const chat::Call& call) { return model(call); });
}

TEST(Annotate, AFieldHasItsValueItsSentenceAndWhereThatStands) {
  Model model(good_answer());
  const auto annotation = annotate(model);
  ASSERT_TRUE(annotation);
  EXPECT_EQ(model.calls.size(), 1u);
  const OrderedJson line = to_line(*annotation);
  EXPECT_EQ(line["work"], "chopin: nocturne");
  EXPECT_EQ(line["status"], "annotated");
  EXPECT_EQ(line["fields"]["emotion"],
            OrderedJson({{"value", "calm"}, {"evidence", "Listeners hear it as a calm and tender song."}, {"url", "http://a.example/2"}}));
  EXPECT_EQ(line["fields"]["intent"], kNotEnough);
  std::vector<std::string> names;
  for (const auto& [name, value] : line["fields"].items()) names.push_back(name);
  EXPECT_THAT(names, ElementsAre("genre", "style", "background", "intent", "emotion"));
}

TEST(Annotate, TheModelIsShownTheTextsAndAskedForASchemaAtTemperatureZero) {
  Model model(good_answer());
  annotate(model);
  const chat::Call& call = model.calls.at(0);
  EXPECT_EQ(call.temperature, 0);
  ASSERT_EQ(call.messages.size(), 2u);
  EXPECT_THAT(call.messages[1].content, testing::AllOf(HasSubstr("Frédéric Chopin"), HasSubstr("Op. 9 No. 2"), HasSubstr(kTexts[0].text),
                                                       HasSubstr(kTexts[1].url), HasSubstr("nocturne, ballade")));
  const OrderedJson& schema = call.schema->value;
  EXPECT_THAT(schema["properties"]["genre"]["properties"]["value"]["enum"], testing::Contains(kNotEnough));
  EXPECT_FALSE(schema["properties"]["background"]["properties"]["value"].contains("enum"));
  EXPECT_EQ(schema["required"].size(), 5u);
  EXPECT_EQ(schema["additionalProperties"], false);
}

TEST(Annotate, ASentenceThatIsInNoTextIsAskedForOnce) {
  OrderedJson first = good_answer();
  first["emotion"]["evidence"] = "Everybody weeps when they hear it.";
  first["genre"]["value"] = "dirge";
  const OrderedJson second = {{"emotion", field("tender", "Listeners hear it as a calm and tender song.")},
                              {"genre", field("nocturne", "It is certainly a nocturne.")}};
  Model model(first, second);
  const auto annotation = annotate(model);
  ASSERT_EQ(model.calls.size(), 2u);
  const chat::Call& call = model.calls[1];
  ASSERT_EQ(call.messages.size(), 4u);
  EXPECT_EQ(call.messages[2].role, "assistant");
  EXPECT_EQ(call.messages[2].content, first.dump());
  EXPECT_THAT(call.messages[3].content,
              testing::AllOf(HasSubstr("emotion: the evidence is not"), HasSubstr("genre: the value is none"), Not(HasSubstr("style"))));
  EXPECT_EQ(call.schema->value["properties"].size(), 2u);
  const OrderedJson line = to_line(*annotation);
  EXPECT_EQ(line["fields"]["emotion"]["value"], "tender");
  EXPECT_EQ(line["fields"]["genre"]["url"], nullptr) << "and what does not hold then is on record as no label";
  EXPECT_THAT(line["fields"]["genre"]["problem"].get<std::string>(), HasSubstr("not a sentence"));
}

TEST(Annotate, ValuesAreInTheWordsOfTheTags) {
  OrderedJson answer = good_answer();
  answer["style"]["value"] = "romanticism";
  answer["emotion"]["value"] = "Peaceful.";
  Model model(answer);
  const auto annotation = annotate(model);
  EXPECT_EQ(annotation->fields.at("style").value, "Romantic");
  EXPECT_EQ(annotation->fields.at("emotion").value, "calm");
}

TEST(Annotate, WithoutASecondAnswerTheFirstStands) {
  OrderedJson first = good_answer();
  first["emotion"]["evidence"] = "Everybody weeps when they hear it.";
  std::size_t calls = 0;
  const auto annotation = Annotator({}, paper_tags()).annotate(kWork, kTexts, [&](const chat::Call&) {
    return std::optional(++calls == 1 ? chat::Answer{.text = first.dump()} : chat::Answer{.problem = "the answer was cut at 800 tokens"});
  });
  EXPECT_EQ(calls, 2u);
  EXPECT_EQ(annotation->status, "annotated");
  EXPECT_EQ(annotation->problem, "the answer was cut at 800 tokens");
  EXPECT_TRUE(annotation->fields.at("genre").is_label());
  EXPECT_FALSE(annotation->fields.at("emotion").is_label());
}

TEST(Annotate, NotEnoughInformationIsUnderstoodInAnyCase) {
  OrderedJson answer = good_answer();
  answer["background"] = field("Not enough information.", "");
  answer["intent"] = field("NOT ENOUGH INFORMATION", "The texts do not say it.");
  Model model(answer);
  const auto annotation = annotate(model);
  EXPECT_EQ(model.calls.size(), 1u);
  EXPECT_EQ(to_line(*annotation)["fields"]["background"], kNotEnough);
  EXPECT_EQ(to_line(*annotation)["fields"]["intent"], kNotEnough);
}

TEST(Annotate, AnswersOfAnyShapeAreNoLabels) {
  for (const OrderedJson& odd : {OrderedJson::object(), OrderedJson::array(), OrderedJson("{\"genre\": "), OrderedJson({{"genre", 3}}),
                                 OrderedJson({{"genre", {{"value", nullptr}, {"evidence", 1}}}}), OrderedJson("null")}) {
    Model model(odd, odd);
    const auto annotation = annotate(model);
    ASSERT_TRUE(annotation) << odd;
    EXPECT_EQ(model.calls.size(), 2u);
    EXPECT_EQ(annotation->fields.size(), 5u);
    for (const auto& [name, finding] : annotation->fields) EXPECT_FALSE(finding.is_label()) << name << " " << odd;
  }
}

TEST(Annotate, AWorkWithoutATextIsNotAskedAbout) {
  Model model;
  EXPECT_EQ(annotate(model, {})->status, "no text");
  EXPECT_EQ(model.calls.size(), 0u);
}

TEST(Annotate, WaitsForAnswersThatAreNotThereYet) {
  Model none;
  EXPECT_FALSE(annotate(none));
  OrderedJson doubtful = good_answer();
  doubtful["style"]["evidence"] = "Of course it is.";
  Model first_only(doubtful);
  EXPECT_FALSE(annotate(first_only));
  EXPECT_EQ(first_only.calls.size(), 2u);
}

TEST(Annotate, LongTextsAreCutBehindASentence) {
  Model model(good_answer());
  config::Annotation config;
  config.max_characters = 70;
  annotate(model, kTexts, config);
  EXPECT_THAT(model.calls.at(0).messages[1].content,
              testing::AllOf(HasSubstr("for piano.\n"), Not(HasSubstr("dedicated")), Not(HasSubstr("/2"))));
}

}  // namespace
}  // namespace midillama::works
