#include "midillama/compose/compose_pieces.h"

#include "midillama/compose/answer.h"
#include "midillama/compose/score.h"
#include "midillama/compose/statistics.h"
#include "midillama/midi/file.h"
#include "midillama/pieces/piece_sets.h"
#include "support/binary.h"
#include "support/error_of.h"
#include "support/scripted_server.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <functional>
#include <map>
#include <set>

namespace midillama::compose {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing_support::error_of;
using testing_support::ScriptedServer;

constexpr std::size_t kPieces = 2 * 2 * 3;

std::string completion(const std::string& content, const std::string& finish = "stop") {
  const Json message = {{"role", "assistant"}, {"content", content}};
  return Json({{"choices", {{{"index", 0}, {"message", message}, {"finish_reason", finish}}}},
               {"usage", {{"prompt_tokens", 100}, {"completion_tokens", 10}}}})
      .dump();
}

// Four tracks that the request's seed decides.
std::string piece_for(const Json& request) {
  const int low = 40 + request.at("seed").get<std::int64_t>() % 40;
  return fmt::format(
      R"({{"melody":[[{0},480,80,0],[{1},240,80,480]],"chords":[[48,960,70,0],[52,960,70,0]],"bass":[[{2},960,90,0]],"rhythm":[[35,240,99,0],[42,240,9,240]]}})",
      low, low + 2, low - 12);
}

void answer_well(const httplib::Request& request, httplib::Response& response) {
  response.set_content(completion(piece_for(Json::parse(request.body))), "application/json");
}

class ComposePieces : public testing::Test {
 protected:
  config::Config settings(const std::string& server) const {
    config::Config config;
    config.run.seed = 7;
    config.compose.genres = {"Jazz", "New Age"};
    config.compose.styles = {"Dance", "Punk"};
    config.compose.pieces = 3;
    config.compose.bars = 2;
    config.compose.melody_notes = config.compose.chord_notes = config.compose.rhythm_notes = 2;
    config.compose.bass_notes = 1;
    config.compose.structured = false;
    config.chat.endpoint = server + "/v1";
    config.chat.model = "m";
    config.chat.api_key_env = "";
    config.chat.tries_for_an_answer = 1;
    return config;
  }

  // Bytes by name, of all but the log, which has times.
  static std::map<std::string, std::string> files(const fs::path& folder) {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      const std::string name = entry.path().lexically_relative(folder).string();
      if (entry.is_regular_file() && name != "requests.jsonl") all[name] = read_binary(entry.path());
    }
    return all;
  }

  static std::vector<Json> rows(const fs::path& file) {
    std::vector<Json> all;
    for_each_json_line(file, [&](const Json& row, std::size_t) { all.push_back(row); });
    return all;
  }

  TemporaryDirectory folder;
};

TEST_F(ComposePieces, EveryCombinationIsWrittenAndIsAPieceSet) {
  ScriptedServer server([](std::size_t, const auto& request, auto& response) { answer_well(request, response); });
  const ComposeReport report = compose_pieces(settings(server.url()), folder.path(), nullptr);
  EXPECT_EQ(report.statistics["files"]["written"], kPieces);
  EXPECT_EQ(report.statistics["notes"]["all"], kPieces * 7);
  EXPECT_EQ(report.statistics["answers"]["valid_share"], 1.0);
  EXPECT_EQ(report.calls.calls, static_cast<std::int64_t>(kPieces));

  const auto written = rows(folder.path() / "pieces.jsonl");
  ASSERT_EQ(written.size(), kPieces);
  EXPECT_EQ(written[3]["piece"], "Jazz_Punk-001");
  EXPECT_EQ(written[11]["file"], "midi/New_Age_Punk/003.mid");
  EXPECT_EQ(written[11]["labels"], (Json{{"genre", "New Age"}, {"style", "Punk"}, {"mood", written[11]["mood"]}}));
  EXPECT_DOUBLE_EQ(written[2]["parameters"]["temperature"].get<double>(), 0.68);
  EXPECT_THAT(written[0]["prompt"].get<std::string>(),
              HasSubstr("a Jazz song in Dance style, " + written[0]["mood"].get<std::string>() + " in mood"));
  std::set<std::int64_t> seeds;
  for (const Json& row : written) {
    seeds.insert(row["parameters"]["seed"].get<std::int64_t>());
    const Tracks back = from_score(midi::read_midi(folder.path() / row["file"].get<std::string>()));
    EXPECT_EQ(Json(to_json(back)), row["json"]);
  }
  EXPECT_EQ(seeds.size(), kPieces);

  const auto pieces = pieces::read_pieces({folder.path().string()}, "");
  ASSERT_EQ(pieces.size(), kPieces);
  EXPECT_EQ(pieces[11].values("genre"), (std::vector<std::string>{"New Age"}));
}

