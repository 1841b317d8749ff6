#include "midillama/corpus/dataset.h"

#include "midillama/core/error.h"
#include "midillama/midi/file.h"
#include "support/error_of.h"
#include "tunes.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <functional>
#include <map>
#include <set>

namespace midillama::corpus {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::error_of;

constexpr const char* kReel = "R:reel\nM:C|\nL:1/8\nK:G\n";
constexpr const char* kHornpipe = "R:hornpipe\nM:C|\nL:1/8\nQ:1/2=66\nK:D\n";

// Thirty different tunes in two collections, one of them twice, one that cannot be read, one too short.
void write_books(const fs::path& root) {
  std::string first;
  std::string second;
  for (int i = 1; i <= 15; ++i) first += random_tune(i, kReel, static_cast<std::uint64_t>(i), 32);
  for (int i = 1; i <= 15; ++i) second += random_tune(i, kHornpipe, static_cast<std::uint64_t>(100 + i), 16);
  second += random_tune(16, "M:C|\nL:1/8\nK:A\n", 3, 32, 1);
  second += "X:17\nM:2/4\nL:1/4\nK:C\nC>D2 [CE|\n\n";
  second += "X:18\nM:2/4\nL:1/4\nK:C\nCD|\n\n";
  write_text(root / "first" / "book.abc", first);
  write_text(root / "second" / "book.abc", second);
}

class Dataset : public testing::Test {
 protected:
  Dataset() {
    write_books(root_.path() / "books");
    config_.path = (root_.path() / "books").string();
    config_.collections = {"first", "second"};
    config_.valid_fraction = 0.2;
    config_.test_fraction = 0.2;
  }

  fs::path directory() const { return root_.path() / "data"; }
  BuildReport build() { return build_dataset(config_, directory()); }

  std::vector<Json> lines(const std::string& split) const {
    std::vector<Json> result;
    for_each_json_line(directory() / (split + ".jsonl"), [&](const Json& value, std::size_t) { result.push_back(value); });
    return result;
  }

  std::vector<Json> all_lines() const {
    std::vector<Json> result;
    for (const auto* split : {"train", "valid", "test"}) {
      for (auto& line : lines(split)) result.push_back(line);
    }
    return result;
  }

  // Changes the first line of the training side.
  void damage(const std::function<void(Json&)>& change) const {
    auto rows = lines("train");
    change(rows.at(0));
    std::string text;
    for (const auto& row : rows) text += row.dump() + "\n";
    write_text(directory() / "train.jsonl", text);
  }

