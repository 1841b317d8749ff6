#include "midillama/works/retrieve.h"

#include "midillama/core/file.h"
#include "midillama/core/hash.h"
#include "midillama/core/json_text.h"
#include "midillama/core/lock.h"
#include "midillama/works/files.h"
#include "support/binary.h"
#include "support/error_of.h"
#include "works/scripted_wiki.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>

namespace midillama::works {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::ContainsRegex;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::SizeIs;
using testing_support::error_of;
using testing_support::ScriptedWiki;
using testing_support::WikiPage;

const std::vector<WikiPage> kPages = {
    {"Clair de lune", "Clair de lune may refer to:\nClair de lune (Debussy), for piano\nClair de lune (Fauré), a song"},
    {"Clair de lune (Debussy)",
     "Clair de lune is the third movement of the Suite bergamasque by Claude Debussy.\n\n\n== Music ==\nIt is in 9/8."},
    {"Clair de lune (Fauré)", "Clair de lune is a song by Gabriel Fauré.\n\n\n== Others ==\nClaude Debussy set the poem, too."},
    {"Nocturnes, Op. 9 (Chopin)",
     "The Nocturnes, Op. 9 are three pieces by Frédéric Chopin.\n\n\n== Nocturne in E-flat major, Op. 9, No. 2 ==\nA rounded binary form."},
    {"Nocturnes (Chopin)", "A nocturne is a piece of the night; Frédéric Chopin wrote 21.\n\n\n== List ==\nOp. 9, No. 1\nOp. 9, No. 2"},
    {"Träumerei", "Träumerei is the seventh of Robert Schumann's Kinderszenen, Op. 15."},
    {"Claude Debussy", "Claude Debussy was a composer, known for La mer and Clair de lune."},
    {"La mer", "La mer, said of Claude Debussy's three sketches.", true},
};

struct Piece {
  std::string work, composer, title;
};
const std::vector<Piece> kPieces = {{"nocturne", "Chopin, Frédéric", "Nocturne in E-flat major, Op.9 No.2"},
                                    {"moonlight", "Debussy, Claude", "Clair de lune"},
                                    {"nocturne", "Chopin", "Nocturne, another edition"},
                                    {"sea", "Debussy, Claude", "La mer"},
                                    {"dreaming", "Robert Schumann", "Traumerei"},
                                    {"first", "Chopin, Frédéric", "Nocturne, Op.9 No.1"}};

// A folder with kPieces, and the wiki of kPages.
class Retrieve : public testing::Test {
 protected:
  void SetUp() override {
    config.retrieval.endpoint = {wiki.endpoint()};
    config.retrieval.contact = "tests@example.org";
    use_folder("data");
  }
  void use_folder(const std::string& name) {
    config.data.dir = (folder.path() / name).string();
    write_pieces(kPieces);
  }
  void write_pieces(const std::vector<Piece>& pieces) {
    std::string lines;
    for (const Piece& piece : pieces) {
      lines +=
          json_line({{"piece", piece.work}, {"file", "x.mid"}, {"title", piece.title}, {"composer", piece.composer}, {"work", piece.work}});
    }
    write_atomically(directory() / kPiecesFile, lines);
  }
  fs::path directory() const { return config.data.dir; }
  fs::path texts_file() const { return directory() / kTextsFile; }

  RetrievalReport retrieve() {
    RetrievalOptions options;
    options.program = "midillama/tests";
    options.wait = [this](double seconds) {
      waits.push_back(seconds);
      if (on_wait) on_wait();
    };
    return retrieve_texts(config, options);
  }
  // "work title" of each line.
  std::vector<std::string> found() const {
    std::vector<std::string> lines;
    for_each_text(directory(), [&](const Text& text) { lines.push_back(text.work + " " + text.title); });
    return lines;
  }
  // texts.jsonl without its times.
  std::string content() const {
    std::string lines;
    for_each_text(directory(), [&](Text text) {
      EXPECT_EQ(text.retrieved.size(), 20u) << text.retrieved;
      text.retrieved.clear();
      lines += json_line(to_line(text));
    });
    return lines;
  }
  // What a run that nothing disturbs finds, in a folder of its own.
  std::string undisturbed() {
    const auto fault = std::exchange(wiki.fault, nullptr);
    const std::string dir = config.data.dir;
    use_folder("undisturbed");
    retrieve();
    const std::string lines = content();
    config.data.dir = dir;
    wiki.fault = fault;
    wiki.forget();
    waits.clear();
    return lines;
  }

