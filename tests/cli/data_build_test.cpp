// `midillama data build` of a collection as GiantMIDI-Piano comes: a table, a folder of MIDI files, texts and a model that reads them.
#include "midillama/core/file.h"
#include "midillama/core/json_text.h"
#include "midillama/core/process.h"
#include "midillama/core/random.h"
#include "midillama/midi/file.h"
#include "support/binary.h"
#include "support/scripted_server.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <set>
#include <thread>

namespace midillama {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing_support::ScriptedServer;
using Files = std::map<std::string, std::string>;  // bytes by name

constexpr int kWorks = 9;
constexpr int kKilled = 128 + 9;

// A random walk over the keys of a piano, against a clock, as a transcriber writes it.
midi::Score performance(std::uint64_t seed) {
  Random random(seed);
  midi::Score score;
  score.ticks_per_quarter = 384;
  score.tempos = {{midi::Tick{0}, 120.0}};
  score.time_signatures = {{midi::Tick{0}, 4, 4}};
  auto& notes = score.instruments.emplace_back().notes;
  int pitch = 64;
  std::int64_t tick = 0;
  for (int i = 0; i < 150; ++i) {
    pitch = std::clamp(pitch + static_cast<int>(random.below(13)) - 6, 40, 90);
    tick += 120 + static_cast<std::int64_t>(random.below(160));
    notes.push_back({midi::Tick{tick}, midi::Tick{tick + 150}, static_cast<std::uint8_t>(pitch), 70});
  }
  return score;
}

std::string sentence(int work) {
  return fmt::format("The Dance Op. {} by Ada Berg is a waltz of a calm mood.", work + 1);
}

std::string completion(const std::string& content, const std::string& finish = "stop") {
  const Json message = {{"role", "assistant"}, {"content", content}};
  return Json({{"choices", {{{"index", 0}, {"message", message}, {"finish_reason", finish}}}},
               {"usage", {{"prompt_tokens", 100}, {"completion_tokens", 10}}}})
      .dump();
}

// The texts of a model that is told what is known of a clip.
std::string texts_for(const Json& call) {
  const std::string told = call.at("messages")[1].at("content");
  const auto known = [&](const std::string& tag) {
    const auto begin = told.find("\n" + tag + ": ") + tag.size() + 3;
    return told.substr(begin, told.find('\n', begin) - begin);
  };
  Json texts = Json::object();
  for (const auto& [tag, numbers] : call.at("response_format").at("json_schema").at("schema").at("properties").items()) {
    for (const auto& [number, schema] : numbers.at("properties").items()) {
      if (tag == "caption") {
        texts[tag][number] = fmt::format("One hears a {}.", known("genre"));
      } else {
        texts[tag][number] = {{"question", fmt::format("Listen well, {} times: what of the {}?", number, tag)},
                              {"answer", fmt::format("One hears {}, I think.", known(tag))}};
      }
    }
  }
  return texts.dump();
}

// The answer of a model that reads the texts; to the first call about every third work with a sentence that is in none of them.
std::string content_for(const httplib::Request& request) {
  const Json call = Json::parse(request.body);
  if (call.at("response_format").at("json_schema").at("name") == "questions") return texts_for(call);
  const std::string question = call.at("messages")[1].at("content");
  const bool is_second = call.at("messages").size() > 2;
  Json fields = Json::object();
  for (int work = 0; work < kWorks; ++work) {
    if (question.find(sentence(work)) == std::string::npos) continue;
    for (const auto& [name, schema] : call.at("response_format").at("json_schema").at("schema").at("properties").items()) {
      const std::string value = name == "genre" ? "waltz" : name == "emotion" ? "calm" : "Not Enough Information";
      fields[name] = {{"value", value}, {"evidence", work % 3 == 1 && !is_second ? "Everybody knows this." : sentence(work)}};
    }
  }
  return fields.dump();
}

void answer(const httplib::Request& request, httplib::Response& response) {
  response.set_content(completion(content_for(request)), "application/json");
}

// The same by a server that is slow, busy, broken, cut short or talks nonsense now and then.
void answer_badly(std::size_t number, const httplib::Request& request, httplib::Response& response) {
  std::this_thread::sleep_for(std::chrono::milliseconds(3));
  const auto fail = [&](int status) {
    response.status = status;
    response.set_header("retry-after-ms", "2");
  };
  if (number % 7 == 1) return fail(429);
  if (number % 7 == 3) return fail(500);
  const std::string content = content_for(request);
  if (number % 11 == 5) return response.set_content(completion(content.substr(0, content.size() / 2), "length"), "application/json");
  if (number % 13 == 6) return response.set_content(completion("It is a waltz, of course."), "application/json");
  if (number % 17 == 8) return response.set_content("{\"choices\": [{", "application/json");
  response.set_content(completion(content), "application/json");
}

class DataBuild : public testing::Test {
 protected:
  DataBuild() {
    std::string table =
        "surname\tfirstname\tmusic\tnationality\tbirth\tdeath\tyoutube_title\tyoutube_id\tsimilarity\tpiano_solo_prob\taudio_name\t"
        "audio_duration\tgiant_midi_piano\tsplit\tsurname_in_youtube_title\n";
    for (int i = 0; i < kWorks; ++i) {
      for (int copy = 0; copy < (i < 3 ? 2 : 1); ++copy) {
        const std::string name = fmt::format("Berg, Ada, Dance Op. {}, {}{}", i + 1, "abc"[copy], i);
        midi::write_midi(performance(static_cast<std::uint64_t>(10 * i + copy + 1)), folder() / "midis" / (name + ".mid"));
        table += fmt::format("Berg\tAda\tDance Op. {}\tFrench\t18{}0\tunknown\tDance\t{}\t0.9\t0.8\t{}\t60\t1\ttrain\t1\n", i + 1, i + 1, i,
                             name);
      }
      write_atomically(folder() / "texts" / fmt::format("Dance Op. {} (Berg).txt", i + 1), sentence(i) + "\n");
    }
    table += "Low\tMax\tMissing\tunknown\tunknown\tunknown\t\tx\t\t\t\t\t\t\t0\n";
    write_atomically(folder() / "table.csv", table);
  }