  TemporaryDirectory root_;
  config::Corpus config_;
};

TEST_F(Dataset, IsBuiltFromTunebooks) {
  const auto report = build();
  EXPECT_EQ(report.read, 32u);
  EXPECT_EQ(report.pieces, 30u);
  ASSERT_EQ(report.skipped.size(), 1u);
  EXPECT_THAT(report.skipped[0].place, HasSubstr("second/book.abc:"));
  EXPECT_THAT(report.skipped[0].reason, HasSubstr("abc2midi"));
  ASSERT_EQ(report.duplicates.size(), 1u);
  EXPECT_THAT(report.duplicates[0].reason, HasSubstr("first/book.abc:"));
  ASSERT_EQ(report.without_clips.size(), 1u);
  EXPECT_THAT(report.without_clips[0].reason, HasSubstr("is 1.0 s long"));
  EXPECT_THAT(check_dataset(directory()), IsEmpty());
}

TEST_F(Dataset, LinesHaveTheirKeysInOrder) {
  build();
  const auto text = read_text(directory() / "train.jsonl");
  const auto line = OrderedJson::parse(text.substr(0, text.find('\n')));
  std::vector<std::string> keys;
  for (const auto& [key, value] : line.items()) keys.push_back(key);
  EXPECT_EQ(keys, (std::vector<std::string>{"id", "piece", "clip", "start", "end", "task", "tag", "question", "answer", "facts"}));
}

TEST_F(Dataset, FactsAreTheLabelsAndWhatIsMeasured) {
  build();
  for (const auto& line : all_lines()) {
    const auto& facts = line.at("facts");
    const bool reel = line.at("piece").get<std::string>().compare(0, 5, "first") == 0;
    EXPECT_EQ(facts.at("dance"), reel ? "reel" : "hornpipe");
    EXPECT_EQ(facts.at("key"), reel ? "G major" : "D major");
    EXPECT_EQ(facts.at("meter"), "2/2");
    EXPECT_EQ(facts.contains("tempo"), !reel) << "only the hornpipes state a tempo";
    EXPECT_TRUE(facts.contains("register") && facts.contains("density"));
    EXPECT_FALSE(facts.contains("origin"));
  }
}

TEST_F(Dataset, ClipsAreTheNotesOfTheirSpan) {
  build();
  for (const auto& line : lines("test")) {
    const auto clip = midi::read_midi(directory() / line.at("clip").get<std::string>());
    const double length = line.at("end").get<double>() - line.at("start").get<double>();
    EXPECT_LE(length, 20.001);
    EXPECT_NEAR(clip.to_seconds(clip.end()).value, length, 0.01);
  }
}

TEST_F(Dataset, NoPieceIsOnTwoSides) {
  build();
  std::map<std::string, std::set<std::string>> sides;
  for (const auto* split : {"train", "valid", "test"}) {
    for (const auto& line : lines(split)) sides[line.at("piece")].insert(split);
  }
  EXPECT_EQ(sides.size(), 30u);
  for (const auto& [piece, on] : sides) EXPECT_EQ(on.size(), 1u) << piece;
}

TEST_F(Dataset, IsTheSameEveryTime) {
  build();
  std::map<std::string, std::string> first;
  for (const auto& entry : fs::recursive_directory_iterator(directory())) {
    if (entry.is_regular_file()) first[fs::relative(entry.path(), directory()).string()] = read_text(entry.path());
  }
  ASSERT_GT(first.size(), 40u);
  build();
  for (const auto& [name, text] : first) EXPECT_EQ(read_text(directory() / name), text) << name;
}

TEST_F(Dataset, DescribesItself) {
  build();
  const auto statistics = dataset_statistics(directory());
  EXPECT_EQ(statistics.at("pieces").at("kept"), 30);
  EXPECT_EQ(statistics.at("collections").at("second"), (OrderedJson{{"read", 17}, {"kept", 15}}));
  EXPECT_EQ(statistics.at("vocabulary").at("dance"), (OrderedJson{"hornpipe", "reel"}));
  EXPECT_EQ(statistics.at("settings").at("clip_seconds"), 20.0);
  EXPECT_EQ(statistics.at("sources").at("files").size(), 2u);
  std::size_t pieces = 0;
  for (const auto& [name, split] : statistics.at("splits").items()) pieces += split.at("pieces").get<std::size_t>();
  EXPECT_EQ(pieces, 30u);
  EXPECT_THAT(statistics_text(statistics), HasSubstr("hornpipe"));
}

TEST_F(Dataset, RareLabelsAreNoFacts) {
  config_.min_label_pieces = 20;
  build();
  for (const auto& line : all_lines()) {
    EXPECT_FALSE(line.at("facts").contains("dance"));
    EXPECT_TRUE(line.at("facts").contains("meter"));
  }
}

TEST_F(Dataset, ADanceThatCopiesDisputeIsNoFact) {
  write_text(root_.path() / "books" / "third.abc", random_tune(1, "R:jig\nM:C|\nL:1/8\nK:A\n", 5, 32, 1));
  config_.collections.push_back("third");
  build();
  std::size_t undecided = 0;
  for (const auto& line : all_lines()) {
    if (line.at("piece") == "first-book-5") {
      EXPECT_FALSE(line.at("facts").contains("dance"));
      ++undecided;
    }
  }
  EXPECT_GT(undecided, 0u);
}

TEST_F(Dataset, IsCurrentUntilSettingsOrSourcesChange) {
  build();
  EXPECT_TRUE(is_current(config_, directory()));
  auto other = config_;
  other.clips_per_piece = 1;
  EXPECT_FALSE(is_current(other, directory()));
  write_text(root_.path() / "books" / "first" / "more.abc", random_tune(1, kReel, 77, 16));
  EXPECT_FALSE(is_current(config_, directory()));
  fs::remove_all(root_.path() / "books");
  EXPECT_TRUE(is_current(config_, directory()));
}

TEST_F(Dataset, LeavesOtherFilesAlone) {
  write_text(directory() / "thesis.txt", "mine");
  EXPECT_THROW(build(), InputError);
  EXPECT_EQ(read_text(directory() / "thesis.txt"), "mine");
}

TEST_F(Dataset, ReplacesADatasetOnlyWhereNothingElseIsLost) {
  build();
  build();  // its own files are no hindrance
  write_text(directory() / "notes.txt", "mine");
  fs::create_directories(directory() / "raw");
  EXPECT_THAT(error_of([&] { build(); }), AllOf(HasSubstr("notes.txt"), HasSubstr("raw")));
  EXPECT_EQ(read_text(directory() / "notes.txt"), "mine");
  fs::remove_all(directory() / "raw");
  fs::remove(directory() / "notes.txt");
  config_.source = "midi";
  config_.path = (directory() / "clips").string();
  EXPECT_THAT(error_of([&] { build(); }), HasSubstr("is in data.dir"));
  EXPECT_FALSE(fs::is_empty(directory() / "clips"));
}

TEST_F(Dataset, RefusesFoldersThatAreNoDatasets) {
  write_text(directory() / "thesis.txt", "mine");
  EXPECT_THROW(require_dataset_folder(directory()), InputError);
}

TEST_F(Dataset, HandwrittenLinesPassTheCheck) {
  for (const std::string split : {"train", "valid", "test"}) {
    midi::write_midi(random_score(split.size() + static_cast<std::uint64_t>(split[0]), 64), directory() / (split + ".mid"));
    const OrderedJson line = {{"id", split},     {"piece", split}, {"clip", split + ".mid"},
                              {"task", "qa"},    {"tag", "mood"},  {"question", "Which mood?"},
                              {"answer", "Sad."}};
    write_text(directory() / (split + ".jsonl"), line.dump());
  }
  EXPECT_THAT(check_dataset(directory()), IsEmpty());
}

TEST_F(Dataset, AFailedBuildLeavesTheOldOneAndNothingElse) {
  build();
  const auto before = read_text(directory() / "dataset.json");
  config_.collections = {"first", "missing"};
  EXPECT_THROW(build(), InputError);
  EXPECT_EQ(read_text(directory() / "dataset.json"), before);
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(root_.path())) names.push_back(entry.path().filename().string());
  EXPECT_THAT(names, testing::UnorderedElementsAre("books", "data"));
}