  TemporaryDirectory folder;
  ScriptedWiki wiki{kPages};
  config::Config config;
  std::vector<double> waits;
  std::function<void()> on_wait;
};

TEST_F(Retrieve, FindsWhatIsAboutTheWorksInTheirOrder) {
  const RetrievalReport report = retrieve();
  EXPECT_THAT(found(), ElementsAre("nocturne Nocturnes, Op. 9 (Chopin)", "nocturne Nocturnes (Chopin)", "moonlight Clair de lune (Debussy)",
                                   "dreaming Träumerei", "first Nocturnes (Chopin)"));
  EXPECT_EQ(report.works, 5u);
  EXPECT_EQ(report.with_text, 4u);
  EXPECT_EQ(report.pages, 5u);
  EXPECT_EQ(report.requests, wiki.targets().size());
  EXPECT_THAT(report.failed, IsEmpty());
  for_each_text(directory(), [](const Text& text) { EXPECT_EQ(text.sha256, sha256(text.text)); });
  Text first;
  for_each_text(directory(), [&](const Text& text) {
    if (first.work.empty()) first = text;
  });
  EXPECT_EQ(first.url, wiki.url() + "/w/4");
  EXPECT_EQ(
      first.text,
      "The Nocturnes, Op. 9 are three pieces by Frédéric Chopin.\n\n== Nocturne in E-flat major, Op. 9, No. 2 ==\nA rounded binary form.");
  EXPECT_THAT(wiki.agents(), ElementsAre("midillama/tests (tests@example.org)"));
  EXPECT_THAT(retrieval_text(report), AllOf(ContainsRegex("works +5\n"), ContainsRegex("without +1\n")));
}

TEST_F(Retrieve, ASecondRunAsksNothing) {
  const RetrievalReport first = retrieve();
  const std::string lines = read_binary(texts_file());
  wiki.forget();
  const RetrievalReport second = retrieve();
  EXPECT_THAT(wiki.targets(), IsEmpty());
  EXPECT_EQ(second.requests, 0u);
  EXPECT_EQ(second.with_text, first.with_text);
  EXPECT_GE(second.from_log, first.requests - 1) << "all but robots.txt";
  EXPECT_EQ(read_binary(texts_file()), lines) << "times, too";
  config.retrieval.pages_per_work = 1;
  config.retrieval.largest_page = 1000;
  EXPECT_EQ(retrieve().pages, 4u);
  EXPECT_THAT(wiki.targets(), IsEmpty()) << "nor for other settings";
}

TEST_F(Retrieve, WhatWasNotFoundIsRememberedAndNewWorksAreLookedFor) {
  write_pieces({{"sea", "Debussy", "La mer"}});
  EXPECT_EQ(retrieve().with_text, 0u);
  EXPECT_EQ(read_binary(texts_file()), "");
  wiki.forget();
  write_pieces({{"sea", "Debussy", "La mer"}, {"moonlight", "Debussy", "Clair de lune"}});
  EXPECT_EQ(retrieve().with_text, 1u);
  for (const std::string& target : wiki.targets()) EXPECT_THAT(target, Not(HasSubstr("mer"))) << target;
}

TEST_F(Retrieve, ALongPageIsCutAndItsSumIsOfWhatIsKept) {
  write_pieces({{"w", "Nobody Known", "Long piece"}});
  ScriptedWiki other({{"Long piece", "Long piece by Known.\n" + std::string(5000, 'x') + " y"}});
  config.retrieval.endpoint = {other.endpoint()};
  config.retrieval.largest_page = 1000;
  retrieve();
  for_each_text(directory(), [](const Text& text) {
    EXPECT_EQ(text.text, "Long piece by Known.");
    EXPECT_EQ(text.sha256, sha256("Long piece by Known."));
  });
  EXPECT_THAT(found(), SizeIs(1));
}

TEST_F(Retrieve, WithoutTextExtractsPagesAreParsed) {
  wiki.has_extracts = false;
  retrieve();
  EXPECT_THAT(found(), ElementsAre("nocturne Nocturnes, Op. 9 (Chopin)", "nocturne Nocturnes (Chopin)", "moonlight Clair de lune (Debussy)",
                                   "dreaming Träumerei", "first Nocturnes (Chopin)"));
  EXPECT_THAT(content(), AllOf(HasSubstr("Op. 9, No. 2"), Not(HasSubstr("<p>")), Not(HasSubstr("not this"))));
}

TEST_F(Retrieve, APageThatWentMeanwhileIsPassedOver) {
  for (const bool has_extracts : {true, false}) {
    use_folder(has_extracts ? "with" : "without");
    wiki.has_extracts = has_extracts;
    wiki.gone = {4};
    const RetrievalReport report = retrieve();
    EXPECT_THAT(found(), ElementsAre("nocturne Nocturnes (Chopin)", "moonlight Clair de lune (Debussy)", "dreaming Träumerei",
                                     "first Nocturnes (Chopin)"));
    EXPECT_THAT(report.failed, IsEmpty());
  }
}

// What servers do under load, each to every third request.
TEST_F(Retrieve, ABusyServerIsAskedAgain) {
  struct Busy {
    const char* name;
    double asks_for;  // seconds
    void (*answer)(httplib::Response& response);
  };
  const Busy faults[] = {
      {"429", 2,
       [](httplib::Response& response) {
         response.status = 429;
         response.set_header("Retry-After", "2");
         response.set_content("<html>", "text/html");
       }},
      {"503", 0, [](httplib::Response& response) { response.status = 503; }},
      {"maxlag", 5,
       [](httplib::Response& response) {
         response.set_header("Retry-After", "5");
         response.set_header("MediaWiki-API-Error", "maxlag");
         response.set_content(R"({"error":{"code":"maxlag","info":"Waiting for a database server: 7 seconds lagged.","lag":7}})",
                              "application/json");
       }},
      {"JSON and HTML", 0,
       [](httplib::Response& response) { response.set_content("{\"error\":{\"code\":\"x\"}}<!DOCTYPE html><html>", "text/html"); }},
      {"JSON and HTML, 500", 0,
       [](httplib::Response& response) {
         response.status = 500;
         response.set_content("{\"batchcomplete\":true}<!DOCTYPE html><html>", "text/html");
       }},
      {"half", 0, [](httplib::Response& response) { response.set_content("{\"batchcomplete\":true,\"que", "application/json"); }},
      {"broken off", 0,
       [](httplib::Response& response) {
         response.set_content_provider(1000, "application/json", [](std::size_t, std::size_t, httplib::DataSink& sink) {
           sink.write("{\"batch", 7);
           return false;
         });
       }},
  };
  const std::string expected = undisturbed();
  for (const auto& [name, asks_for, fault] : faults) {
    use_folder(name);
    wiki.forget();
    waits.clear();
    wiki.fault = [fault = fault](std::size_t number, const httplib::Request& request, httplib::Response& response) {
      if (number % 3 != 1 || request.path == "/robots.txt") return false;
      fault(response);
      return true;
    };
    const RetrievalReport report = retrieve();
    EXPECT_EQ(content(), expected) << name;
    EXPECT_EQ(report.requests, wiki.targets().size()) << name;
    EXPECT_THAT(report.failed, IsEmpty()) << name;
    if (asks_for > 0) {
      EXPECT_THAT(waits, Contains(asks_for)) << name;
    }
  }
}

TEST_F(Retrieve, AServerThatAsksForALongWaitIsAskedNoMore) {
  const std::string expected = undisturbed();
  for (const char* how : {"status", "maxlag", "robots"}) {
    use_folder(how);
    wiki.forget();
    wiki.fault = [how = std::string(how)](std::size_t, const httplib::Request& request, httplib::Response& response) {
      if ((request.path == "/robots.txt") != (how == "robots")) return false;
      if (how == "maxlag") response.set_content(R"({"error":{"code":"maxlag","info":"Waiting"}})", "application/json");
      if (how != "maxlag") response.status = 429;
      response.set_header("Retry-After", "3600");
      return true;
    };
    const RetrievalReport report = retrieve();
    EXPECT_THAT(wiki.targets(), SizeIs(how == std::string("robots") ? 1 : 2)) << how;
    EXPECT_THAT(report.failed, SizeIs(report.works)) << how;
    EXPECT_THAT(report.reasons,
                ElementsAre(Pair(ContainsRegex(wiki.url() + ": .* asks to be left alone until 20..-..-..T..:..:..Z"), report.works)));
    EXPECT_EQ(retrieval_state(config), records::StepState::incomplete) << how;
    wiki.fault = nullptr;
    EXPECT_THAT(retrieve().failed, IsEmpty()) << how;
    EXPECT_EQ(content(), expected) << how;
  }
}

// What was answered, and what is in the log, is there.
TEST_F(Retrieve, WorksBeforeALongWaitAreLookedUp) {
  wiki.fault = [](std::size_t number, const httplib::Request&, httplib::Response& response) {
    if (number < 4) return false;
    response.status = 503;
    response.set_header("Retry-After", "301");
    return true;
  };
  const RetrievalReport report = retrieve();
  EXPECT_EQ(report.requests, 5u);
  EXPECT_EQ(report.with_text, 1u);
  EXPECT_THAT(report.failed, SizeIs(report.works - 1));
}

TEST_F(Retrieve, ASlowServerIsAskedAgain) {
  const std::string expected = undisturbed();
  config.retrieval.timeout = 0.3;
  wiki.fault = [first = true](std::size_t, const httplib::Request& request, httplib::Response&) mutable {
    if (request.path != "/robots.txt" && std::exchange(first, false)) std::this_thread::sleep_for(std::chrono::milliseconds(700));
    return false;
  };
  retrieve();
  EXPECT_EQ(content(), expected);
}

TEST_F(Retrieve, TextsByHandStay) {
  write_atomically(texts_file(), "by hand");
  EXPECT_THAT(error_of([&] { retrieve(); }), HasSubstr("no retrieve.json beside it"));
  EXPECT_EQ(read_binary(texts_file()), "by hand");
}

TEST_F(Retrieve, AServerThatIsDownIsNoAnswer) {
  const std::string expected = undisturbed();
  write_atomically(texts_file(), "as it was");
  write_atomically(directory() / "retrieve.json", R"({"format": 1})");
  for (const int status : {500, 503, 404, 401, 200}) {
    wiki.fault = [status](std::size_t, const httplib::Request& request, httplib::Response& response) {
      if (request.path == "/robots.txt") return false;
      response.status = status;
      response.set_content("<html>down", "text/html");
      return true;
    };
    EXPECT_THAT(error_of([&] { retrieve(); }), AllOf(HasSubstr(wiki.url()), HasSubstr("3 works in a row"), Not(HasSubstr("gsrsearch"))));
    EXPECT_EQ(read_binary(texts_file()), "as it was");
    EXPECT_FALSE(fs::exists(directory() / kRetrievalFile)) << status;
  }
  wiki.fault = nullptr;
  retrieve();
  EXPECT_EQ(content(), expected);
}

TEST_F(Retrieve, AServerThatIsNotThereIsNamedWithoutTheQuery) {
  config.retrieval.endpoint = {"http://127.0.0.1:1/w/api.php"};
  EXPECT_THAT(error_of([&] { retrieve(); }),
              AllOf(HasSubstr("http://127.0.0.1:1: "), Not(HasSubstr("debussy")), Not(HasSubstr("search="))));
}

TEST_F(Retrieve, AnswersOfAnotherFormAreRefused) {
  for (const char* answer : {R"({"query": {"pages": [{"pageid": 1}]}})", R"({"query": {"pages": 3}})", R"({"query": []})", R"([])",
                             R"({"error": "no"})", R"({"query": {"pages": [{"pageid": "x", "title": 3, "fullurl": null}]}})"}) {
    wiki.fault = [answer](std::size_t, const httplib::Request& request, httplib::Response& response) {
      response.set_content(answer, "application/json");
      return request.path != "/robots.txt";
    };
    const std::string error = error_of([&] { retrieve(); });
    EXPECT_THAT(error, HasSubstr(wiki.url() + ": ")) << answer;
    EXPECT_FALSE(fs::exists(directory() / kTextsFile)) << answer;
    fs::remove(directory() / kRetrievalFile);
  }
}

// What proxies and busy searches say with status 200: no such answer is that nothing was found, or that a page has gone.
TEST_F(Retrieve, WhatIsNoAnswerOfMediaWikisIsNotRecorded) {
  const std::string expected = undisturbed();
  const auto answer_with = [&](const char* answer, const char* parameter) {
    wiki.fault = [answer, parameter](std::size_t, const httplib::Request& request, httplib::Response& response) {
      if (!request.has_param(parameter)) return false;
      response.set_content(answer, "application/json");
      return true;
    };
  };
  for (const char* answer :
       {R"({"message": "Too many requests, try later", "status": 429})", "{}", "null", R"({"query": {}})",
        R"({"continue": {"continue": "-||"}})", R"({"parse": {"text": ""}})",
        R"({"batchcomplete": true, "warnings": {"search": {"warnings": "Search is currently too busy"}}})",
        R"({"batchcomplete": true, "query": {"searchinfo": {}}, "warnings": {"search": {"warnings": "Timed out"}}})"}) {
    answer_with(answer, "gsrsearch");
    EXPECT_THAT(error_of([&] { retrieve(); }), AllOf(HasSubstr(wiki.url() + ": "), HasSubstr("3 works in a row"))) << answer;
    EXPECT_FALSE(fs::exists(directory() / kRetrievalFile)) << answer;
  }
  for (const char* answer : {R"({"batchcomplete": true})", R"({"batchcomplete": true, "query": {"pages": []}})"}) {
    use_folder("pages");
    answer_with(answer, "pageids");
    EXPECT_THAT(retrieve().failed, ElementsAre("dreaming", "first", "moonlight", "nocturne")) << answer;
    EXPECT_THAT(read_binary(directory() / kRetrievalFile), Not(HasSubstr("missing"))) << answer;
  }
  wiki.fault = nullptr;
  retrieve();
  EXPECT_EQ(content(), expected);
}

// As a MediaWiki without TextExtracts has them in every answer.
TEST_F(Retrieve, OtherWarningsAreAnAnswer) {
  wiki.fault = [](std::size_t, const httplib::Request& request, httplib::Response& response) {
    response.set_content(
        R"({"batchcomplete":true,"warnings":{"query":{"warnings":"Unrecognized value for parameter \"prop\": extracts"}}})",
        "application/json");
    return request.path != "/robots.txt";
  };
  const RetrievalReport report = retrieve();
  EXPECT_THAT(report.failed, IsEmpty());
  EXPECT_EQ(report.with_text, 0u);
}