TEST_F(ComposePieces, RequestsCarryTheFormAndTheSampling) {
  ScriptedServer server([](std::size_t, const auto& request, auto& response) { answer_well(request, response); });
  config::Config config = settings(server.url());
  config.compose.structured = true;
  compose_pieces(config, folder.path(), nullptr);
  const Json request = Json::parse(server.bodies().front());
  EXPECT_EQ(request["top_p"], 0.9);
  EXPECT_EQ(request["max_tokens"], 1200);
  EXPECT_EQ(Json(request["response_format"]["json_schema"]["schema"]), Json(schema_of(form_of(config.compose))));
}

TEST_F(ComposePieces, TheVocabularySaysUnderWhichLabelsItsNamesAre) {
  ScriptedServer server([](std::size_t, const auto& request, auto& response) { answer_well(request, response); });
  config::Config config = settings(server.url());
  config.compose.vocabulary = "folk";
  config.compose.genres = {"slip jig"};
  config.compose.styles = {"lively"};
  compose_pieces(config, folder.path(), nullptr);
  const Json row = rows(folder.path() / "pieces.jsonl").front();
  EXPECT_EQ(row["labels"], (Json{{"dance", "slip jig"}, {"style", "lively"}, {"mood", row["mood"]}}));
  EXPECT_EQ(row["file"], "midi/slip_jig_lively/001.mid");
}

TEST_F(ComposePieces, MoreOfThemAskForTheNewOnesOnly) {
  ScriptedServer server([](std::size_t, const auto& request, auto& response) { answer_well(request, response); });
  config::Config config = settings(server.url());
  config.compose.pieces = 1;
  compose_pieces(config, folder.path(), nullptr);
  const auto first = rows(folder.path() / "pieces.jsonl");
  config.compose.pieces = 3;
  compose_pieces(config, folder.path(), nullptr);
  EXPECT_EQ(server.bodies().size(), kPieces);
  EXPECT_EQ(rows(folder.path() / "pieces.jsonl")[3]["json"], first[1]["json"]);
  config.compose.genres = {"Jazz"};
  config.compose.writer = "compatible";  // asks for other pieces: half as long
  compose_pieces(config, folder.path(), nullptr, /*overwrite=*/true);
  EXPECT_EQ(server.bodies().size(), kPieces + 6);
  EXPECT_FALSE(fs::exists(folder.path() / "midi/New_Age_Punk")) << "what is no longer asked for goes";
}

