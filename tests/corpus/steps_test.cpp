#include "midillama/corpus/steps.h"

#include "collection.h"
#include "midillama/core/error.h"
#include "midillama/works/files.h"
#include "support/binary.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>

namespace midillama::corpus {
namespace {

namespace fs = std::filesystem;
using records::StepState;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing_support::error_of;

constexpr int kWorks = 8;

std::string work_name(int number) {
  return "Work " + std::to_string(number);
}

// Eight works in twelve performances.
class Steps : public testing::Test {
 protected:
  Steps() {
    for (int i = 0; i < kWorks; ++i) {
      const auto seed = static_cast<std::uint64_t>(i);
      collection.add("solo-" + std::to_string(i), work_name(i), performed(random_score(10 + seed, 160), seed), {{"birth", 1810 + i}});
      // The other performance has notes of its own: only the name of the work tells that the two belong together.
      if (i < 4) collection.add("other-" + std::to_string(i), work_name(i), performed(random_score(50 + seed, 160), 20 + seed));
      collection.annotate(work_name(i), {{"genre", i % 2 == 0 ? "waltz" : "nocturne"}, {"intent", "The night is dark."}},
                          {{"style", "Romantic"}});
    }
  }

  fs::path data() const { return collection.data(); }
  BuildReport build() {
    if (features_state(collection.config, data()) != StepState::current) measure_features(collection.config, data());
    return build_dataset(collection.config, data());
  }
  std::vector<Json> lines(const std::string& file) const {
    std::vector<Json> rows;
    for_each_json_line(data() / file, [&](const Json& row, std::size_t) { rows.push_back(row); });
    return rows;
  }
  std::vector<Json> questions() const {
    std::vector<Json> rows;
    for (const char* split : {"train", "valid", "test"}) {
      for (Json row : lines(std::string(split) + ".jsonl")) {
        row["split"] = split;
        rows.push_back(std::move(row));
      }
    }
    return rows;
  }
  using Rows = std::vector<Json>;
  // What the check finds while the lines of `file` are as `edit` leaves them.
  std::vector<std::string> problems_with(const std::string& file, const std::function<void(Rows& rows)>& edit) const {
    const auto before = read_text(data() / file);
    auto rows = lines(file);
    edit(rows);
    std::string after;
    for (const auto& row : rows) after += row.dump() + "\n";
    write_atomically(data() / file, after);
    auto problems = check_dataset(data());
    write_atomically(data() / file, before);
    return problems;
  }
  // The bytes of all files of the folder, by name.
  std::map<std::string, std::string> content() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(data())) {
      if (entry.is_regular_file()) files[entry.path().lexically_relative(data()).string()] = read_binary(entry.path());
    }
    return files;
  }

  Collection collection;
};

TEST_F(Steps, MakeADatasetOfAnnotatedWorks) {
  const auto report = build();
  EXPECT_EQ(report.read, 12u);
  EXPECT_EQ(report.pieces, 12u);
  EXPECT_EQ(report.clips, 24u);
  EXPECT_THAT(check_dataset(data()), IsEmpty());
  std::set<std::string> tags;
  for (const auto& question : questions()) {
    const auto& facts = question.at("facts");
    tags.insert(question.at("tag"));
    const int work = question.at("piece").get<std::string>().back() - '0';
    EXPECT_EQ(facts.at("genre"), work % 2 == 0 ? "waltz" : "nocturne");
    EXPECT_EQ(facts.at("expressive intent"), "The night is dark.");
    EXPECT_FALSE(facts.contains("style")) << "its evidence is in no text";
    EXPECT_FALSE(facts.contains("background")) << "the texts do not say";
    EXPECT_FALSE(facts.contains("tempo") || facts.contains("time signature")) << "120 beats a minute in 4/4 say nothing";
  }
  EXPECT_THAT(tags, AllOf(Contains("genre"), Contains("expressive intent"), Contains("caption")));
}

TEST_F(Steps, WhatTextsSayContradictsNothingThatIsKnownOfTheClip) {
  const std::string background = "It was written in F sharp major, his last nocturne in the Baroque style.";
  for (int i = 0; i < kWorks; ++i)
    collection.annotate(work_name(i), {{"genre", i % 2 == 0 ? "waltz" : "nocturne"}, {"background", background}});
  build();
  EXPECT_THAT(check_dataset(data()), IsEmpty());
  bool of_unknown_key = false, of_another = false;
  for (const auto& question : questions()) {
    const auto& facts = question.at("facts");
    const bool contradicts = facts.at("genre") == "waltz" || (facts.contains("key") && facts.at("key") != "F sharp major");
    EXPECT_EQ(facts.contains("background"), !contradicts) << facts;
    of_unknown_key = of_unknown_key || (question.at("task") == "caption" && !contradicts && !facts.contains("key"));
    of_another = of_another || (facts.at("genre") == "nocturne" && contradicts);
  }
  EXPECT_TRUE(of_unknown_key && of_another) << "the pieces have clips of both kinds";
}