  fs::path folder() const { return folder_.path(); }
  std::vector<std::string> command(const std::string& name, const std::string& data, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {MIDILLAMA_BINARY, "data", name, "--config", "configs/giantmidi/default.yaml"};
    const std::vector<std::string> settings = {"corpus.path=" + (folder() / "midis").string(),
                                               "corpus.metadata=" + (folder() / "table.csv").string(),
                                               "corpus.clip_seconds=8",
                                               "corpus.clips_per_piece=2",
                                               "corpus.valid_fraction=0.2",
                                               "corpus.test_fraction=0.2",
                                               "data.dir=" + (folder() / data).string()};
    for (const auto& setting : settings) arguments.insert(arguments.end(), {"--set", setting});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  ProcessResult run(const std::string& name, const std::string& data, const std::vector<std::string>& more = {}) const {
    return run_process(command(name, data, more));
  }
  // The same, killed after so many seconds unless it is at its end.
  ProcessResult run_killed(double seconds, const std::string& data, const std::vector<std::string>& more = {}) const {
    auto arguments = command("build", data, more);
    arguments.insert(arguments.begin(), {"timeout", "--signal=KILL", fmt::format("{:.3f}", seconds)});
    return run_process(arguments);
  }
  // With texts and a model.
  std::vector<std::string> all_steps(const ScriptedServer& server) const {
    return {"--set", "retrieval.endpoint=" + (folder() / "texts").string(),  //
            "--set", "chat.endpoint=" + server.url() + "/v1",                //
            "--set", "chat.api_key_env=",                                    //
            "--set", "chat.tries_for_an_answer=20"};
  }
  std::vector<Json> lines(const fs::path& file) const {
    std::vector<Json> rows;
    for_each_json_line(folder() / file, [&](const Json& row, std::size_t) { rows.push_back(row); });
    return rows;
  }
  // All files of a folder. What a call took, and when, is in no two runs the same.
  Files content(const std::string& data) const {
    Files files;
    for (const auto& entry : fs::recursive_directory_iterator(folder() / data)) {
      if (!entry.is_regular_file() || entry.path().filename() == "requests.jsonl") continue;
      files[entry.path().lexically_relative(folder() / data).string()] = read_binary(entry.path());
    }
    return files;
  }
  // What is in `folder()`, hidden files too.
  std::set<std::string> names() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder())) names.insert(entry.path().filename().string());
    return names;
  }

 private:
  TemporaryDirectory folder_;
};