TEST_F(ComposePieces, OtherSettingsAreNamedAndReplaceNothing) {
  ScriptedServer server([](std::size_t, const auto& request, auto& response) { answer_well(request, response); });
  compose_pieces(settings(server.url()), folder.path(), nullptr);
  const auto before = files(folder.path());
  const auto refusal = [&](const std::function<void(config::Config&)>& change) {
    config::Config config = settings(server.url());
    change(config);
    return error_of([&] { compose_pieces(config, folder.path(), nullptr); });
  };
  EXPECT_THAT(refusal([](auto& config) { config.compose.pieces = 2, config.run.seed = 9; }),
              HasSubstr("pieces.jsonl: was made with other settings (seed: 7, now 9; compose.pieces: 3, now 2): --overwrite replaces it"));
  EXPECT_THAT(refusal([](auto& config) { config.compose.temperature = 0.3; }), HasSubstr("compose.temperature: "));
  EXPECT_THAT(refusal([](auto& config) { config.compose.genres = {"Jazz"}; }),
              HasSubstr(R"((compose.genres: ["Jazz","New Age"], now ["Jazz"]))"));
  EXPECT_THAT(refusal([](auto& config) { config.chat.model = "n"; }), HasSubstr(R"((model: "m", now "n"))"));
  EXPECT_EQ(files(folder.path()), before);
  EXPECT_EQ(server.bodies().size(), kPieces) << "nothing is asked";
  EXPECT_EQ(refusal([](auto& config) { config.compose.styles.clear(), config.compose.tries = 5; }), "no error") << "more of them";
}

TEST_F(ComposePieces, WhereverItStopsTheFilesAreTheSameAndNothingIsAskedTwice) {
  std::map<std::string, std::string> undisturbed;
  {
    ScriptedServer server([](std::size_t, const auto& request, auto& response) { answer_well(request, response); });
    compose_pieces(settings(server.url()), folder.path(), nullptr);
    undisturbed = files(folder.path());
  }
  for (std::size_t stop_at = 0; stop_at < 8; ++stop_at) {
    TemporaryDirectory again;
    std::atomic<std::size_t> requests = 0;
    ScriptedServer server([&](std::size_t number, const auto& request, auto& response) {
      ++requests;
      response.set_header("Retry-After", "0");
      if (number % 4 == 1) return void(response.status = 503);
      answer_well(request, response);
    });
    for (std::size_t runs = 1;; ++runs) {
      ASSERT_LT(runs, 60u);
      try {
        compose_pieces(settings(server.url()), again.path(), [&] { return requests >= stop_at * runs + runs; });
        break;
      } catch (const net::Stopped&) {
        EXPECT_FALSE(fs::exists(again.path() / "pieces.jsonl"));
      }
    }
    EXPECT_EQ(files(again.path()), undisturbed) << stop_at;
  }
}

TEST_F(ComposePieces, TheLogAloneGivesTheSameFiles) {
  config::Config config;
  {
    ScriptedServer server([](std::size_t, const auto& request, auto& response) { answer_well(request, response); });
    config = settings(server.url());
    compose_pieces(config, folder.path(), nullptr);
  }
  const auto before = files(folder.path());
  EXPECT_TRUE(waiting_requests(config, folder.path()).empty());
  config.chat.replay = true;
  compose_pieces(config, folder.path(), nullptr);
  EXPECT_EQ(files(folder.path()), before);
  config.run.seed = 8;
  EXPECT_EQ(waiting_requests(config, folder.path(), /*overwrite=*/true).size(), kPieces);
  EXPECT_THAT(error_of([&] { waiting_requests(config, folder.path()); }), HasSubstr("seed: 7, now 8")) << "none for what would be refused";
  EXPECT_THAT(error_of([&] { compose_pieces(config, folder.path(), nullptr, /*overwrite=*/true); }), HasSubstr("this call was never made"));
}

// An answer, and what the statistics say of it: of the first of a piece, before a good one.
struct WrongAnswer {
  std::function<void(const std::string& good, httplib::Response& response)> give;
  std::string forgiven = {}, repaired = {}, problem = {};
};

void give(httplib::Response& response, const std::string& content, const std::string& finish = "stop") {
  response.set_content(completion(content, finish), "application/json");
}

std::string with(std::string good, const std::string& from, const std::string& to) {
  return good.replace(good.find(from), from.size(), to);
}

std::string as_python(std::string good) {
  for (char& c : good) c = c == '"' ? '\'' : c;
  std::string text;
  int depth = 0;
  for (const char c : good) {
    depth += c == '[' ? 1 : 0;
    text += depth == 2 && c == '[' ? '(' : depth == 2 && c == ']' ? ')' : c;
    depth -= c == ']' ? 1 : 0;
  }
  return text;
}