TEST_F(Dataset, RefusesSourcesWithoutTunes) {
  config_.path = (root_.path() / "nowhere").string();
  config_.collections.clear();
  EXPECT_THROW(build(), InputError);
  write_text(root_.path() / "empty" / "notes.abc", "no tune here\n");
  config_.path = (root_.path() / "empty").string();
  EXPECT_THROW(build(), InputError);
  EXPECT_FALSE(fs::exists(directory()));
}

// What the check finds, each on a dataset that is otherwise whole.
struct Damage {
  const char* what;
  std::function<void(Json&)> change;
  const char* found;
};

TEST_F(Dataset, TheCheckFindsDamagedLines) {
  const std::vector<Damage> damages = {
      {"missing key", [](Json& line) { line.erase("question"); }, "the key \"question\" is missing"},
      {"wrong type", [](Json& line) { line["start"] = "soon"; }, "the key \"start\" has the wrong type"},
      {"times", [](Json& line) { line["end"] = line["start"]; }, "\"end\" must be behind \"start\""},
      {"task", [](Json& line) { line["task"] = "poem"; }, "must be qa or caption"},
      {"empty", [](Json& line) { line["question"] = ""; }, "must not be empty"},
      {"no word", [](Json& line) { line["answer"] = " \u2026 \u200b"; }, "it has no word"},
      {"other answer", [](Json& line) { line["answer"] = "This is a polka."; }, "does not state the fact"},
      {"unknown tag", [](Json& line) { line["facts"]["mood"] = "sad"; }, "is not a tag"},
      {"no such fact", [](Json& line) { line["tag"] = "origin"; }, "which is not among the facts"},
      {"facts of a clip differ", [](Json& line) { line["facts"]["register"] = "?"; }, "differ from those in"},
      {"clip", [](Json& line) { line["clip"] = "clips/none.mid"; }, "clips/none.mid"},
      {"counts", [](Json& line) { line["question"] = "Another?"; }, "counts or fingerprint differ"},
  };
  build();
  const auto whole = root_.path() / "whole";
  fs::copy(directory(), whole, fs::copy_options::recursive);
  for (const auto& damage : damages) {
    fs::remove_all(directory());
    fs::copy(whole, directory(), fs::copy_options::recursive);
    this->damage(damage.change);
    EXPECT_THAT(check_dataset(directory()), Contains(HasSubstr(damage.found))) << damage.what;
  }
}