TEST_F(Retrieve, APageWithoutAnExtractIsParsed) {
  wiki.without_extract = {2, 4, 5, 6};
  const RetrievalReport report = retrieve();
  EXPECT_THAT(report.failed, IsEmpty());
  EXPECT_THAT(found(), ElementsAre("nocturne Nocturnes, Op. 9 (Chopin)", "nocturne Nocturnes (Chopin)", "moonlight Clair de lune (Debussy)",
                                   "dreaming Träumerei", "first Nocturnes (Chopin)"));
  EXPECT_THAT(content(), AllOf(HasSubstr("Op. 9, No. 2"), Not(HasSubstr("<p>")), Not(HasSubstr("not this"))));
}

TEST_F(Retrieve, AnErrorNamesThePageAndTheSearch) {
  const auto error_with = [&](const char* answer, const char* parameter) {
    wiki.fault = [answer, parameter](std::size_t, const httplib::Request& request, httplib::Response& response) {
      response.set_content(answer, "application/json");
      return request.has_param(parameter);
    };
    return error_of([&] { retrieve(); });
  };
  wiki.without_extract = {2, 4, 5, 6};
  write_pieces({kPieces[0], kPieces[1], kPieces[4]});
  EXPECT_THAT(error_with(R"({"error": {"code": "permissiondenied"}})", "gsrsearch"),
              ContainsRegex(wiki.url() + ": search \"[^\"]*traumerei[^\"]*\": .* permissiondenied"));
  EXPECT_THAT(error_with(R"({"error": {"code": "permissiondenied"}})", "pageid"),
              HasSubstr(wiki.url() + ": page 6 \"Träumerei\": its API answers with the error permissiondenied"));
  EXPECT_THAT(error_with(R"({"parse": {}})", "pageid"), HasSubstr(wiki.url() + ": page 6 \"Träumerei\": its answer has another form"));
}