TEST_F(Steps, AWorkIsOnOneSide) {
  build();
  std::map<std::string, std::set<std::string>> splits;
  for (const auto& question : questions())
    splits[std::string(1, question.at("piece").get<std::string>().back())].insert(question.at("split"));
  EXPECT_EQ(splits.size(), static_cast<std::size_t>(kWorks));
  for (const auto& [work, sides] : splits) EXPECT_EQ(sides.size(), 1u) << work;
  std::set<std::string> all;
  for (const auto& question : questions()) all.insert(question.at("split"));
  EXPECT_EQ(all.size(), 3u) << "every side has works";
}

TEST_F(Steps, TheCheckFindsAWorkOnTwoSides) {
  build();
  EXPECT_THAT(check_dataset(data()), IsEmpty());
  auto pieces = read_text(data() / "pieces.jsonl");
  for (const auto& piece : lines("facts.jsonl")) {  // all works are one
    const auto work = "\"work\":" + piece.at("work").dump();
    for (std::size_t at = 0; (at = pieces.find(work, at)) != std::string::npos;) pieces.replace(at, work.size(), "\"work\":\"one\"");
  }
  write_atomically(data() / "pieces.jsonl", pieces);
  EXPECT_THAT(check_dataset(data()), Contains(HasSubstr("the work \"one\" is in ")));
}

TEST_F(Steps, TheCheckFindsWhatRefersToNothing) {
  build();
  const auto append = [&](const char* file, const Json& row) {
    write_atomically(data() / file, read_text(data() / file) + row.dump() + "\n");
  };
  const Json text = {
      {"work", "ada berg: Work 0"},      {"url", "http://wiki.example/genre"}, {"title", "Work 0"}, {"retrieved", ""}, {"sha256", ""},
      {"text", "It is waltz, they say."}};
  write_atomically(data() / "texts.jsonl", "");
  append("texts.jsonl", text);
  append("annotations.jsonl", {{"work", "nobody: Nothing"}, {"status", "no text"}, {"fields", Json::object()}});
  fs::remove(data() / lines("clips.jsonl")[0].at("file").get<std::string>());
  const auto problems = check_dataset(data());
  EXPECT_THAT(problems, Contains(HasSubstr("annotations.jsonl: line 9: the work \"nobody: Nothing\" is not in pieces.jsonl")));
  EXPECT_THAT(problems, Contains(HasSubstr("clips.jsonl: line 1: clips/solo-0.1.mid: there is no such file")));
  EXPECT_THAT(problems, Contains(HasSubstr("Work 0: intent: the evidence \"It is The night is dark., they say.\" is in no text of")));
  EXPECT_THAT(problems, Not(Contains(HasSubstr("Work 0: genre"))));
  EXPECT_THAT(problems, Contains(HasSubstr("Work 1: genre"))) << "it has no text";
}

TEST_F(Steps, TheCheckFindsWhatContradictsAnotherLine) {
  build();
  EXPECT_THAT(problems_with("clips.jsonl", [](Rows& clips) { clips[0]["work"] = "ada berg: Work 1"; }),
              Contains(HasSubstr(
                  "clips.jsonl: line 1: the work \"ada berg: Work 1\" is not that of solo-0 in pieces.jsonl, \"ada berg: Work 0\"")));
  EXPECT_THAT(problems_with("clips.jsonl", [](Rows& clips) { clips[0]["piece"] = "nothing"; }),
              Contains(HasSubstr("clips.jsonl: line 1: the piece \"nothing\" is not in pieces.jsonl")));
  EXPECT_THAT(problems_with("clips.jsonl", [](Rows& clips) { clips[1]["family"] = ""; }),
              Contains(HasSubstr("clips.jsonl: line 2: the family is empty")));
  EXPECT_THAT(problems_with("clips.jsonl", [](Rows& clips) { clips[1]["family"] = "another"; }),
              Contains(HasSubstr("line 2: the family \"another\" is not that of the piece in an earlier line, \"solo-0\"")));
  const auto of_work = [](Rows& clips) {
    for (auto& clip : clips) clip["family"] = clip["piece"];
  };
  EXPECT_THAT(problems_with("clips.jsonl", of_work), Contains(HasSubstr("is not that of the work in an earlier line, \"solo-0\"")));
  const auto one_family = [](Rows& clips) {
    for (auto& clip : clips) clip["family"] = "all";
  };
  EXPECT_THAT(problems_with("clips.jsonl", one_family), Contains(HasSubstr("the family \"all\" is in ")));
  EXPECT_THAT(problems_with("clips.jsonl", [](Rows& clips) { clips[1]["start"] = clips[0]["start"]; }),
              Contains(HasSubstr("clips.jsonl: line 2: overlaps the piece's clip from ")));
  EXPECT_THAT(problems_with("clips.jsonl", [](Rows& clips) { clips[1]["end"] = clips[1]["start"]; }),
              Contains(AllOf(HasSubstr("clips.jsonl: line 2: "), HasSubstr(" is no time of a piece"))));
  EXPECT_THAT(problems_with("pieces.jsonl", [](Rows& pieces) { pieces[2]["work"] = ""; }),
              Contains(HasSubstr("pieces.jsonl: solo-1: the work is empty")));
}

