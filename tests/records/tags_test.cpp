#include "midillama/records/tags.h"

#include "midillama/core/file.h"
#include "support/error_of.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::records {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::error_of;

std::string mistakes(const std::string& yaml) {
  return error_of([&] { parse_tags(yaml, "tags.yaml"); });
}

TEST(Tags, TheFolkTagsInTheOrderOfTheirFacts) {
  EXPECT_THAT(read_tags(kFolkTags).names(), ElementsAre("dance", "key", "meter", "origin", "tempo", "register", "density"));
}

TEST(Tags, MistakesNameFileLineAndKey) {
  EXPECT_THAT(mistakes("tags:\n  - name: mood\n    kinds: closed\n"),
              HasSubstr("tags.yaml: line 3: tags[0].kinds: unknown key (did you mean kind?)"));
  EXPECT_THAT(mistakes("tags:\n  - name: mood\n    kind: fuzzy\n"), HasSubstr("tags.yaml: line 3: tags[0].kind: \"fuzzy\" must be one of"));
  EXPECT_THAT(mistakes("tags: [\n"), HasSubstr("tags.yaml: line 2: not valid YAML"));
  EXPECT_THAT(mistakes("captions: {}\n"), HasSubstr("at least one tag"));
}

TEST(Tags, WhatADeclarationMustHoldTo) {
  const auto closed = [](const std::string& values, const std::string& rest = "") {
    return "tags: [{name: mood, kind: closed, values: " + values + rest + "}]";
  };
  EXPECT_THAT(mistakes(closed("[{value: sad}]")), HasSubstr("at least two values"));
  EXPECT_THAT(mistakes(closed("[{value: sad}, {value: gay, aliases: [Sad!]}]")), HasSubstr("\"sad\" states both sad and gay"));
  EXPECT_THAT(mistakes(closed("[{value: sad}, {value: gay}]", ", bounds: [1, 2]")), HasSubstr("2 values have 1 bounds"));
  EXPECT_THAT(mistakes(closed("[{value: sad}, {value: gay}]", ", questions: [\"A?\"], answers: [It is nice.]")),
              HasSubstr("tags[0].answers[0]: the answer \"It is nice.\" does not state the fact \"sad\""));
  EXPECT_THAT(mistakes(closed("[{value: sad}, {value: gay}]", ", questions: [\"A?\"], answers: [\"{moods}\"]")),
              HasSubstr("names \"moods\", which is no tag"));
  EXPECT_THAT(mistakes(closed("[{value: sad}, {value: gay}]", ", questions: [\"A?\"], answers: [\"{mood\"]")), HasSubstr("is not closed"));
  EXPECT_THAT(mistakes(closed("[{value: sad}, {value: gay}]", ", questions: [\"A?\"], answers: [\"It [is [very] {mood}].\"]")),
              HasSubstr("brackets stand within brackets"));
  EXPECT_THAT(mistakes(closed("[{value: sad}, {value: gay}]", ", questions: [\"A?\"]")), HasSubstr("both or neither"));
  EXPECT_THAT(mistakes("tags: [{name: a, kind: text}, {name: a, kind: key}]"), HasSubstr("declared twice"));
  EXPECT_THAT(mistakes("tags: [{name: a, kind: text, values: [{value: b}]}]"), HasSubstr("only a closed tag has values"));
  EXPECT_THAT(mistakes("tags: [{name: caption, kind: text}]"), HasSubstr("cannot name a tag"));
  EXPECT_THAT(mistakes("tags: [{name: a, kind: closed, values: [{value: '!!!', aliases: [odd]}, {value: rock}], questions: [\"A?\"], "
                       "answers: [\"{a}, so odd\"]}]"),
              HasSubstr("tags[0].values: a value or alias has no word in it"));
  EXPECT_THAT(mistakes("tags: [{name: a, kind: closed, questions: [\"A?\"], answers: [\"{a}[, {b}]\"]}, {name: b, kind: fuzzy}]"),
              AllOf(HasSubstr("a closed tag needs at least two values"), HasSubstr("\"fuzzy\" must be one of")));
}