TEST_F(Retrieve, OnePageThatFailsKeepsOneWorkOpen) {
  const std::string expected = undisturbed();
  wiki.fault = [](std::size_t, const httplib::Request& request, httplib::Response& response) {
    if (request.get_param_value("pageids") != "6") return false;
    response.set_content(R"({"error":{"code":"internal_api_error_Exception","info":"Caught exception"}})", "application/json");
    return true;
  };
  const RetrievalReport report = retrieve();
  EXPECT_THAT(report.failed, ElementsAre("dreaming"));
  EXPECT_THAT(report.reasons, ElementsAre(Pair(HasSubstr("internal_api_error_Exception"), 1)));
  EXPECT_EQ(report.with_text, 3u);
  EXPECT_THAT(found(), Not(Contains(HasSubstr("dreaming"))));
  EXPECT_THAT(retrieval_text(report), ContainsRegex("not looked up +1\n"));
  EXPECT_EQ(retrieval_state(config), records::StepState::incomplete);
  wiki.fault = nullptr;
  wiki.forget();
  EXPECT_THAT(retrieve().failed, IsEmpty());
  EXPECT_EQ(content(), expected);
  EXPECT_THAT(wiki.targets(), SizeIs(2)) << "robots.txt, and the one page";
  EXPECT_EQ(retrieval_state(config), records::StepState::current);
}