TEST_F(Steps, TheCheckReadsTheFacts) {
  build();
  EXPECT_THAT(problems_with("facts.jsonl", [](Rows& facts) { facts[0]["piece"] = "nothing"; }),
              AllOf(Contains(HasSubstr("facts.jsonl: line 1: the piece \"nothing\" is not in pieces.jsonl")),
                    Contains(HasSubstr("facts.jsonl: solo-0 has no line"))));
  EXPECT_THAT(problems_with("facts.jsonl", [](Rows& facts) { facts[0]["split"] = facts[0]["split"] == "test" ? "train" : "test"; }),
              ElementsAre(AllOf(HasSubstr("facts.jsonl: line 1: the split is \""), HasSubstr("and the questions about solo-0 are in")),
                          HasSubstr("facts.jsonl: was changed after the dataset was built")));
  EXPECT_THAT(problems_with("facts.jsonl", [](Rows& facts) { facts[0]["work"] = "another"; }),
              ElementsAre(HasSubstr("facts.jsonl: line 1: the work \"another\" is not that of solo-0"),
                          HasSubstr("facts.jsonl: was changed after the dataset was built")));
  EXPECT_THAT(problems_with("facts.jsonl", [](Rows& facts) { facts[0]["clips"] = 3; }),
              ElementsAre(HasSubstr("facts.jsonl: line 1: solo-0 has 2 clips in clips.jsonl"),
                          HasSubstr("facts.jsonl: was changed after the dataset was built")));
  EXPECT_THAT(problems_with("facts.jsonl", [](Rows& facts) { facts.pop_back(); }),
              ElementsAre(HasSubstr("has no line"), HasSubstr("facts.jsonl: was changed after the dataset was built")));
}

TEST_F(Steps, TheCheckFindsWhatNoLineTells) {
  build();
  const auto facts = read_text(data() / "facts.jsonl");
  fs::remove(data() / "facts.jsonl");
  EXPECT_THAT(check_dataset(data()), ElementsAre(HasSubstr("facts.jsonl: was changed after the dataset was built")));
  write_atomically(data() / "facts.jsonl", facts);
  const auto clips = lines("clips.jsonl");  // of one piece and one side
  const auto file = [&](std::size_t clip) { return data() / clips[clip].at("file").get<std::string>(); };
  fs::rename(file(0), data() / "kept");
  fs::rename(file(1), file(0));
  fs::rename(data() / "kept", file(1));
  EXPECT_THAT(check_dataset(data()), Contains(HasSubstr("clips: was changed after the dataset was built")));
}

TEST_F(Steps, TheCheckFindsWhatQuestionsNameAndNoLineHas) {
  build();
  const auto without_first = [](Rows& rows) { rows.erase(rows.begin()); };
  EXPECT_THAT(problems_with("pieces.jsonl", without_first),
              Contains(AllOf(HasSubstr("the piece \"solo-0\" of "), HasSubstr(".jsonl has no line"))));
  EXPECT_THAT(problems_with("features.jsonl", without_first), Contains(HasSubstr("features.jsonl: solo-0 has no line")));
  EXPECT_THAT(problems_with("clips.jsonl", without_first),
              Contains(HasSubstr("clips.jsonl: clips/solo-0.1.mid, about which there are questions, has no line")));
  EXPECT_THAT(problems_with("clips.jsonl", [](Rows& clips) { clips[0]["end"] = clips[0]["end"].get<double>() - 0.5; }),
              Contains(HasSubstr("clips.jsonl: line 1: the questions about clips/solo-0.1.mid are of solo-0 from ")));
}

TEST_F(Steps, TheCheckFindsDoubleIds) {
  build();
  const auto doubled = [](Rows& rows) { rows.push_back(rows[0]); };
  EXPECT_THAT(problems_with("clips.jsonl", doubled), Contains(HasSubstr("line 25: the clip \"solo-0.1\" is in an earlier line already")));
  EXPECT_THAT(problems_with("features.jsonl", doubled), Contains(HasSubstr("line 13: the piece \"solo-0\" is in an earlier line already")));
  EXPECT_THAT(problems_with("annotations.jsonl", doubled),
              Contains(HasSubstr("annotations.jsonl: line 9: the work \"ada berg: Work 0\" stands in an earlier line already")));
  const Json text = {
      {"work", "ada berg: Work 0"}, {"url", "http://a.example"}, {"title", ""}, {"retrieved", ""}, {"sha256", "0"}, {"text", "."}};
  write_atomically(data() / "texts.jsonl", text.dump() + "\n" + text.dump() + "\n");
  EXPECT_THAT(check_dataset(data()),
              AllOf(Contains(HasSubstr("texts.jsonl: line 1: the text was changed: its sha256 is another")),
                    Contains(HasSubstr("line 2: http://a.example about \"ada berg: Work 0\" is in an earlier line"))));
  EXPECT_THAT(problems_with("facts.jsonl", doubled), Contains(HasSubstr("line 13: the piece \"solo-0\" is in an earlier line already")));
}

TEST_F(Steps, TheCheckNamesEveryMalformedLine) {
  build();
  const auto problems = problems_with("features.jsonl", [](Rows& features) {
    features[0]["key"] = "X";
    features[1]["notes"] = -3;
    features[2].erase("piece");
    features[3] = Json::array();
  });
  EXPECT_THAT(problems, Contains(HasSubstr("features.jsonl: line 1: the key \"key\" is \"X\": an object or null is expected")));
  EXPECT_THAT(problems, Contains(HasSubstr("features.jsonl: line 2: the key \"notes\" is -3: a number that is not negative is expected")));
  EXPECT_THAT(problems, Contains(HasSubstr("features.jsonl: line 3: the key \"piece\" is missing")));
  EXPECT_THAT(problems, Contains(HasSubstr("features.jsonl: line 4: the key \"piece\" is missing")));
}