TEST_F(DataBuild, MakesADatasetOfACollection) {
  const ProcessResult imported = run("import", "data");
  ASSERT_EQ(imported.status, 0) << imported.error_output;
  std::string annotations;
  std::set<std::string> works;
  for (const auto& piece : lines("data/pieces.jsonl")) {
    if (!works.insert(piece.at("work")).second) continue;
    const OrderedJson genre = {{"value", "waltz"}, {"evidence", "It is a waltz."}, {"url", "file:///texts/a.txt"}};
    annotations += json_line({{"work", piece.at("work")}, {"status", "annotated"}, {"fields", {{"genre", genre}}}});
  }
  EXPECT_EQ(works.size(), static_cast<std::size_t>(kWorks));
  write_atomically(folder() / "data/annotations.jsonl", annotations);

  const ProcessResult built = run("build", "data");
  ASSERT_EQ(built.status, 0) << built.error_output;
  EXPECT_THAT(built.output, AllOf(HasSubstr("12 pieces kept of 12 read"), HasSubstr("  waltz"), Not(HasSubstr("\ntempo"))));
  EXPECT_EQ(run("check", "data").status, 0);
  EXPECT_EQ(read_text(folder() / "data/annotations.jsonl"), annotations);
  std::map<std::string, std::set<std::string>> sides;  // by work
  for (const auto& piece : lines("data/facts.jsonl")) sides[piece.at("work")].insert(piece.at("split"));
  for (const auto& [work, splits] : sides) EXPECT_EQ(splits.size(), 1u) << work;

  const auto before = content("data");
  const ProcessResult again = run("build", "data");
  EXPECT_EQ(again.status, 0) << again.error_output;
  EXPECT_THAT(again.error_output, HasSubstr("nothing to do"));
  EXPECT_EQ(again.output, built.output);
  const ProcessResult other = run("build", "data", {"--set", "corpus.clips_per_piece=1"});
  EXPECT_EQ(other.status, 1);
  EXPECT_THAT(other.error_output, HasSubstr("--overwrite builds it again"));
  EXPECT_EQ(content("data"), before);
  EXPECT_EQ(run("build", "data", {"--set", "corpus.clips_per_piece=1", "--overwrite"}).status, 0);
  EXPECT_EQ(lines("data/clips.jsonl").size(), 12u);
  EXPECT_EQ(read_text(folder() / "data/annotations.jsonl"), annotations);
}