// However many works it is about: the server is not down.
TEST_F(Retrieve, APageThatFailsIsAskedForOnceARun) {
  std::vector<Piece> pieces;
  for (int i = 0; i < 5; ++i) pieces.push_back({"dreaming " + std::to_string(i), kPieces[4].composer, kPieces[4].title});
  pieces.push_back(kPieces[1]);
  for (const char* answer : {R"({"error":{"code":"internal_api_error_DBQueryError"}})", R"({"error":{"code":"permissiondenied"}})"}) {
    use_folder(std::to_string(std::string_view(answer).size()));
    write_pieces(pieces);
    wiki.fault = [answer](std::size_t, const httplib::Request& request, httplib::Response& response) {
      response.set_content(answer, "application/json");
      return request.get_param_value("pageids") == "6";
    };
    wiki.forget();
    const RetrievalReport report = retrieve();
    EXPECT_THAT(report.failed, SizeIs(5)) << answer;
    EXPECT_THAT(report.reasons, SizeIs(1)) << answer;
    EXPECT_EQ(report.with_text, 1u) << answer;
    const auto tries =
        std::ranges::count_if(wiki.targets(), [](const auto& target) { return target.find("pageids=6") != std::string::npos; });
    EXPECT_LE(tries, 6) << answer;
  }
}