TEST_F(Dataset, TheCheckFindsWhatIsAskedAndAnsweredTwice) {
  build();
  const auto file = directory() / "train.jsonl";
  const auto lines = read_text(file);
  Json again = Json::parse(lines.substr(0, lines.find('\n')));
  again["id"] = "another";
  again["question"] = again["question"].get<std::string>() + " ";
  write_atomically(file, again.dump() + "\n" + lines);
  EXPECT_THAT(check_dataset(directory()), Contains(HasSubstr("line 2: asks and answers the same about the clip as \"another\"")));
}

TEST_F(Dataset, TheCheckFindsExamplesThatAreTooLong) {
  build();
  ExampleLimit limit{.most = 1000, .length_of = [](const records::Question& question) { return std::ssize(question.answer); }};
  EXPECT_THAT(check_dataset(directory(), limit), IsEmpty());
  damage([](Json& line) { line["answer"] = line["answer"].get<std::string>() + std::string(1000, '!'); });
  const auto problems = check_dataset(directory(), limit);
  EXPECT_THAT(problems, Contains(AllOf(HasSubstr("train.jsonl: line 1: the example has "), HasSubstr("of which training takes 1000"))));
}

TEST_F(Dataset, TheCheckFindsCaptionsThatContradictTheFacts) {
  build();
  auto rows = lines("train");
  for (auto& row : rows) {
    if (row.at("task") == "caption") row["answer"] = "A reel in C minor.";
  }
  std::string text;
  for (const auto& row : rows) text += row.dump() + "\n";
  write_text(directory() / "train.jsonl", text);
  EXPECT_THAT(check_dataset(directory()), Contains(HasSubstr("the caption states the key \"C minor\"")));
}

TEST_F(Dataset, UnseenQuestionsAreOfTheTestClips) {
  build();
  const auto unseen = lines("unseen");
  ASSERT_FALSE(unseen.empty());
  std::set<std::string> clips, asked, trained;
  for (const auto& line : lines("test")) clips.insert(line.at("clip"));
  for (const auto& line : lines("train")) trained.insert(line.at("question"));
  for (const auto& line : unseen) {
    EXPECT_TRUE(clips.contains(line.at("clip")));
    EXPECT_FALSE(trained.contains(line.at("question"))) << line.at("question");
  }
  const auto counts = dataset_statistics(directory()).at("unseen");
  EXPECT_EQ(counts.at("questions"), unseen.size());
  EXPECT_THAT(statistics_text(dataset_statistics(directory())), HasSubstr("in wordings that no training question has"));
}