TEST_F(DataBuild, ItsStepsAreCommandsOfTheirOwn) {
  ASSERT_EQ(run("build", "whole").status, 0);
  const ProcessResult early = run("write", "steps");
  EXPECT_EQ(early.status, 1);
  EXPECT_THAT(early.error_output, HasSubstr("`midillama data import` makes it"));
  EXPECT_THAT(run("features", "steps").error_output, HasSubstr("`midillama data import` makes it"));
  EXPECT_EQ(run("import", "steps").status, 0);
  const ProcessResult features = run("features", "steps");
  EXPECT_THAT(features.output, testing::ContainsRegex("timing constant +12\n"));
  EXPECT_THAT(run("features", "steps").error_output, HasSubstr("nothing to do"));
  EXPECT_THAT(run("features", "steps", {"--estimate-beats", "--overwrite"}).output, testing::ContainsRegex("timing estimated +12\n"));
  EXPECT_EQ(run("features", "steps", {"--overwrite"}).status, 0);
  EXPECT_THAT(run("write", "steps").error_output, HasSubstr("`midillama data segment` makes it"));
  const ProcessResult segmented = run("segment", "steps");
  EXPECT_THAT(segmented.output, testing::ContainsRegex("clips +24\n.* seconds of the kept pieces are in clips"));
  EXPECT_EQ(run("write", "steps").status, 0);
  EXPECT_EQ(content("steps"), content("whole"));
  const ProcessResult other = run("segment", "steps", {"--set", "corpus.clips_per_piece=1"});
  EXPECT_EQ(other.status, 1);
  EXPECT_THAT(other.error_output, HasSubstr("a dataset of other clips"));
  EXPECT_EQ(content("steps"), content("whole"));
  EXPECT_EQ(run_process({MIDILLAMA_BINARY, "data", "segment"}).status, 2) << "ABC tunes have no steps";
}

TEST_F(DataBuild, RunsAllStepsWithTextsAndAModel) {
  std::atomic<int> asked = 0;
  const ScriptedServer server([&](std::size_t, const httplib::Request& request, httplib::Response& response) {
    ++asked;
    answer(request, response);
  });
  const std::vector<std::string> settings = all_steps(server);
  const ProcessResult built = run("build", "data", settings);
  ASSERT_EQ(built.status, 0) << built.error_output;
  const int calls = kWorks + kWorks / 3;
  EXPECT_EQ(asked, calls) << "every third work is asked about twice";
  EXPECT_EQ(run("check", "data").status, 0);
  for (const auto& piece : lines("data/facts.jsonl")) {
    const auto& facts = piece.at("facts");
    EXPECT_EQ(facts.at("genre").at("value"), "waltz");
    EXPECT_THAT(facts.at("genre").at("evidence").get<std::string>(), HasSubstr("by Ada Berg is a waltz"));
    EXPECT_THAT(facts.at("genre").at("url").get<std::string>(), HasSubstr("file://"));
    EXPECT_EQ(facts.at("perceived emotion").at("value"), "calm");
    EXPECT_FALSE(facts.contains("style"));
  }
  EXPECT_THAT(run("build", "data", settings).error_output, HasSubstr("nothing to do"));
  std::vector<std::string> again = settings;
  again.push_back("--overwrite");
  EXPECT_EQ(run("build", "data", again).status, 0);
  EXPECT_EQ(asked, calls) << "nothing is asked again";
}

TEST_F(DataBuild, WhereWorksCannotBeLookedUpItSaysHowToGoOnWithoutThem) {
  const ScriptedServer server([](std::size_t, const httplib::Request& request, httplib::Response& response) {
    response.status = request.path == "/robots.txt" ? 404 : 429;
    response.set_header("Retry-After", "3600");
  });
  const std::vector<std::string> wiki = {"--set", "retrieval.endpoint=" + server.url() + "/w/api.php",  //
                                         "--set", "retrieval.contact=tests@example.org",                //
                                         "--set", "retrieval.seconds_between_requests=0"};
  const ProcessResult built = run("build", "data", wiki);
  EXPECT_EQ(built.status, 1);
  EXPECT_THAT(built.error_output,
              AllOf(HasSubstr(fmt::format("{0} of {0} works were not looked up:\n  {0}: {1}: status 429", kWorks, server.url())),
                    HasSubstr("--set 'retrieval.endpoint=[]'")));
  std::vector<std::string> without = wiki;
  without.insert(without.end(), {"--set", "retrieval.endpoint=[]"});
  const ProcessResult gone_on = run("build", "data", without);
  EXPECT_EQ(gone_on.status, 0) << gone_on.error_output;
  EXPECT_EQ(run("check", "data").status, 0);
}