TEST_F(Steps, TheCheckComparesFingerprints) {
  build();
  for (const std::string file : {"pieces.jsonl", "annotations.jsonl", "features.jsonl", "clips.jsonl"}) {
    const auto problems = problems_with(file, [](Rows& rows) { rows.back()["remark"] = "mine"; });
    EXPECT_THAT(problems, Contains(AllOf(HasSubstr(file + ": was changed after "), HasSubstr("dataset.json was written"))));
    const auto text = read_text(data() / file);
    fs::remove(data() / file);
    EXPECT_THAT(check_dataset(data()), Contains(AllOf(HasSubstr(file + ": there is no such file"), HasSubstr("dataset.json"))));
    write_atomically(data() / file, text);
  }
  fs::remove(data() / "dataset.json");
  EXPECT_THAT(check_dataset(data()), IsEmpty());
  for (const std::string step : {"features", "segment"}) {
    const auto file = step == "segment" ? "clips.jsonl" : "features.jsonl";
    EXPECT_THAT(problems_with(file, [](Rows& rows) { rows.back()["remark"] = "mine"; }),
                ElementsAre(HasSubstr(step + ".json was written")));
  }
  write_atomically(data() / "import.json", R"({"pieces": {"file": "pieces.jsonl", "fingerprint": "0"}})");
  EXPECT_THAT(check_dataset(data()), ElementsAre(HasSubstr("import.json was written: its fingerprint differs")));
}

TEST_F(Steps, AnotherProgramsFilesHaveNoRecord) {
  measure_features(collection.config, data());
  fs::remove(data() / "features.json");
  write_atomically(data() / "features.jsonl", read_text(data() / "features.jsonl") + "\n");
  build();
  EXPECT_THAT(check_dataset(data()), IsEmpty());
}

// One work under two names, as catalogs have it: the notes tell.
TEST_F(Steps, APerformanceUnderAnotherNameIsOnTheSameSide) {
  auto score = random_score(17, 160);
  for (std::size_t i = 20; i < 160; i += 40) ++score.instruments[0].notes[i].pitch;  // slips
  collection.add("again", "Etude", performed(score, 99));
  EXPECT_EQ(build().pieces, 13u) << "a performance is no duplicate";
  std::map<std::string, std::string> families;
  for (const auto& clip : lines("clips.jsonl")) families[clip.at("piece")] = clip.at("family");
  EXPECT_EQ(families.at("again"), families.at("solo-7"));
  EXPECT_NE(families.at("again"), families.at("solo-6"));
  const Json record = records::record_of(data(), records::kSegmentStep);
  EXPECT_EQ(record.at("families").at("families"), kWorks);
  EXPECT_EQ(record.at("families").at("pieces_of_the_largest"), 2);
  EXPECT_EQ(record.at("families").at("related_works"), Json::parse(R"([["ada berg: Etude", "ada berg: Work 7"]])"));
}

TEST_F(Steps, FactsNameTheirEvidence) {
  build();
  const auto facts = lines("facts.jsonl");
  ASSERT_EQ(facts.size(), 12u);
  EXPECT_EQ(facts[0].at("piece"), "solo-0");
  EXPECT_EQ(facts[0].at("work"), "ada berg: Work 0");
  EXPECT_EQ(facts[0].at("clips"), 2);
  const Json genre = {
      {"value", "waltz"}, {"from", "annotations.jsonl"}, {"evidence", "It is waltz, they say."}, {"url", "http://wiki.example/genre"}};
  EXPECT_EQ(facts[0].at("facts").at("genre"), genre);
  EXPECT_FALSE(facts[0].at("facts").contains("style"));
}

TEST_F(Steps, WhatCatalogsSayIsALabelToo) {
  const auto tags = collection.root.path() / "tags.yaml";
  write_atomically(tags,
                   "tags:\n"
                   "  - name: born\n    kind: text\n    from: birth\n    questions: [\"When was the composer born?\"]\n"
                   "    answers: [\"In {born}.\"]\n"
                   "  - name: composer\n    kind: text\n    questions: [\"Who wrote this?\"]\n    answers: [\"{composer} did.\"]\n"
                   "captions:\n  questions: [\"Describe this.\"]\n  parts:\n    - wordings: [\"A piece by {composer}.\"]\n");
  collection.config.tag_file = tags.string();
  build();
  EXPECT_THAT(check_dataset(data()), IsEmpty());
  EXPECT_EQ(lines("facts.jsonl")[0].at("facts").at("born"), Json({{"value", "1810"}, {"from", "pieces.jsonl"}}));
  EXPECT_EQ(lines("facts.jsonl")[0].at("facts").at("composer").at("value"), "Ada Berg");
}