TEST_F(Dataset, TheCheckFindsUnseenQuestionsThatAreSeen) {
  build();
  auto line = lines("unseen").at(0);
  const auto change = [&](const char* key, const Json& value) {
    auto changed = line;
    changed[key] = value;
    write_text(directory() / "unseen.jsonl", changed.dump() + "\n");
    return check_dataset(directory());
  };
  const auto trained = lines("train").at(0);
  EXPECT_THAT(change("question", trained.at("question")), Contains(HasSubstr("is a question of train.jsonl, too")));
  EXPECT_THAT(change("clip", trained.at("clip")), Contains(HasSubstr("is no clip of test.jsonl")));
  EXPECT_THAT(change("task", "caption"), Contains(HasSubstr("is no question")));
  EXPECT_THAT(change("id", line.at("id")), Contains(HasSubstr("unseen: counts or fingerprint differ")));
}

// Datasets of earlier versions, and those whose tags have no unseen wordings.
TEST_F(Dataset, MayLackUnseenQuestions) {
  write_text(root_.path() / "tags.yaml", "tags: [{name: key, kind: key, questions: [\"Which key?\"], answers: [\"It is in {key}.\"]}]\n");
  config_.tag_file = (root_.path() / "tags.yaml").string();
  config_.tags.clear();
  build();
  EXPECT_FALSE(fs::exists(directory() / "unseen.jsonl"));
  EXPECT_FALSE(dataset_statistics(directory()).contains("unseen"));
  EXPECT_THAT(check_dataset(directory()), IsEmpty());
}

TEST_F(Dataset, TheCheckFindsLeaks) {
  build();
  const auto text = read_text(directory() / "test.jsonl");
  write_text(directory() / "train.jsonl", read_text(directory() / "train.jsonl") + text.substr(0, text.find('\n') + 1));
  const auto problems = check_dataset(directory());
  EXPECT_THAT(problems, Contains(HasSubstr("stands in train.jsonl too")));
  EXPECT_THAT(problems, Contains(HasSubstr("the id \"")));
}

TEST_F(Dataset, TheCheckFindsTheSameNotesOnTwoSides) {
  build();
  const auto train = directory() / lines("train").at(0).at("clip").get<std::string>();
  const auto test = directory() / lines("test").at(0).at("clip").get<std::string>();
  fs::copy_file(train, test, fs::copy_options::overwrite_existing);
  EXPECT_THAT(check_dataset(directory()), Contains(HasSubstr("has the notes of")));
}

TEST_F(Dataset, TheCheckFindsBrokenClips) {
  build();
  const auto clip = lines("valid").at(0).at("clip").get<std::string>();
  write_text(directory() / clip, "no MIDI file");
  EXPECT_THAT(check_dataset(directory()), Contains(HasSubstr(clip)));
}

TEST_F(Dataset, TheCheckFindsMissingFiles) {
  build();
  fs::remove(directory() / "valid.jsonl");
  EXPECT_THAT(check_dataset(directory()), Contains(HasSubstr("valid.jsonl")));
  fs::remove(directory() / "dataset.json");
  EXPECT_THAT(check_dataset(directory()), Contains(HasSubstr("dataset.json")));
}