TEST_F(DataBuild, AReplayNeedsNoServerAndGivesTheSame) {
  std::vector<std::string> settings;
  {
    const ScriptedServer server(
        [](std::size_t, const httplib::Request& request, httplib::Response& response) { answer(request, response); });
    settings = all_steps(server);
    ASSERT_EQ(run("build", "data", settings).status, 0);
  }
  fs::create_directory(folder() / "again");
  fs::copy_file(folder() / "data/requests.jsonl", folder() / "again/requests.jsonl");
  settings.insert(settings.end(), {"--set", "chat.replay=true"});
  const ProcessResult replayed = run("build", "again", settings);
  EXPECT_EQ(replayed.status, 0) << replayed.error_output;
  EXPECT_EQ(content("again"), content("data"));
}

TEST_F(DataBuild, AModelWritesTheQuestions) {
  std::atomic<int> asked = 0;
  const ScriptedServer server([&](std::size_t, const httplib::Request& request, httplib::Response& response) {
    ++asked;
    answer(request, response);
  });
  std::vector<std::string> settings = all_steps(server);
  ASSERT_EQ(run("build", "data", settings).status, 0);
  asked = 0;
  EXPECT_EQ(run("write", "data", {"--estimate"}).status, 2) << "the templates ask nobody";
  settings.insert(settings.end(), {"--set", "writing.by=model", "--set", "writing.held_out_fraction=0"});
  const auto with = [&](const std::vector<std::string>& more) {
    auto all = settings;
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  EXPECT_THAT(run("write", "data", with({"--estimate"})).output, HasSubstr("24 calls: about "));
  const std::string batch = (folder() / "batch.jsonl").string();
  EXPECT_THAT(run("write", "data", with({"--batch", batch})).output, HasSubstr("batch.jsonl\n24 calls"));
  EXPECT_EQ(lines("batch.jsonl").size(), 24u);
  EXPECT_THAT(run("write", "data", settings).error_output, HasSubstr("other settings")) << "a dataset is there";
  EXPECT_EQ(asked, 0);
  const ProcessResult written = run("write", "data", with({"--overwrite"}));
  ASSERT_EQ(written.status, 0) << written.error_output;
  EXPECT_EQ(asked, 24);
  EXPECT_THAT(written.error_output, HasSubstr("24 calls answered, 0 from the log"));
  for (const auto& question : lines("data/train.jsonl")) {
    if (question.at("task") == "qa") {
      EXPECT_THAT(question.at("question").get<std::string>(), HasSubstr("Listen well"));
    }
  }
  EXPECT_EQ(run("check", "data").status, 0);
  const auto before = content("data");
  EXPECT_EQ(run("write", "data", with({"--overwrite", "--replay", "--set", "chat.endpoint="})).status, 0);
  EXPECT_EQ(content("data"), before);
  EXPECT_EQ(asked, 24);
  EXPECT_THAT(run("write", "data", with({"--estimate"})).output, HasSubstr("0 calls: "));
}

TEST_F(DataBuild, AgreementOfReviewersIsTheirCommonFields) {
  const auto file = [&](const std::string& reviewer, const Json& judgments) {
    Json rows = Json::array();
    for (const auto& [work, judgment] : judgments.items())
      rows.push_back({{"work", work}, {"field", "genre"}, {"judgment", judgment}, {"note", ""}});
    write_atomically(folder() / (reviewer + ".json"), Json({{"sample", "s"}, {"reviewer", reviewer}, {"judgments", rows}}).dump());
    return (folder() / (reviewer + ".json")).string();
  };
  const auto anna = file("Anna", {{"1", "accept"}, {"2", "accept"}});
  const auto line = [&](const std::string& other) {
    const auto scored = run_process({MIDILLAMA_BINARY, "data", "review", "score", anna, other});
    EXPECT_EQ(scored.status, 0) << scored.error_output;
    const auto begin = scored.output.find("Anna and ");
    return scored.output.substr(begin, scored.output.find('\n', begin) - begin);
  };
  EXPECT_EQ(line(file("Ben", {{"3", "accept"}})), "Anna and Ben: 0 fields judged by both, Cohen's kappa not defined");
  EXPECT_EQ(line(file("Cleo", {{"1", "accept"}, {"2", "accept"}})),
            "Anna and Cleo: 2 fields judged by both, Cohen's kappa not defined: both gave one judgment throughout");
  EXPECT_EQ(line(file("Dora", {{"1", "accept"}, {"2", "reject"}})), "Anna and Dora: 2 fields judged by both, Cohen's kappa 0.000");
}

TEST_F(DataBuild, StatisticsAsPlots) {
  ASSERT_EQ(run("build", "data").status, 0);
  const std::string plots = (folder() / "plots").string();
  const ProcessResult stats = run("stats", "data", {"--svg", plots, "--json"});
  ASSERT_EQ(stats.status, 0) << stats.error_output;
  EXPECT_EQ(Json::parse(stats.output).at("texts").at("unit"), "words");
  EXPECT_THAT(read_text(folder() / "plots/lengths-questions.svg"), HasSubstr("<title>questions by their words</title>"));
}

TEST_F(DataBuild, WithoutTextsTheWorksAreNotAnnotated) {
  const ProcessResult built = run("build", "data", {"--set", "chat.endpoint=http://127.0.0.1:9/v1"});
  EXPECT_EQ(built.status, 0) << built.error_output;
  EXPECT_THAT(built.error_output, HasSubstr("the works are not annotated"));
}

// Killed again and again at random moments, until it is through.
TEST_F(DataBuild, KilledAtAnyMomentItMakesTheSame) {
  const ScriptedServer server(answer_badly);
  std::vector<std::string> settings = all_steps(server);
  settings.insert(settings.end(), {"--set", "writing.by=model"});
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_EQ(run("build", "undisturbed", settings).status, 0);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  Random random(7);
  std::size_t killed = 0;
  for (int i = 0; i < 20; ++i) {
    const ProcessResult result = run_killed(seconds * random.uniform(), "data", settings);
    killed += result.status == kKilled ? 1 : 0;
    if (result.status == 0) {
      EXPECT_EQ(content("data"), content("undisturbed"));
      fs::remove_all(folder() / "data");
    } else {
      EXPECT_EQ(result.status, kKilled) << result.error_output;
    }
  }
  EXPECT_GE(killed, 10u);
  EXPECT_EQ(run("build", "data", settings).status, 0);
  EXPECT_EQ(content("data"), content("undisturbed"));
  std::set<std::string> answered;  // keys of the log
  for (const auto& line : lines("data/requests.jsonl")) {
    const std::string key = line.at("key");
    EXPECT_FALSE(answered.contains(key)) << "a call that was answered was made again";
    const Json& response = line.at("response");
    const bool is_whole = line.at("status") == 200 && response.is_object() && response.at("choices")[0].at("finish_reason") == "stop";
    if (is_whole && Json::accept(response.at("choices")[0].at("message").at("content").get<std::string>())) answered.insert(key);
  }
  EXPECT_EQ(answered.size(), kWorks + kWorks / 3 + lines("data/clips.jsonl").size());
  EXPECT_EQ(names(), (std::set<std::string>{"data", "midis", "table.csv", "texts", "undisturbed"})) << "nothing else stays";
}

TEST_F(DataBuild, KilledWhileItReplacesADatasetItLeavesTheOldOneOrTheNew) {
  const std::vector<std::string> other = {"--set", "corpus.clips_per_piece=1", "--overwrite"};
  ASSERT_EQ(run("build", "data").status, 0);
  const auto old_one = content("data");
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_EQ(run("build", "new", other).status, 0);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const auto new_one = content("new");
  Random random(8);
  for (int i = 0; i < 20; ++i) {
    run_killed(seconds * random.uniform(), "data", other);
    const auto found = content("data");
    ASSERT_TRUE(found == old_one || found == new_one) << "run " << i;
    if (found == old_one) continue;
    ASSERT_EQ(run("build", "data", {"--overwrite"}).status, 0);
  }
  ASSERT_EQ(run("build", "data", other).status, 0);
  EXPECT_EQ(content("data"), new_one);
}

}  // namespace
}  // namespace midillama