// Of one tune one piece is kept; what a catalog says of the others counts where a tag wants copies to agree.
TEST_F(Steps, WhatCopiesDisputeIsNoFact) {
  const auto tag = [](const std::string& name, const char* more) {
    return "  - name: " + name + "\n    kind: text\n    questions: [\"Which " + name + "?\"]\n    answers: [\"{" + name + "}\"]\n" + more;
  };
  const auto tags = collection.root.path() / "tags.yaml";
  write_atomically(tags, "tags:\n" + tag("dance", "    copies_agree: true\n") + tag("place", "    copies_agree: true\n") + tag("year", "") +
                             "captions:\n  questions: [\"Describe this.\"]\n  parts:\n    - wordings: [\"A tune.\"]\n");
  collection.config.tag_file = tags.string();
  collection.config.duplicate_similarity = 0.4;
  const auto same = performed(random_score(18, 160), 98);
  collection.add("copy-a", "Reel", same, {{"dance", "reel"}, {"year", "1850"}});
  collection.add("copy-b", "Hornpipe", same, {{"dance", "hornpipe"}, {"place", "Kerry"}, {"year", "1851"}});
  build();
  const Json record = records::record_of(data(), records::kSegmentStep);
  EXPECT_EQ(record.at("copy_of"), Json({{"copy-b", "copy-a"}}));
  std::map<std::string, Json> facts;
  for (const auto& piece : lines("facts.jsonl")) facts[piece.at("piece")] = piece.at("facts");
  ASSERT_TRUE(facts.contains("copy-a"));
  EXPECT_FALSE(facts.contains("copy-b"));
  EXPECT_EQ(facts["copy-a"],
            Json({{"place", {{"value", "Kerry"}, {"from", "pieces.jsonl"}}}, {"year", {{"value", "1850"}, {"from", "pieces.jsonl"}}}}));
  EXPECT_THAT(check_dataset(data()), IsEmpty());
}

TEST_F(Steps, TimingIsAFactWhereTheFileStatesIt) {
  auto score = random_score(90, 160);
  score.time_signatures = {{midi::Tick{0}, 3, 4}};
  score.tempos = {{midi::Tick{0}, 90.0}};
  collection.add("score", "Minuet", score);
  build();
  for (const auto& question : questions()) {
    const bool stated = question.at("piece") == "score";
    EXPECT_EQ(question.at("facts").value("time signature", ""), stated ? "3/4" : "");
    EXPECT_EQ(question.at("facts").value("tempo", ""), stated ? "90" : "");
  }
  for (const auto& clip : lines("clips.jsonl")) {
    const bool stated = clip.at("piece") == "score";
    EXPECT_EQ(clip.at("cut_at"), stated ? "bar lines" : "onsets");
    if (!stated) continue;
    EXPECT_NEAR(std::remainder(clip.at("start").get<double>(), 2.0), 0, 1e-3) << "three quarter notes last two seconds";
  }
  const auto features = lines("features.jsonl");
  for (const auto& clip : lines("clips.jsonl"))
    EXPECT_EQ(clip.at("labels").value("tempo_from", ""), clip.at("piece") == "score" ? "stated" : "");
  EXPECT_EQ(features.back().at("timing"), "stated");
  EXPECT_EQ(features.back().at("meter"), Json({{"from", "stated"}, {"value", "3/4"}}));
  EXPECT_EQ(features.back().at("tempo"), Json({{"from", "stated"}, {"value", 90.0}, {"quarters_per_minute", 90.0}}));
  EXPECT_EQ(features.front().at("timing"), "constant");
  EXPECT_TRUE(features.front().at("tempo").at("value").is_null());
}

TEST_F(Steps, BeatsAreEstimatedOnlyWhereThatIsAskedFor) {
  collection.config.estimate_beats = true;
  build();
  const auto features = lines("features.jsonl");
  EXPECT_EQ(features.front().at("timing"), "estimated");
  EXPECT_EQ(features.front().at("tempo").at("from"), "estimated");
  std::size_t known = 0;
  for (const auto& question : questions()) {
    known += question.at("facts").contains("tempo");
    EXPECT_FALSE(question.at("facts").contains("time signature"));
  }
  EXPECT_GT(known, 0u);
  for (const auto& clip : lines("clips.jsonl")) {
    const auto& labels = clip.at("labels");
    EXPECT_EQ(labels.value("tempo_from", ""), labels.contains("beats_per_minute") ? "estimated" : "");
  }
  EXPECT_THAT(check_dataset(data()), IsEmpty());
}

TEST_F(Steps, FeaturesAreWhatWasMeasured) {
  measure_features(collection.config, data());
  const auto features = lines("features.jsonl");
  ASSERT_EQ(features.size(), 12u);
  EXPECT_EQ(features[0].at("piece"), "solo-0");
  EXPECT_EQ(features[0].at("notes"), 160);
  EXPECT_NEAR(features[0].at("polyphony").get<double>(), 1.0, 0.05);
  EXPECT_EQ(features[0].at("dynamics"), Json({{"mean", 80.0}, {"deviation", 0.0}}));
  EXPECT_THAT(features[0].at("key").at("value").get<std::string>(), testing::AnyOf(HasSubstr("major"), HasSubstr("minor")));
  EXPECT_GT(features[0].at("key_krumhansl_kessler").at("correlation").get<double>(), 0.3);
  EXPECT_TRUE(features[0].at("pedal").is_null()) << "the file says nothing of a pedal";
  EXPECT_THAT(features_text(data()), testing::ContainsRegex("timing constant +12\n"));
}