const std::vector<WrongAnswer>& wrong_answers() {
  static const std::vector<WrongAnswer> answers = {
      {[](const auto& good, auto& r) { give(r, "```json\n" + good + "\n```"); }, "a block of code"},
      {[](const auto& good, auto& r) { give(r, as_python(good)); }, "tuples"},
      {[](const auto& good, auto& r) { give(r, "Of course: " + good); }, "words before the JSON"},
      {[](const auto& good, auto& r) { give(r, good.substr(0, good.size() - 3), "length"); }, "an end that is missing"},
      {[](const auto& good, auto& r) { give(r, with(good, "rhythm", "drums")); }, "tracks by other names"},
      {[](const auto& good, auto& r) { give(r, with(good, "[48,960,", "[148,960,")); }, "", "pitches outside 0 to 127"},
      {[](const auto& good, auto& r) { give(r, with(good, "[35,", "[36,")); }, "", "other drums"},
      {[](const auto& good, auto& r) { give(r, with(good, "240,9,240]", "240,9,4000]")); }, "", "starts outside the piece"},
      {[](const auto& good, auto& r) { give(r, with(good, "\"bass\"", "\"vocals\"")); }, "", "", "the track \"bass\" is missing"},
      {[](const auto&, auto& r) { give(r, "I am sorry, I cannot write music."); }, "", "", "there is no object in the answer"},
      {[](const auto&, auto& r) { give(r, " "); }, "", "", "the answer is empty"},
      {[](const auto&, auto& r) { r.status = 400; }, "", "", "status 400: no reason was given"},
  };
  return answers;
}

TEST_F(ComposePieces, OfAnswersInEveryWrongWayNothingIsLostAndEveryFailureHasItsReason) {
  ASSERT_EQ(wrong_answers().size(), kPieces);
  std::map<std::string, std::size_t> of_prompt;  // the wrong way of a piece's first answer, by prompt and temperature
  ScriptedServer server([&](std::size_t, const auto& request, auto& response) {
    const Json body = Json::parse(request.body);
    const std::string piece = body["messages"][1]["content"].template get<std::string>() + body["temperature"].dump();
    const auto [way, is_first] = of_prompt.emplace(piece, of_prompt.size());
    if (!is_first) return answer_well(request, response);
    wrong_answers()[way->second].give(piece_for(body), response);
  });
  config::Config config = settings(server.url());
  config.chat.max_parallel = 1;
  const ComposeReport report = compose_pieces(config, folder.path(), nullptr);
  EXPECT_EQ(report.statistics["files"]["written"], kPieces);
  EXPECT_EQ(report.statistics["answers"]["all"], kPieces + 4);
  for (const WrongAnswer& answer : wrong_answers()) {
    if (!answer.forgiven.empty()) {
      EXPECT_TRUE(report.statistics["forgiven"].contains(answer.forgiven)) << answer.forgiven;
    }
    if (!answer.repaired.empty()) {
      EXPECT_EQ(report.statistics["repaired"][answer.repaired], 1) << answer.repaired;
    }
    if (!answer.problem.empty()) {
      EXPECT_EQ(report.statistics["problems"][answer.problem], 1) << answer.problem;
    }
  }
  std::size_t again = 0;
  for (const Json& row : rows(folder.path() / "pieces.jsonl")) {
    again += row["attempts"].size() - 1;
    if (row["attempts"].size() > 1) {
      EXPECT_FALSE(row["attempts"][0]["problem"].get<std::string>().empty());
    }
  }
  EXPECT_EQ(again, 4u);
  EXPECT_EQ(rows(folder.path() / "requests.jsonl").size(), kPieces + 4) << "every answer is kept";

  const auto before = files(folder.path());
  compose_pieces(config, folder.path(), nullptr);
  EXPECT_EQ(server.bodies().size(), kPieces + 4) << "what failed is not asked for again where a later try was answered";
  EXPECT_EQ(files(folder.path()), before);
}