TEST(Tags, WhatIsUnseenMustBeSo) {
  const auto mood = [](const std::string& rest, const std::string& top = "") {
    return mistakes(
        "tags:\n  - {name: mood, kind: closed, values: [{value: sad}, {value: gay}], questions: [\"What mood?\"], answers: [\"{mood}\"]" +
        rest + "}\n  - {name: key, kind: key}\n" + top);
  };
  EXPECT_THAT(mood(", unseen: [\"what MOOD\"]"), HasSubstr("\"what MOOD\" is a question for training, too"));
  EXPECT_THAT(mood(", follow_ups: [\"And the mood?\"]"), HasSubstr("tags in `earlier`: none are given"));
  EXPECT_THAT(mood(", yes_no: [{yes_if: s, unseen: [\"Sad?\"]}]"), HasSubstr("\"s\" is in none of the values"));
  EXPECT_THAT(mood(", yes_no: [{unseen: [\"Sad?\"]}]"), HasSubstr("yes_no[0].yes_if: must be words"));
  EXPECT_THAT(mood(", yes_no: [{yes_if: sad, unseen: [\"Well?\"]}, {yes_if: glad, unseen: [\"Well?\"]}]"),
              HasSubstr("\"Well?\" is asked with yes_if \"sad\" and \"glad\""));
  const auto answers = [&](const std::string& yes_no_answers) {
    return mood(", yes_no: [{yes_if: sad, unseen: [\"Well?\"]}], yes_no_answers: " + yes_no_answers);
  };
  EXPECT_EQ(answers("{yes: [\"It is {mood}[ in {key}], so yes.\"], no: [\"No, it is {mood}.\"]}"), "no error");
  EXPECT_THAT(answers("{yes: [\"Yes.\"]}"), HasSubstr("yes_no_answers: yes and no are given both or neither"));
  EXPECT_THAT(answers("{yes: [\"No.\"], no: [\"No.\"]}"),
              HasSubstr("yes_no_answers.yes[0]: the answer \"No.\" does not state the fact \"yes\""));
  EXPECT_THAT(answers("{yes: [\"Yes, in {key}.\"], no: [\"No.\"]}"), HasSubstr("put that part in brackets"));
  EXPECT_THAT(answers("{yes: [\"Yes, {moods}.\"], no: [\"No.\"]}"), HasSubstr("names \"moods\", which is no tag"));
  EXPECT_THAT(mood(", yes_no_answers: {yes: [\"Yes.\"], no: [\"No.\"]}"), HasSubstr("answer questions of yes_no: none are given"));
  EXPECT_THAT(mood("", "earlier: [key]\n"), HasSubstr("\"key\" is no tag that is asked about"));
  EXPECT_THAT(mood("", "together: [{unseen: [\"Both?\"]}]\n"), HasSubstr("together[0].answers: must not be empty"));
  for (const char* answer : {"{mood}", "Neither.", ""})
    EXPECT_THAT(mood("", fmt::format("together: [{{answers: [\"{}\"]}}]\n", answer)), HasSubstr("must name at least two tags"));
  EXPECT_THAT(mood("", "together: [{answers: [\"{mood} in {key}\", \"{mood}\"]}]\n"), HasSubstr("names other tags than the first"));
  EXPECT_THAT(mood("", "together: [{answers: [\"{mood}, of {key|none}\", \"{mood}, {key}\"], unseen: [\"what mood\"]}]\n"),
              HasSubstr("\"what mood\" is a question for training, too"));
}

// Every line that the wordings can give holds to what a dataset's lines must: whatever is known, and whatever values it has.
TEST(Tags, NoWordingWritesALineThatADatasetMayNotHave) {
  const auto with = [](const std::string& chords, const std::string& top = "") {
    return mistakes(
        "tags:\n"
        "  - {name: chords, kind: closed, values: [{value: some chords}, {value: no chords}, {value: silence}], " +
        chords +
        "}\n"
        "  - {name: key, kind: key}\n"
        "  - {name: level, kind: closed, unmistakable: true, values: [{value: low}, {value: high}]}\n"
        "  - {name: speed, kind: closed, values: [{value: high speed}, {value: walking pace}]}\n" +
        top);
  };
  const auto answer = [&](const std::string& wording) { return with("questions: [\"A?\"], answers: [\"" + wording + "\"]"); };
  EXPECT_EQ(answer("It has {chords}[, in {key}]."), "no error");
  EXPECT_THAT(answer("Well[, {chords} in {key}]."), HasSubstr("the answer \"Well.\" does not state the fact \"some chords\""));
  const auto yes = [&](const std::string& wording) {
    return with("yes_no: [{yes_if: chords, questions: [\"Any?\"]}, {yes_if: some, questions: [\"Some?\"]}], yes_no_answers: {yes: [\"" +
                wording + "\"], no: [\"No.\"]}");
  };
  EXPECT_EQ(yes("Yes, {chords}."), "no error");
  EXPECT_THAT(yes("It has {chords}[ in {key}, so yes]."),
              HasSubstr("yes[0]: the answer \"It has some chords.\" does not state the fact \"yes\""));
  EXPECT_THAT(yes("{chords}, so yes."), HasSubstr("the answer \"No chords, so yes.\" does not state the fact \"yes\""));
  const auto together = [&](const std::string& wording) {
    return with("from: c", "together: [{questions: [\"A?\"], answers: [\"" + wording + "\"]}]\n");
  };
  EXPECT_EQ(together("{level}, {chords}, so {level}."), "no error") << "a tag may be named twice";
  EXPECT_THAT(together("A {speed} piece, {level}."), HasSubstr("\"A high speed piece, low.\" does not state the fact \"low\""));
  const auto caption = [&](const std::string& wording) {
    return with("from: c", "captions: {questions: [\"A?\"], parts: [{wordings: [\"" + wording + "\"]}]}\n");
  };
  EXPECT_EQ(caption("A {level} piece[ in {key}]."), "no error");
  EXPECT_THAT(caption("A low-fi {speed} piece."), HasSubstr("captions.parts[0].wordings[0]: the caption states the level \"low\""));
}