TEST_F(Steps, ClipsStartAndEndWhereNotesBegin) {
  build();
  const auto clips = lines("clips.jsonl");
  ASSERT_EQ(clips.size(), 24u);
  for (std::size_t i = 0; i < clips.size(); i += 2) {
    EXPECT_LE(clips[i].at("end"), clips[i + 1].at("start")) << "none overlaps another";
    for (const auto& clip : {clips[i], clips[i + 1]}) {
      const auto score = midi::read_midi(data() / clip.at("file").get<std::string>());
      EXPECT_EQ(score.instruments.at(0).notes.front().start.value, 0);
      const double length = clip.at("end").get<double>() - clip.at("start").get<double>();
      EXPECT_LE(length, 10 + 1e-9);
      EXPECT_GT(length, 9);
    }
  }
  const Json record = records::record_of(data(), records::kSegmentStep);
  EXPECT_EQ(record.at("clips"), 24);
  EXPECT_GT(record.at("seconds_of_pieces"), record.at("seconds_of_clips"));
  EXPECT_THAT(segment_text(data()), testing::ContainsRegex("clips +24\n"));
}

TEST_F(Steps, WhatIsCurrentIsNotMadeAgain) {
  build();
  EXPECT_TRUE(is_current(collection.config, data()));
  EXPECT_EQ(segment_state(collection.config, data()), StepState::current);
  const auto clip = data() / lines("clips.jsonl")[0].at("file").get<std::string>();
  const auto cut = fs::last_write_time(clip);
  collection.config.questions_per_tag = 2;
  EXPECT_FALSE(is_current(collection.config, data()));
  build();
  EXPECT_EQ(fs::last_write_time(clip), cut) << "other wordings need no other clips";
  EXPECT_THAT(check_dataset(data()), IsEmpty());
  EXPECT_TRUE(is_current(collection.config, data()));

  collection.config.clip_seconds = 8;
  EXPECT_EQ(segment_state(collection.config, data()), StepState::outdated);
  build();
  EXPECT_NE(fs::last_write_time(clip), cut);
}

TEST_F(Steps, IsCurrentUntilSomethingBeforeChanges) {
  build();
  collection.annotate("Etude", {{"genre", "etude"}});
  EXPECT_FALSE(is_current(collection.config, data())) << "another annotation";
  build();
  EXPECT_TRUE(is_current(collection.config, data()));
  midi::write_midi(performed(random_score(77, 160), 1), collection.midis() / "solo-0.mid");
  EXPECT_FALSE(is_current(collection.config, data())) << "another file";
  EXPECT_EQ(features_state(collection.config, data()), StepState::outdated);
  build();
  EXPECT_TRUE(is_current(collection.config, data()));
  fs::remove(data() / lines("clips.jsonl")[0].at("file").get<std::string>());
  EXPECT_FALSE(is_current(collection.config, data())) << "a clip is not there";
  build();
  fs::remove_all(collection.midis());
  EXPECT_TRUE(is_current(collection.config, data())) << "the collection is not there any more";
  fs::remove(data() / "features.json");
  EXPECT_EQ(features_state(collection.config, data()), StepState::given) << "nor what the features were made of";
}

TEST_F(Steps, TheDescriptionCountsWorks) {
  build();
  const auto statistics = dataset_statistics(data());
  int works = 0;
  for (const auto& [split, counts] : statistics.at("works").items()) {
    works += counts.at("works").get<int>();
    EXPECT_EQ(counts.at("composers"), 1) << split;
  }
  EXPECT_EQ(works, kWorks);
  EXPECT_EQ(statistics.at("works_in_all"), OrderedJson({{"works", kWorks}, {"composers", 1}}));
  const Json record = records::record_of(data(), records::kSegmentStep);
  EXPECT_EQ(Json(statistics.at("coverage").at("seconds_of_clips")), record.at("seconds_of_clips"));
  EXPECT_NEAR(statistics.at("coverage").at("seconds_of_pieces").get<double>(), record.at("seconds_of_pieces").get<double>(), 0.01);
  EXPECT_THAT(statistics_text(statistics),
              AllOf(testing::ContainsRegex("works +[4-7] +[1-3] +[1-3]\n"), HasSubstr("8 works of 1 composers in all\n"),
                    HasSubstr("seconds of the pieces are in clips")));
}

TEST_F(Steps, AnyMeasureOfTheClipCanBeATag) {
  const auto tags = collection.root.path() / "tags.yaml";
  write_atomically(
      tags,
      "tags:\n"
      "  - name: loudness\n    kind: closed\n    from: mean_velocity\n    bounds: [60]\n"
      "    values: [{value: soft}, {value: loud}]\n    questions: [\"How loud is it?\"]\n    answers: [\"It is {loudness}.\"]\n"
      "  - name: touch\n    kind: closed\n    from: articulation\n    bounds: [quantiles]\n"
      "    values: [{value: short}, {value: long}]\n    questions: [\"Are the notes short?\"]\n    answers: [\"It is {touch}.\"]\n"
      "captions:\n  questions: [\"Describe this.\"]\n  parts:\n    - wordings: [\"It is {loudness}.\"]\n");
  collection.config.tag_file = tags.string();
  build();
  std::map<std::string, int> touchs;
  for (const auto& question : questions()) {
    EXPECT_EQ(question.at("facts").at("loudness"), "loud");
    ++touchs[question.at("facts").at("touch")];
  }
  EXPECT_EQ(touchs.size(), 2u);
}