TEST_F(ComposePieces, WhatTheClientAskedAgainAndTookOffIsCountedToo) {
  ScriptedServer server([](std::size_t number, const auto& request, auto& response) {
    const std::string good = piece_for(Json::parse(request.body));
    if (number == 0) return give(response, "Sorry, let me think about that.");
    if (number == 1) return give(response, good.substr(0, 30), "length");
    if (number == 2) return give(response, "<think>A jig?</think>\n```json\n" + good + "\n```");
    give(response, good);
  });
  config::Config config = settings(server.url());
  config.compose.structured = true;
  config.chat.tries_for_an_answer = 3;
  config.chat.max_parallel = 1;
  const OrderedJson statistics = compose_pieces(config, folder.path(), nullptr).statistics;
  EXPECT_EQ(statistics["answers"]["all"], kPieces + 2);
  EXPECT_DOUBLE_EQ(statistics["answers"]["valid_at_once_share"].get<double>(), 11.0 / 12);
  EXPECT_EQ(statistics["problems"], (OrderedJson{{"the answer is not JSON", 1}, {"the answer was cut at 1200 tokens", 1}}));
  EXPECT_EQ(statistics["forgiven"], (OrderedJson{{"a block of code", 1}, {"thoughts before the answer", 1}}));
  const auto before = files(folder.path());
  const ComposeReport again = compose_pieces(config, folder.path(), nullptr);
  EXPECT_EQ(files(folder.path()), before) << "the log says the same";
  EXPECT_EQ(again.calls.from_log, static_cast<std::int64_t>(kPieces));
}

TEST_F(ComposePieces, APieceThatNoTryGivesIsListedWithItsReasons) {
  ScriptedServer server([](std::size_t, const auto& request, auto& response) {
    if (request.body.find("New Age song in Punk") != std::string::npos) return give(response, "{}");
    answer_well(request, response);
  });
  config::Config config = settings(server.url());
  config.compose.tries = 2;
  EXPECT_EQ(compose_pieces(config, folder.path(), nullptr).statistics["files"]["failed"], 3u);
  const auto failed = rows(folder.path() / "failed.jsonl");
  ASSERT_EQ(failed.size(), 3u);
  EXPECT_EQ(failed[0]["piece"], "New_Age_Punk-001");
  EXPECT_EQ(failed[0]["attempts"].size(), 2u);
  EXPECT_EQ(failed[0]["attempts"][1]["problem"], "the track \"melody\" is missing");
  EXPECT_EQ(rows(folder.path() / "pieces.jsonl").size(), kPieces - 3);
}

TEST_F(ComposePieces, ACallThatAlwaysFailsCostsItsPieceAloneAlsoWhereItIsTheFirst) {
  bool is_mended = false;
  ScriptedServer server([&](std::size_t, const auto& request, auto& response) {
    response.set_header("Retry-After", "0");
    if (!is_mended && request.body.find("a Jazz song") != std::string::npos) return void(response.status = 500);
    answer_well(request, response);
  });
  config::Config config = settings(server.url());
  config.compose.pieces = 6;  // of each combination: the calls of the first twelve pieces fail
  config.compose.tries = config.chat.tries = 2;
  config.chat.max_parallel = 1;
  EXPECT_EQ(compose_pieces(config, folder.path(), nullptr).statistics["files"]["failed"], 12u);
  const auto failed = rows(folder.path() / "failed.jsonl");
  ASSERT_EQ(failed.size(), 12u);
  EXPECT_EQ(failed[0]["attempts"][1]["problem"], "status 500: no reason was given");
  EXPECT_EQ(rows(folder.path() / "pieces.jsonl").size(), 12u);
  is_mended = true;
  EXPECT_EQ(compose_pieces(config, folder.path(), nullptr).statistics["files"]["failed"], 0u) << "the same command goes on";
}