// Killed before each request in turn, and then run again.
TEST_F(Retrieve, ARunThatWasKilledGoesOnWhereItWas) {
  struct Killed {};
  const std::string expected = undisturbed();
  bool is_done = false;
  for (std::size_t kill_at = 1; !is_done; ++kill_at) {
    ASSERT_LT(kill_at, 200u);
    use_folder("killed-" + std::to_string(kill_at));
    wiki.forget();
    on_wait = [&, count = std::size_t{0}]() mutable {
      if (++count == kill_at) throw Killed();
    };
    try {
      retrieve();
      is_done = true;
    } catch (const Killed&) {
      EXPECT_FALSE(fs::exists(texts_file()));
    }
    on_wait = nullptr;
    retrieve();
    EXPECT_EQ(content(), expected) << kill_at;
    std::vector<std::string> targets = wiki.targets();
    std::erase(targets, "/robots.txt");
    EXPECT_THAT(std::set<std::string>(targets.begin(), targets.end()), SizeIs(targets.size())) << "nothing is asked twice";
  }
}

// Killed again and again, once in every run.
TEST_F(Retrieve, ItEndsWhereEveryRunIsKilled) {
  struct Killed {};
  const std::string expected = undisturbed();
  std::size_t runs = 0;
  for (bool is_done = false; !is_done; ++runs) {
    ASSERT_LT(runs, 200u);
    on_wait = [count = 0]() mutable {
      if (++count == 3) throw Killed();  // robots.txt and one question are answered
    };
    try {
      retrieve();
      is_done = true;
    } catch (const Killed&) {
    }
  }
  EXPECT_GT(runs, 5u);
  EXPECT_EQ(content(), expected);
}

TEST_F(Retrieve, ALogThatWasCutAnywhereIsGoneOnWith) {
  const std::string expected = undisturbed();
  retrieve();
  const std::string whole = read_binary(directory() / kRetrievalFile);
  for (std::size_t size = 0; size < whole.size(); size += 211) {
    use_folder("cut-" + std::to_string(size));
    std::ofstream(directory() / kRetrievalFile, std::ios::binary) << whole.substr(0, size);
    retrieve();
    EXPECT_EQ(content(), expected) << size;
  }
  std::ofstream(directory() / kRetrievalFile) << "{\"key\": 1}\n";
  EXPECT_THAT(error_of([&] { retrieve(); }), AllOf(HasSubstr(kRetrievalFile), HasSubstr("line 1"), HasSubstr("\"source\"")));
}

TEST_F(Retrieve, RobotsTxtIsObeyed) {
  wiki.robots = "User-agent: *\nDisallow: /w/\n";
  EXPECT_THAT(error_of([&] { retrieve(); }),
              AllOf(HasSubstr(wiki.url() + ": its robots.txt does not allow programs at /w/api.php"), Not(HasSubstr("search="))));
  EXPECT_THAT(wiki.targets(), ElementsAre("/robots.txt"));
  wiki.robots = "User-agent: *\nDisallow: /w/\n\nUser-agent: midillama\nAllow: /w/api.php?action=query&\nDisallow: /w/\n";
  EXPECT_EQ(retrieve().with_text, 4u);
  EXPECT_EQ(std::ranges::count(wiki.targets(), "/robots.txt"), 2) << "once a run";
}