TEST(Tags, WhatWouldNeverBeAskedIsAMistake) {
  const auto with = [](const std::string& level, const std::string& top = "") {
    return mistakes("tags:\n  - {name: key, kind: key, questions: [\"Which?\"], answers: [\"{key}\"]" + level +
                    "}\n  - {name: meter, kind: meter}\n" + top);
  };
  EXPECT_THAT(with(", yes_no: [{yes_if: minor}]"), HasSubstr("tags[0].yes_no[0]: is asked in no wording"));
  EXPECT_THAT(with(", follow_ups: [\"And?\"]", "earlier: [key]\n"), HasSubstr("\"key\" is in `earlier`"));
  EXPECT_THAT(with("", "together: [{answers: [\"{key}, {meter}\"]}]\n"), HasSubstr("together[0]: is asked in no wording"));
  EXPECT_THAT(with("", "captions: {questions: [\"Describe it.\"]}\n"), HasSubstr("questions and parts are given both or neither"));
  EXPECT_THAT(with("", "captions: {parts: [{wordings: [\"In {key}.\"]}]}\n"), HasSubstr("questions and parts are given both or neither"));
}

TEST(Tags, AnUnseenWordingIsNamedWithItsPlace) {
  EXPECT_THAT(mistakes("tags:\n"
                       "  - name: key\n"
                       "    kind: key\n"
                       "    questions: [\"Which key?\"]\n"
                       "    answers: [\"{key}\"]\n"
                       "    yes_no:\n"
                       "      - yes_if: minor\n"
                       "        questions: [\"Is it minor?\"]\n"
                       "        unseen: [\"Is it sad?\", is it MINOR]\n"),
              HasSubstr("tags.yaml: line 9: tags[0].yes_no[0].unseen[1]: \"is it MINOR\""));
}

// Only answers and captions are filled in.
TEST(Tags, AQuestionIsAskedAsItIsWritten) {
  const auto with = [](const std::string& tag, const std::string& top = "") {
    return mistakes("tags:\n  - {name: meter, kind: meter, answers: [\"{meter}\"], " + tag + "}\n  - {name: key, kind: key}\n" + top);
  };
  const std::string braces = "[\"Is it {meter}?\"]", plain = "questions: [\"Which?\"]";
  EXPECT_EQ(with(plain), "no error");
  for (const auto& declaration :
       {with("questions: " + braces), with(plain + ", unseen: " + braces),
        with(plain + ", yes_no: [{yes_if: 6/8, questions: " + braces + "}]"),
        with(plain + ", yes_no: [{yes_if: 6/8, unseen: " + braces + "}]"), with(plain, "captions: {questions: " + braces + "}\n"),
        with(plain, "together: [{questions: " + braces + ", answers: [\"{meter} in {key}\"]}]\n"),
        with(plain, "together: [{unseen: " + braces + ", answers: [\"{meter} in {key}\"]}]\n")}) {
    EXPECT_THAT(declaration, HasSubstr("\"Is it {meter}?\" would be asked with its braces"));
  }
  EXPECT_THAT(with("questions: [\" \"]"), HasSubstr("a question is empty"));
}

// Kind B11.
TEST(Tags, YesAndNoAreToldByWordsThatFactsMayHave) {
  const auto asked = [](const std::string& kind, const std::string& yes_if) {
    return mistakes(fmt::format(
        "tags: [{{name: a, kind: {}, questions: [\"A?\"], answers: [\"{{a}}\"], yes_no: [{{yes_if: \"{}\", questions: [\"B?\"]}}]}}]", kind,
        yes_if));
  };
  for (const auto& [kind, yes_if] : {std::pair("key", "B"),
                                     {"key", "Bb major"},
                                     {"key", "flat"},
                                     {"meter", "common time"},
                                     {"meter", "4"},
                                     {"meter", "C"},
                                     {"number", "60.0"},
                                     {"number", "7"}}) {
    EXPECT_THAT(asked(kind, yes_if), HasSubstr(fmt::format("\"{}\" is not how the facts of a {} are written", yes_if, kind)));
  }
  for (const auto& [kind, yes_if] : {std::pair("key", "minor"), {"key", "B flat major"}, {"meter", "6/8"}}) {
    EXPECT_EQ(asked(kind, yes_if), "no error") << kind << " " << yes_if;
  }
}

TEST(Tags, OfADatasetAreItsOwnOrTheFolkTags) {
  const TemporaryDirectory folder;
  EXPECT_FALSE(dataset_tags(folder.path()).declared);
  EXPECT_THAT(dataset_tags(folder.path()).names(), testing::Contains("dance"));
  write_atomically(folder.path() / "dataset.json", "{}");
  EXPECT_TRUE(dataset_tags(folder.path()).declared);
  write_atomically(folder.path() / kTagFile,
                   "\xef\xbb\xbf"
                   "tags: [{name: mood, kind: text}]\r\n");
  EXPECT_THAT(dataset_tags(folder.path()).names(), ElementsAre("mood"));
}

}  // namespace
}  // namespace midillama::records