TEST_F(ComposePieces, WhereNotOneIsWrittenItSaysWhy) {
  ScriptedServer server([](std::size_t, const auto&, auto& response) { give(response, "la la la"); });
  EXPECT_THAT(error_of([&] { compose_pieces(settings(server.url()), folder.path(), nullptr); }),
              HasSubstr("failed.jsonl: not one of 12 pieces was written, the last since there is no object in the answer"));
  EXPECT_FALSE(fs::exists(folder.path() / "pieces.jsonl"));
  EXPECT_EQ(rows(folder.path() / "failed.jsonl").size(), kPieces);
}

TEST_F(ComposePieces, NearDuplicatesAreOneWork) {
  ScriptedServer server([](std::size_t, const auto&, auto& response) { give(response, piece_for(Json{{"seed", 3}})); });
  const ComposeReport report = compose_pieces(settings(server.url()), folder.path(), nullptr);
  EXPECT_EQ(report.statistics["novelty"]["repeated"], kPieces - 1);
  for (const Json& row : rows(folder.path() / "pieces.jsonl")) EXPECT_EQ(row["work"], "Jazz_Dance-001");
  EXPECT_THAT(statistics_text(report.statistics), HasSubstr("66 pairs of near-duplicates"));
}

TEST_F(ComposePieces, AnotherProgramsPiecesAndMusicAreLeftAlone) {
  const auto refusal = [&] { return error_of([&] { compose_pieces(settings("http://127.0.0.1:1"), folder.path(), nullptr); }); };
  write_atomically(folder.path() / "pieces.jsonl", "{}\n");
  EXPECT_THAT(refusal(), HasSubstr("pieces.jsonl: was not made by `midillama compose`"));
  fs::remove(folder.path() / "pieces.jsonl");
  write_atomically(folder.path() / "midi/mine.mid", "mine");
  EXPECT_THAT(refusal(), HasSubstr("midi: was not made by `midillama compose`"));
  EXPECT_TRUE(fs::exists(folder.path() / "midi/mine.mid"));
}

TEST_F(ComposePieces, AnEditedVocabularyIsOtherSettings) {
  ScriptedServer server([](std::size_t, const auto& request, auto& response) { answer_well(request, response); });
  config::Config config = settings(server.url());
  config.compose.vocabulary = (folder.path() / "voc.yaml").string();
  config.compose.genres.clear();
  config.compose.styles.clear();
  const auto compose_with = [&](const std::string& genres, const std::string& piece) {
    write_atomically(config.compose.vocabulary, fmt::format("piece: {}\ngenres: [{}]\nstyles: [Dance]\nmoods: [sad]\n", piece, genres));
    return error_of([&] { compose_pieces(config, folder.path() / "set", nullptr); });
  };
  EXPECT_EQ(compose_with("Jazz", "a {genre} song, {style}"), "no error");
  const auto before = files(folder.path() / "set");
  EXPECT_THAT(compose_with("Jazz", "a {genre} tune, {style}"),
              HasSubstr(R"((vocabulary.piece: "a {genre} song, {style}", now "a {genre} tune, {style}"))"));
  EXPECT_THAT(compose_with("Folk", "a {genre} song, {style}"), HasSubstr(R"((vocabulary.genres: ["Jazz"], now ["Folk"]))"));
  EXPECT_EQ(files(folder.path() / "set"), before);
  EXPECT_EQ(compose_with("Folk, Jazz", "a {genre} song, {style}"), "no error") << "one genre more";
  EXPECT_EQ(rows(folder.path() / "set/pieces.jsonl").size(), 6u);
}