TEST_F(Steps, ABuildKeepsTheFilesOfTheSteps) {
  for (const char* file : {"import.json", "texts.jsonl", "retrieval.jsonl", "retrieve.json", "requests.jsonl"})
    write_atomically(data() / file, std::string(file) + "\n");
  write_atomically(data() / "annotate.json", "{}\n");
  const auto before = content();
  build();
  build();
  const auto after = content();
  for (const auto& [file, bytes] : before) EXPECT_EQ(after.at(file), bytes) << file;
}

TEST_F(Steps, AFailedBuildLeavesWhatWasThere) {
  build();
  const auto before = content();
  collection.config.min_clip_notes = 100'000;
  EXPECT_THAT(error_of([&] { build_dataset(collection.config, data()); }), HasSubstr("no piece of this source gives a clip"));
  EXPECT_EQ(content(), before);
}

TEST_F(Steps, WhatNoStepHasWrittenIsNotReplaced) {
  write_atomically(data() / "thesis.txt", "mine");
  measure_features(collection.config, data());
  EXPECT_THAT(error_of([&] { build_dataset(collection.config, data()); }), HasSubstr("thesis.txt"));
  EXPECT_THAT(error_of([&] { segment_pieces(collection.config, data()); }), HasSubstr("thesis.txt"));
  fs::remove(data() / "thesis.txt");
  write_atomically(data() / "clips.jsonl", "{}\n");
  EXPECT_THAT(error_of([&] { build_dataset(collection.config, data()); }), HasSubstr("no segment.json beside it"));
  fs::remove(data() / "clips.jsonl");
  config::Corpus folder;
  folder.source = "midi";
  folder.path = collection.config.path;
  folder.tag_file = "configs/midi/tags.yaml";
  folder.tags = {};
  EXPECT_THAT(error_of([&] { build_dataset(folder, data()); }), HasSubstr("is no dataset"));
}

TEST_F(Steps, EachAloneMakesTheSame) {
  build();
  const auto together = content();
  for (const auto& [file, bytes] : together) {
    if (file != "pieces.jsonl" && file != "annotations.jsonl") fs::remove(data() / file);
  }
  EXPECT_THAT(error_of([&] { write_dataset(collection.config, data()); }), HasSubstr("`midillama data segment` makes it"));
  segment_pieces(collection.config, data());
  EXPECT_FALSE(fs::exists(data() / "dataset.json"));
  EXPECT_THAT(error_of([&] { write_dataset(collection.config, data()); }),
              AllOf(HasSubstr((data() / "features.jsonl").string()), HasSubstr("`midillama data features` makes it")));
  measure_features(collection.config, data());
  write_dataset(collection.config, data());
  EXPECT_EQ(content(), together);
}

TEST_F(Steps, NothingIsWrittenOfClipsWithOtherSettings) {
  build();
  const auto before = content();
  collection.config.clip_seconds = 8;
  EXPECT_THAT(error_of([&] { write_dataset(collection.config, data()); }), HasSubstr("clips.jsonl: was made with other settings"));
  collection.config.clip_seconds = 10;
  collection.config.estimate_beats = true;
  EXPECT_THAT(error_of([&] { build_dataset(collection.config, data()); }), HasSubstr("features.jsonl: was made with other settings"));
  EXPECT_EQ(content(), before);
}

// What the annotator read is not there any more: what it said of it is no fact of today's texts.
TEST_F(Steps, NothingIsWrittenOfAnnotationsOfOtherTexts) {
  const auto line = [](const std::string& text) {
    return Json({{"work", "ada berg: Work 0"},
                 {"url", "http://a.example"},
                 {"title", ""},
                 {"retrieved", ""},
                 {"sha256", ""},
                 {"text", text}})
               .dump() +
           "\n";
  };
  write_atomically(data() / "texts.jsonl", line("It is a waltz."));
  const auto annotations = read_text(data() / "annotations.jsonl");
  records::StepFile file(data(), records::kAnnotateStep);
  file.write(annotations);
  records::MadeOf of;
  of.settings["model"] = "another than in the configuration";
  of.files["texts.jsonl"] = records::fingerprint_of(data(), "texts.jsonl");
  file.commit(of);
  build();
  EXPECT_TRUE(is_current(collection.config, data()));
  write_atomically(data() / "texts.jsonl", line("It is a nocturne."));
  EXPECT_FALSE(is_current(collection.config, data()));
  const auto refused = AllOf(HasSubstr("annotations.jsonl: was made with other settings or of other files"), HasSubstr("data annotate"));
  EXPECT_THAT(error_of([&] { write_dataset(collection.config, data()); }), refused);
  EXPECT_THAT(error_of([&] { build(); }), refused);
  fs::remove(data() / "annotate.json");
  EXPECT_EQ(error_of([&] { build(); }), "no error") << "they are the user's own";
}