// Whoever copies or prints such a value runs out of stack.
TEST_F(Dataset, ADescriptionThatIsNestedTooDeepIsRefused) {
  build();
  const std::string whole = read_text(directory() / "dataset.json"), deep = std::string(300'000, '[') + std::string(300'000, ']');
  write_text(directory() / "dataset.json", "{\"splits\": " + deep + ", " + whole.substr(whole.find('"')));
  const auto names_it = testing::ThrowsMessage<InputError>(HasSubstr("dataset.json: is nested more than 500 deep"));
  EXPECT_THAT([&] { dataset_statistics(directory()); }, names_it);
  EXPECT_THAT([&] { is_current(config_, directory()); }, names_it);
  write_text(directory() / "dataset.json", whole);
  write_text(directory() / "train.jsonl", deep + "\n");
  EXPECT_THAT(check_dataset(directory()), Contains(HasSubstr("train.jsonl: line 1: not valid JSON")));
}

TEST_F(Dataset, AFifoDoesNotHangTheCheck) {
  build();
  const auto clip = directory() / lines("train").at(0).at("clip").get<std::string>();
  fs::remove(clip);
  ASSERT_EQ(::mkfifo(clip.c_str(), 0600), 0);
  fs::remove(directory() / "valid.jsonl");
  ASSERT_EQ(::mkfifo((directory() / "valid.jsonl").c_str(), 0600), 0);
  const auto problems = check_dataset(directory());
  EXPECT_THAT(problems, Contains(HasSubstr("there is no such file")));
  EXPECT_THAT(problems, Contains(HasSubstr("is not a regular file")));
  fs::remove(directory() / "tags.yaml");
  ASSERT_EQ(::mkfifo((directory() / "tags.yaml").c_str(), 0600), 0);
  EXPECT_THROW(check_dataset(directory()), InputError);
}

TEST_F(Dataset, TheCheckFindsTagsThatWereChanged) {
  build();
  write_text(directory() / "tags.yaml", read_text(directory() / "tags.yaml") + "# another meaning\n");
  EXPECT_THAT(check_dataset(directory()), ElementsAre(HasSubstr("tags.yaml: was changed after the dataset was built")));
}

TEST_F(Dataset, WarnsOfQuestionsOfYesOrNoWithOneAnswer) {
  const auto tags = [](const char* yes_if) {
    return fmt::format(
        "tags: [{{name: key, kind: key, questions: [\"Which?\"], answers: [\"{{key}}\"], yes_no: [{{yes_if: {}, questions: "
        "[\"So?\"]}}]}}]",
        yes_if);
  };
  config_.tags.clear();
  config_.tag_file = (root_.path() / "tags.yaml").string();
  const auto build_with = [&](const char* yes_if) {
    write_text(config_.tag_file, tags(yes_if));
    build();
    return dataset_warnings(directory());
  };
  EXPECT_THAT(build_with("B flat minor"), Contains(HasSubstr("whether the key is \"B flat minor\" are always answered with no")));
  const auto known = dataset_statistics(directory()).at("vocabulary").at("key").get<std::vector<std::string>>();
  ASSERT_GT(known.size(), 1u);
  EXPECT_THAT(build_with(known[0].c_str()), testing::Not(Contains(HasSubstr("always answered"))));
}

TEST_F(Dataset, TagsThatAreNotDeclaredAreRefused) {
  config_.tags = {"keys"};
  EXPECT_THROW(build(), ConfigError);
  EXPECT_FALSE(fs::exists(directory()));
}

TEST_F(Dataset, TunebooksWithAnyLineEnds) {
  auto text = read_text(root_.path() / "books/first/book.abc");
  std::string returns;
  for (const char c : text) returns += c == '\n' ? "\r" : std::string(1, c);
  write_text(root_.path() / "books/first/book.abc", "\xef\xbb\xbf" + returns);
  EXPECT_EQ(build().pieces, 30u);
}

// Written before datasets brought their tags: the folk tags are meant.
TEST_F(Dataset, OneOfTheLastVersionIsReadAndChecked) {
  build();
  fs::remove(directory() / "tags.yaml");
  auto description = OrderedJson::parse(read_text(directory() / "dataset.json"));
  for (const auto* key : {"tags", "keys", "rare"}) description.erase(key);
  description["settings"].erase("tag_file");
  write_text(directory() / "dataset.json", description.dump(2));
  EXPECT_TRUE(is_current(config_, directory()));
  EXPECT_THAT(check_dataset(directory()), IsEmpty());
  EXPECT_THAT(statistics_text(dataset_statistics(directory())), HasSubstr("hornpipe"));
  damage([](Json& line) { line["answer"] = "This is a polka."; });
  EXPECT_THROW(records::read_questions(directory(), "train"), InputError);
}

}  // namespace
}  // namespace midillama::corpus