TEST_F(ComposePieces, PiecesWhoseAnswersAreGoneStay) {
  ScriptedServer server([](std::size_t, const auto& request, auto& response) { answer_well(request, response); });
  compose_pieces(settings(server.url()), folder.path(), nullptr);
  const auto before = files(folder.path());
  const std::string log = read_binary(folder.path() / "requests.jsonl");
  const auto refusal = [&] { return error_of([&] { compose_pieces(settings(server.url()), folder.path(), nullptr); }); };
  write_atomically(folder.path() / "requests.jsonl", log.substr(log.find('\n') + 1));
  EXPECT_THAT(refusal(), HasSubstr("requests.jsonl: does not give 1 of the 12 pieces that are there"));
  fs::remove(folder.path() / "requests.jsonl");
  EXPECT_THAT(refusal(), HasSubstr("does not give 12 of the 12 pieces"));
  EXPECT_EQ(files(folder.path()), before);
  EXPECT_EQ(server.bodies().size(), kPieces) << "nothing is asked";
  compose_pieces(settings(server.url()), folder.path(), nullptr, /*overwrite=*/true);
  EXPECT_EQ(server.bodies().size(), 2 * kPieces);
}

TEST_F(ComposePieces, WhatOthersPutAmongThemStays) {
  ScriptedServer server([](std::size_t, const auto& request, auto& response) { answer_well(request, response); });
  config::Config config = settings(server.url());
  compose_pieces(config, folder.path(), nullptr);
  write_atomically(folder.path() / "midi/notes.txt", "mine");
  write_atomically(folder.path() / "midi/Jazz_Punk/mine.mid", "mine");
  config.compose.genres = {"Jazz"};
  config.compose.styles = {"Dance"};
  compose_pieces(config, folder.path(), nullptr, /*overwrite=*/true);
  EXPECT_EQ(read_text(folder.path() / "midi/notes.txt"), "mine");
  EXPECT_EQ(read_text(folder.path() / "midi/Jazz_Punk/mine.mid"), "mine");
  EXPECT_FALSE(fs::exists(folder.path() / "midi/Jazz_Punk/001.mid")) << "the program's own go";
}

TEST_F(ComposePieces, WhereNoneOfTheOtherOnesIsWrittenTheOldOnesStayWithTheirReports) {
  std::atomic<bool> is_broken = false;
  ScriptedServer server(
      [&](std::size_t, const auto& request, auto& response) { is_broken ? give(response, "la la la") : answer_well(request, response); });
  config::Config config = settings(server.url());
  compose_pieces(config, folder.path(), nullptr);
  const auto before = files(folder.path());
  is_broken = true;
  config.run.seed = 9;
  EXPECT_THAT(error_of([&] { compose_pieces(config, folder.path(), nullptr, /*overwrite=*/true); }),
              HasSubstr("requests.jsonl: not one of 12 pieces was written, the last since there is no object in the answer"));
  EXPECT_EQ(files(folder.path()), before);
}

TEST_F(ComposePieces, WhatKilledRunsLeftGoes) {
  ScriptedServer server([](std::size_t, const auto& request, auto& response) { answer_well(request, response); });
  for (const char* name : {"pieces.jsonl", "compose.json", "failed.jsonl", "statistics.json"})
    write_atomically(folder.path() / fmt::format("{}.tmp-1-2", name), "half");
  compose_pieces(settings(server.url()), folder.path(), nullptr);
  for (const auto& [name, bytes] : files(folder.path())) EXPECT_THAT(name, testing::Not(HasSubstr(".tmp-")));
}