// Each a field that does not say what makes a label, and the line's status.
TEST_F(Steps, WhatNoSentenceSupportsIsNoLabel) {
  const Json good = {{"value", "calm"}, {"evidence", "It is calm."}, {"url", "http://a.example"}};
  const auto with = [&](const char* key, const Json& value) {
    Json field = good;
    field[key] = value;
    return field;
  };
  const std::vector<std::pair<std::string, Json>> cases = {{"annotated", "Not Enough Information"},
                                                           {"annotated", with("value", "not enough information.")},
                                                           {"annotated", with("value", " ")},
                                                           {"annotated", with("evidence", "")},
                                                           {"annotated", with("url", "")},
                                                           {"annotated", with("url", nullptr)},
                                                           {"annotated", with("problem", "odd")},
                                                           {"failed", good},
                                                           {"no text", good}};
  std::string lines = Json({{"work", "good"}, {"status", "annotated"}, {"fields", {{"emotion", good}}}}).dump() + "\n";
  for (std::size_t i = 0; i < cases.size(); ++i)
    lines += Json({{"work", std::to_string(i)}, {"status", cases[i].first}, {"fields", {{"emotion", cases[i].second}}}}).dump() + "\n";
  write_atomically(data() / "annotations.jsonl", lines);
  const auto labels = works::read_supported_fields(data());
  EXPECT_EQ(labels.size(), 1u);
  EXPECT_EQ(labels.at("good").at("emotion").value, "calm");
  const auto error = [&](const Json& row) {
    write_atomically(data() / "annotations.jsonl", lines + row.dump() + "\n");
    return error_of([&] { works::read_supported_fields(data()); });
  };
  EXPECT_THAT(error({{"work", "good"}, {"status", "annotated"}, {"fields", Json::object()}}),
              HasSubstr("annotations.jsonl: line 11: the work \"good\" stands in an earlier line already"));
  EXPECT_THAT(error({{"work", "x"}, {"status", "annotated"}, {"fields", nullptr}}), HasSubstr("line 11: the key \"fields\" is no object"));
}

TEST_F(Steps, NewClipsTakeTheOldDatasetAway) {
  build();
  collection.config.clips_per_piece = 1;
  segment_pieces(collection.config, data());
  EXPECT_EQ(lines("clips.jsonl").size(), 12u);
  EXPECT_EQ(std::distance(fs::directory_iterator(data() / "clips"), {}), 12);
  EXPECT_FALSE(fs::exists(data() / "train.jsonl"));
  EXPECT_TRUE(fs::exists(data() / "features.jsonl"));
  write_dataset(collection.config, data());
  EXPECT_THAT(check_dataset(data()), IsEmpty());
}

TEST_F(Steps, AFileThatCannotBeReadIsListed) {
  write_atomically(collection.midis() / "solo-0.mid", "no music");
  fs::remove(collection.midis() / "solo-1.mid");
  const auto report = build();
  EXPECT_EQ(report.pieces, 10u);
  ASSERT_EQ(report.skipped.size(), 2u);
  EXPECT_EQ(report.skipped[0].place, "solo-0.mid");
  EXPECT_EQ(lines("features.jsonl").size(), 10u);
  EXPECT_THAT(check_dataset(data()), IsEmpty());
  const Json record = records::record_of(data(), records::kFeaturesStep);
  EXPECT_EQ(record.at("unreadable").size(), 2u);
}

TEST_F(Steps, MistakesInStepFilesAreNamed) {
  build();
  const auto pieces = read_text(data() / "pieces.jsonl");
  const auto with_pieces = [&](const std::string& line) {
    write_atomically(data() / "pieces.jsonl", line);
    return error_of([&] { measure_features(collection.config, data()); });
  };
  const std::string first = pieces.substr(0, pieces.find('\n') + 1);
  EXPECT_THAT(with_pieces(first + first), HasSubstr("pieces.jsonl: line 2: the piece \"solo-0\" stands in an earlier line already"));
  std::string outside = first;
  outside.replace(outside.find("solo-0"), 6, "../solo");
  EXPECT_THAT(with_pieces(outside), HasSubstr("is no name for a piece"));
  EXPECT_THAT(with_pieces("{\"piece\": \"a\"}\n"), HasSubstr("pieces.jsonl: line 1: the key \"file\" is missing"));
  EXPECT_THAT(with_pieces(""), HasSubstr("holds no piece"));
  std::string file = first;
  file.replace(file.find("solo-0.mid"), 10, "../data.mid");
  EXPECT_EQ(with_pieces(file), "no error");
  EXPECT_EQ(records::record_of(data(), records::kFeaturesStep).at("unreadable")[0].at("reason"), "leads out of corpus.path");
  write_atomically(data() / "pieces.jsonl", pieces);
  measure_features(collection.config, data());
  auto features = read_text(data() / "features.jsonl");
  write_atomically(data() / "features.jsonl", features.substr(features.find('\n') + 1));
  EXPECT_THAT(error_of([&] { write_dataset(collection.config, data()); }), HasSubstr("features.jsonl: was made with other settings"));
  fs::remove(data() / "features.json");  // another program's, then
  EXPECT_THAT(error_of([&] { write_dataset(collection.config, data()); }), HasSubstr("features.jsonl: solo-0: has no line"));
}

TEST(StepSources, OthersHaveNoSteps) {
  config::Corpus config;
  EXPECT_FALSE(has_steps(config));
  EXPECT_THAT(error_of([&] { measure_features(config, "data"); }), HasSubstr("corpus.source: \"abc\""));
  config.source = "maestro";
  EXPECT_TRUE(has_steps(config));
}

}  // namespace
}  // namespace midillama::corpus