TEST_F(Retrieve, WhereRobotsTxtCannotBeReadNothingIsAsked) {
  wiki.fault = [](std::size_t, const httplib::Request& request, httplib::Response& response) {
    if (request.path == "/robots.txt") response.status = 503;
    return request.path == "/robots.txt";
  };
  EXPECT_THAT(error_of([&] { retrieve(); }), HasSubstr(wiki.url() + ": status 503"));
  EXPECT_THAT(wiki.targets(), Each("/robots.txt"));
}

// A server that sends all that it is asked for, robots.txt too, to another address.
testing_support::ScriptedServer redirecting(const std::function<std::string(const std::string& target)>& to) {
  return testing_support::ScriptedServer(
      [to](std::size_t, const httplib::Request& request, httplib::Response& response) { response.set_redirect(to(request.target), 302); });
}

TEST_F(Retrieve, RedirectedRequestsAreRequests) {
  const std::string expected = undisturbed();
  auto moved = redirecting([&](const std::string& target) { return wiki.url() + target; });
  config.retrieval.endpoint = {moved.url() + "/w/api.php"};
  const RetrievalReport report = retrieve();
  EXPECT_EQ(content(), expected);
  EXPECT_EQ(report.requests, moved.bodies().size() + wiki.targets().size());
  EXPECT_EQ(waits.size(), report.requests);
  EXPECT_EQ(wiki.targets().size(), moved.bodies().size() + 1) << "and its own robots.txt";
  waits.clear();
  use_folder("paced");
  config.retrieval.seconds_between_requests = 0;
  wiki.robots = "User-agent: other\nCrawl-delay: 1\n\nUser-agent: *\nCrawl-delay: 30\n";
  wiki.forget();
  retrieve();
  EXPECT_NEAR(*std::ranges::max_element(waits), 30 * (static_cast<double>(wiki.targets().size()) - 2), 10) << "both keep the pace";
}

TEST_F(Retrieve, RobotsTxtIsObeyedWhereARedirectLeads) {
  testing_support::ScriptedServer moved([&](std::size_t, const httplib::Request& request, httplib::Response& response) {
    if (request.path == "/robots.txt") return response.set_content("User-agent: *\nDisallow: /hidden/\n", "text/plain");
    response.set_redirect(request.path == "/here" ? "/hidden/api.php" : wiki.endpoint());
  });
  wiki.robots = "User-agent: *\nDisallow: /w/\n";
  config.retrieval.endpoint = {moved.url() + "/there"};
  EXPECT_THAT(error_of([&] { retrieve(); }), HasSubstr(wiki.url() + ": its robots.txt does not allow programs at /w/api.php"));
  EXPECT_THAT(wiki.targets(), ElementsAre("/robots.txt"));
  EXPECT_EQ(moved.bodies().size(), 2u);
  config.retrieval.endpoint = {moved.url() + "/here"};
  EXPECT_THAT(error_of([&] { retrieve(); }), HasSubstr(moved.url() + ": its robots.txt does not allow programs at /hidden/api.php"));
  EXPECT_EQ(moved.bodies().size(), 4u);
}

TEST_F(Retrieve, RedirectsEndSomewhere) {
  write_pieces({kPieces[3]});
  bool has_robots = true;
  testing_support::ScriptedServer loop([&](std::size_t, const httplib::Request& request, httplib::Response& response) {
    if (request.path == "/robots.txt" && has_robots) response.status = 404;
    if (response.status != 404) response.set_redirect(request.target);
  });
  config.retrieval.endpoint = {loop.url() + "/w/api.php"};
  EXPECT_THAT(retrieve().failed, ElementsAre("sea"));
  EXPECT_EQ(loop.bodies().size(), 1u + 11u);
  has_robots = false;
  EXPECT_THAT(retrieve().failed, ElementsAre("sea"));
  EXPECT_EQ(loop.bodies().size(), 1u + 11u + 11u);
  testing_support::ScriptedServer away([&](std::size_t, const httplib::Request& request, httplib::Response& response) {
    if (request.path != "/robots.txt") response.set_redirect("ftp://127.0.0.1/w/api.php");
  });
  config.retrieval.endpoint = {away.url() + "/w/api.php"};
  EXPECT_THAT(retrieve().failed, ElementsAre("sea"));
  EXPECT_EQ(away.bodies().size(), 2u);
}