TEST_F(ComposePieces, PiecesThatTheLogGivesOtherwiseStay) {
  // Every piece at its second try; the first tries' answers go.
  ScriptedServer server([](std::size_t number, const auto& request, auto& response) {
    number % 2 == 0 ? give(response, "I cannot") : answer_well(request, response);
  });
  config::Config config = settings(server.url());
  config.chat.max_parallel = 1;
  compose_pieces(config, folder.path(), nullptr);
  const auto before = files(folder.path());
  std::string kept;
  for_each_line(folder.path() / "requests.jsonl", [&](std::string_view line, std::size_t) {
    if (line.find("I cannot") == std::string_view::npos) kept += std::string(line) + '\n';
  });
  const std::string log = read_binary(folder.path() / "requests.jsonl");
  write_atomically(folder.path() / "requests.jsonl", kept);
  EXPECT_THAT(error_of([&] { compose_pieces(config, folder.path(), nullptr); }), HasSubstr("does not give 12 of the 12 pieces"));
  write_atomically(folder.path() / "requests.jsonl", log);
  // A record that does not say what the vocabulary was.
  OrderedJson record = OrderedJson::parse(read_text(folder.path() / "compose.json"));
  const OrderedJson settings_before = record["made_of"]["settings"];
  for (const auto& [key, value] : settings_before.items())
    if (key.starts_with("vocabulary.")) record["made_of"]["settings"].erase(key);
  write_atomically(folder.path() / "compose.json", record.dump());
  std::string text = "genres: [Jazz, New Age]\nstyles: [Dance, Punk]\nmoods: [sad]\npiece: \"{genre} {style}\"\n";
  write_atomically(folder.path() / "voc.yaml", text);
  record["made_of"]["settings"]["compose.vocabulary"] = (folder.path() / "voc.yaml").string();
  write_atomically(folder.path() / "compose.json", record.dump());
  config.compose.vocabulary = (folder.path() / "voc.yaml").string();
  EXPECT_THAT(error_of([&] { compose_pieces(config, folder.path(), nullptr); }), HasSubstr("asked for in other words"));
  EXPECT_EQ(files(folder.path()).at("pieces.jsonl"), before.at("pieces.jsonl"));
  EXPECT_EQ(server.bodies().size(), 2 * kPieces) << "nothing is asked";
}

TEST_F(ComposePieces, WhatCannotStayAmongThemIsNamedBeforeAnythingIsAsked) {
  ScriptedServer server([](std::size_t, const auto& request, auto& response) { answer_well(request, response); });
  config::Config config = settings(server.url());
  compose_pieces(config, folder.path(), nullptr);
  config.compose.pieces = 4;
  const auto refusal = [&] { return error_of([&] { compose_pieces(config, folder.path(), nullptr); }); };
  const fs::path next = folder.path() / "midi/Jazz_Punk/004.mid";
  write_atomically(next, "mine");
  EXPECT_THAT(refusal(), HasSubstr("004.mid: is not of `midillama compose`, and a piece would take its place: move it away"));
  fs::remove(next);
  fs::create_directory(next);
  EXPECT_THAT(refusal(), HasSubstr("a piece would take its place"));
  fs::remove(next);
  ASSERT_EQ(::mkfifo((folder.path() / "midi/pipe").c_str(), 0600), 0);
  EXPECT_THAT(refusal(), HasSubstr("midi/pipe: is no file that can stay among the pieces: move it away"));
  fs::remove(folder.path() / "midi/pipe");
  EXPECT_EQ(server.bodies().size(), kPieces);
  fs::create_directories(folder.path() / "midi/empty");
  fs::create_symlink("nowhere", folder.path() / "midi/link");
  EXPECT_EQ(refusal(), "no error");
  EXPECT_TRUE(fs::is_directory(folder.path() / "midi/empty"));
  EXPECT_EQ(fs::read_symlink(folder.path() / "midi/link"), "nowhere");
}

TEST_F(ComposePieces, ABatchGoesOnToTheNextSeedAsARunDoes) {
  config::Config config = settings("http://127.0.0.1:1");
  config.compose.structured = true;
  config.compose.genres = {"Jazz"};
  config.compose.styles = {"Punk"};
  config.compose.pieces = 1;
  config.compose.tries = 2;
  std::set<std::string> asked;
  for (int round = 0; round < 4; ++round) {
    const chat::Requests waiting = waiting_requests(config, folder.path());
    if (waiting.empty()) break;
    ASSERT_EQ(waiting.size(), 1u);
    asked.insert(waiting.begin()->first);
    chat::RequestLog(folder.path() / "requests.jsonl")
        .add(
            {.request = OrderedJson::parse(waiting.begin()->second), .response = OrderedJson::parse(completion("no JSON")), .status = 200});
  }
  EXPECT_EQ(asked.size(), 2u) << "a seed each";
  EXPECT_TRUE(waiting_requests(config, folder.path()).empty());
}

}  // namespace
}  // namespace midillama::compose