TEST_F(Retrieve, RequestsAreSpreadAsTheServerWishes) {
  const auto longest_wait = [&] {
    waits.clear();
    wiki.forget();
    const auto start = std::chrono::steady_clock::now();
    const RetrievalReport report = retrieve();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    EXPECT_EQ(waits.size(), report.requests);
    return std::pair{*std::ranges::max_element(waits) + took.count(), static_cast<double>(report.requests - 1)};
  };
  // Nobody waits here: the last request's turn comes after all the others'.
  config.retrieval.seconds_between_requests = 10;
  const auto [wait, others] = longest_wait();
  EXPECT_NEAR(wait, 10 * others, 5);
  use_folder("delay");
  wiki.robots = "User-agent: *\nCrawl-delay: 30\n";
  const auto [delayed, again] = longest_wait();
  EXPECT_NEAR(delayed, 30 * again, 10);
}

TEST_F(Retrieve, WhatIsMissingIsSaid) {
  config.retrieval.endpoint = {};
  EXPECT_THROW(retrieve(), ConfigError);
  config.retrieval.endpoint = {(folder.path() / "nowhere").string()};
  EXPECT_THAT(error_of([&] { retrieve(); }), HasSubstr("nowhere: is no folder"));
  fs::remove(directory() / kPiecesFile);
  EXPECT_THAT(error_of([&] { retrieve(); }), AllOf(HasSubstr(kPiecesFile), HasSubstr("midillama data import")));
}

TEST_F(Retrieve, AnotherWriterIsNotDisturbed) {
  const WriterLock lock(directory());
  EXPECT_THAT(error_of([&] { retrieve(); }), HasSubstr("data"));
  EXPECT_THAT(wiki.targets(), IsEmpty());
}

class RetrieveFromAFolder : public Retrieve {
 protected:
  void SetUp() override {
    Retrieve::SetUp();
    texts = folder.path() / "te xts";
    for (const WikiPage& page : kPages) write_atomically(texts / (page.title + ".txt"), page.text);
    write_atomically(texts / "Clair de lune (notes).md", "Clair de lune by Debussy.");
    write_atomically(texts / "Broken.txt", "Clair de lune by Debussy \xff.");
    config.retrieval.endpoint = {texts.string()};
    config.retrieval.contact = "";
  }
  fs::path texts;
};

TEST_F(RetrieveFromAFolder, FindsTheSame) {
  const RetrievalReport report = retrieve();
  EXPECT_THAT(found(), ElementsAre("nocturne Nocturnes, Op. 9 (Chopin)", "nocturne Nocturnes (Chopin)", "moonlight Clair de lune (Debussy)",
                                   "sea La mer", "dreaming Träumerei", "first Nocturnes (Chopin)"));
  EXPECT_EQ(report.requests, 0u);
  EXPECT_FALSE(fs::exists(directory() / kRetrievalFile));
  const std::string lines = read_binary(texts_file());
  EXPECT_THAT(lines, HasSubstr("file://"));
  EXPECT_THAT(lines, HasSubstr("te%20xts/Nocturnes"));
  retrieve();
  EXPECT_EQ(read_binary(texts_file()), lines) << "times, too";
}

TEST_F(RetrieveFromAFolder, IsCurrentUntilTextsOrPiecesChange) {
  const auto state = [&] { return retrieval_state(config); };
  EXPECT_EQ(state(), records::StepState::missing);
  retrieve();
  EXPECT_EQ(state(), records::StepState::current);
  write_atomically(texts / "La mer (Debussy).txt", "La mer by Claude Debussy.");
  EXPECT_EQ(state(), records::StepState::outdated);
  retrieve();
  EXPECT_EQ(state(), records::StepState::current);
  config.retrieval.pages_per_work = 1;
  EXPECT_EQ(state(), records::StepState::outdated) << "another setting";
  config.retrieval.pages_per_work = 2;
  write_pieces({kPieces[0]});
  EXPECT_EQ(state(), records::StepState::outdated) << "other pieces";
}

TEST_F(RetrieveFromAFolder, ComesFirstWhereItIsNamedFirst) {
  fs::remove(texts / "Clair de lune (Debussy).txt");
  config.retrieval.endpoint = {texts.string(), wiki.endpoint()};
  config.retrieval.contact = "tests@example.org";
  config.retrieval.pages_per_work = 1;
  retrieve();
  std::vector<std::string> from;
  for_each_text(directory(), [&](const Text& text) { from.push_back(text.work + " " + text.url.substr(0, 4)); });
  EXPECT_THAT(from, ElementsAre("nocturne file", "moonlight http", "sea file", "dreaming file", "first file"));
}

}  // namespace
}  // namespace midillama::works
