#include "midillama/works/annotate_works.h"

#include "support/binary.h"
#include "support/error_of.h"
#include "support/scripted_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <set>

namespace midillama::works {
namespace {

using testing::HasSubstr;
using testing_support::error_of;
using testing_support::ScriptedServer;

constexpr int kWorks = 6;

std::string sentence(int work) {
  return "Work number " + std::to_string(work) + " is a waltz in a calm mood.";
}

std::string completion(const std::string& content, const std::string& finish = "stop") {
  const Json message = {{"role", "assistant"}, {"content", content}};
  return Json({{"choices", {{{"index", 0}, {"message", message}, {"finish_reason", finish}}}},
               {"usage", {{"prompt_tokens", 100}, {"completion_tokens", 10}}}})
      .dump();
}

// What a model says of the work that a request is about: each third time with evidence that is nowhere.
std::string content_for(const Json& request) {
  const std::string question = request.at("messages")[1].at("content");
  const int work = question[question.find("Work number ") + 12] - '0';
  const bool is_second = request.at("messages").size() > 2;
  Json answer = Json::object();
  for (const auto& [name, schema] : request.at("response_format").at("json_schema").at("schema").at("properties").items()) {
    const std::string value = name == "genre" ? "waltz" : name == "style" ? "Romantic" : name == "emotion" ? "calm" : "It is said.";
    answer[name] = {{"value", value}, {"evidence", work % 3 == 0 && !is_second ? "It is known to all." : sentence(work)}};
  }
  return answer.dump();
}

class AnnotateWorks : public testing::Test {
 protected:
  AnnotateWorks() { write(folder.path()); }

  static void write(const std::filesystem::path& directory) {
    std::ofstream pieces(directory / kPiecesFile), texts(directory / kTextsFile);
    for (int i = 0; i < kWorks; ++i) {
      const std::string work = "composer: work " + std::to_string(i);
      for (int copy = 0; copy < 2; ++copy)
        pieces << Json({{"piece", i * 2 + copy}, {"work", work}, {"composer", "Composer"}, {"title", "Work " + std::to_string(i)}}) << '\n';
      if (i != 4)
        texts << Json(to_line(Text{work, "http://wiki.example/" + std::to_string(i), "t", "2026-01-01T00:00:00Z", "", sentence(i)}))
              << '\n';
    }
  }
  config::Config settings(const std::string& server) const {
    config::Config config;
    config.corpus.tag_file = "configs/giantmidi/tags.yaml";
    config.chat.endpoint = server + "/v1";
    config.chat.model = "m";
    config.chat.api_key_env = "";
    config.chat.tries = 3;
    return config;
  }
  std::string annotations() const { return read_binary(folder.path() / kAnnotationsFile); }

  TemporaryDirectory folder;
};

void answer_well(std::size_t, const httplib::Request& request, httplib::Response& response) {
  response.set_content(completion(content_for(Json::parse(request.body))), "application/json");
}

TEST_F(AnnotateWorks, EveryWorkOnceInTheOrderOfThePieces) {
  ScriptedServer server(answer_well);
  const AnnotationReport report = annotate_works(settings(server.url()), folder.path(), nullptr);
  EXPECT_EQ(report.works, 6u);
  EXPECT_EQ(report.annotated, 5u);
  EXPECT_EQ(report.without_text, 1u);
  EXPECT_EQ(report.fields.at("genre").labels, 5u);
  EXPECT_EQ(server.bodies().size(), 7u) << "two works are asked about twice";
  std::vector<std::string> works;
  for_each_json_line(folder.path() / kAnnotationsFile, [&](const Json& row, std::size_t) {
    works.push_back(row["work"]);
    if (row["status"] == "annotated") {
      EXPECT_EQ(row["fields"]["emotion"]["value"], "calm");
    }
  });
  ASSERT_EQ(works.size(), 6u);
  for (int i = 0; i < kWorks; ++i) EXPECT_EQ(works[static_cast<std::size_t>(i)], "composer: work " + std::to_string(i));

  const std::string first = annotations();
  annotate_works(settings(server.url()), folder.path(), nullptr);
  EXPECT_EQ(server.bodies().size(), 7u) << "nothing is asked twice";
  EXPECT_EQ(annotations(), first);
}

TEST_F(AnnotateWorks, WhereverItStopsTheResultIsTheSameAndNothingAnsweredIsSentAgain) {
  std::string undisturbed;
  {
    ScriptedServer server(answer_well);
    annotate_works(settings(server.url()), folder.path(), nullptr);
    undisturbed = annotations();
  }
  for (std::size_t stop_at = 0; stop_at < 12; ++stop_at) {
    TemporaryDirectory again;
    write(again.path());
    std::atomic<std::size_t> requests = 0;
    std::multiset<std::string> answered;
    ScriptedServer server([&](std::size_t number, const httplib::Request& request, httplib::Response& response) {
      ++requests;
      // Busy, broken, half, cut and useless answers between the good ones.
      response.set_header("Retry-After", "0");
      if (number % 5 == 1) return void(response.status = 429);
      if (number % 5 == 2) return response.set_content("{\"choices\": [{\"mess", "application/json");
      if (number % 5 == 3) return response.set_content(completion("{\"genre\"", "length"), "application/json");
      answered.insert(request.body);
      answer_well(number, request, response);
    });
    config::Config config = settings(server.url());
    config.chat.tries_for_an_answer = 10;
    for (std::size_t runs = 1;; ++runs) {
      ASSERT_LT(runs, 60u);
      try {
        annotate_works(config, again.path(), [&] { return requests >= stop_at * runs + runs; });
        break;
      } catch (const net::Stopped&) {
        EXPECT_FALSE(std::filesystem::exists(again.path() / kAnnotationsFile));
      }
    }
    EXPECT_EQ(read_binary(again.path() / kAnnotationsFile), undisturbed);
    EXPECT_EQ(answered.size(), 7u) << stop_at;
    EXPECT_EQ(std::set<std::string>(answered.begin(), answered.end()).size(), 7u);
  }
}

TEST_F(AnnotateWorks, AFailedCallFailsItsWorkAlone) {
  std::atomic<bool> is_strict = true;
  ScriptedServer server([&](std::size_t number, const httplib::Request& request, httplib::Response& response) {
    if (is_strict && request.body.find("Work number 2") != std::string::npos) return void(response.status = 400);
    answer_well(number, request, response);
  });
  EXPECT_EQ(annotate_works(settings(server.url()), folder.path(), nullptr).failed, 1u);
  const std::string direct = annotations();
  EXPECT_THAT(direct, HasSubstr("\"status\":\"failed\",\"problem\":\"status 400: no reason was given\""));
  config::Config offline = settings("http://127.0.0.1:1");
  offline.chat.replay = true;
  EXPECT_EQ(annotate_works(offline, folder.path(), nullptr).failed, 1u) << "a replay fails alike";
  EXPECT_EQ(annotations(), direct);
  is_strict = false;
  const AnnotationReport report = annotate_works(settings(server.url()), folder.path(), nullptr);
  EXPECT_EQ(report.failed, 0u);
  EXPECT_EQ(report.calls.calls, 1);
}

TEST_F(AnnotateWorks, IsCurrentUntilWhatItWasMadeOfChanges) {
  std::atomic<bool> is_strict = true;
  ScriptedServer server([&](std::size_t number, const httplib::Request& request, httplib::Response& response) {
    if (is_strict && request.body.find("Work number 2") != std::string::npos) return void(response.status = 400);
    answer_well(number, request, response);
  });
  config::Config config = settings(server.url());
  const auto state = [&] { return annotation_state(config, folder.path()); };
  EXPECT_EQ(state(), records::StepState::missing);
  annotate_works(config, folder.path(), nullptr);
  EXPECT_EQ(state(), records::StepState::incomplete) << "a work failed";
  is_strict = false;
  annotate_works(config, folder.path(), nullptr);
  EXPECT_EQ(state(), records::StepState::current);
  config.chat.endpoint = "http://elsewhere/v1";
  EXPECT_EQ(state(), records::StepState::current) << "where the model is does not matter";
  config.chat.model = "another";
  EXPECT_EQ(state(), records::StepState::outdated);
  config.chat.model = "m";
  std::ofstream(folder.path() / kTextsFile, std::ios::app)
      << Json(to_line(Text{"composer: work 4", "http://wiki.example/4", "t", "2026-01-01T00:00:00Z", "", sentence(4)})) << '\n';
  EXPECT_EQ(state(), records::StepState::outdated) << "another text";
}

TEST_F(AnnotateWorks, ReplayAndBatchesGiveTheSameFileWithoutTheServer) {
  std::string direct;
  {
    ScriptedServer server(answer_well);
    annotate_works(settings(server.url()), folder.path(), nullptr);
    direct = annotations();
  }
  config::Config offline = settings("http://127.0.0.1:1");
  offline.chat.replay = true;
  std::filesystem::remove(folder.path() / kAnnotationsFile);
  annotate_works(offline, folder.path(), nullptr);
  EXPECT_EQ(annotations(), direct);

  std::filesystem::remove(folder.path() / kAnnotationsFile);
  std::filesystem::remove(folder.path() / kRequestsFile);
  EXPECT_THAT(error_of([&] { annotate_works(offline, folder.path(), nullptr); }), HasSubstr("never made"));
  std::size_t rounds = 0;
  for (chat::Requests waiting; !(waiting = waiting_requests(offline, folder.path())).empty(); ++rounds) {
    EXPECT_EQ(waiting.size(), rounds == 0 ? 5u : 2u);
    const auto files = chat::write_batch(waiting, folder.path() / "batch.jsonl");
    std::ofstream results(folder.path() / "results.jsonl");
    for_each_json_line(files.at(0), [&](const Json& row, std::size_t) {
      EXPECT_EQ(row["url"], "/v1/chat/completions");
      results << Json({{"custom_id", row["custom_id"]},
                       {"response", {{"status_code", 200}, {"body", Json::parse(completion(content_for(row["body"])))}}}})
              << '\n';
    });
    results.close();
    chat::RequestLog log(folder.path() / kRequestsFile);
    EXPECT_EQ(chat::read_batch(folder.path() / "results.jsonl", waiting, log).answered, waiting.size());
  }
  EXPECT_EQ(rounds, 2u);
  annotate_works(offline, folder.path(), nullptr);
  EXPECT_EQ(annotations(), direct);
}

TEST_F(AnnotateWorks, WhatItWouldTakeIsKnownBefore) {
  config::Config config = settings("http://127.0.0.1:1");
  config.chat.price_per_million_completion_tokens = 10;
  const auto waiting = waiting_requests(config, folder.path());
  const Estimate estimate = estimate_of(config.chat, waiting);
  EXPECT_EQ(estimate.calls, 5u);
  EXPECT_EQ(estimate.at_most.completion_tokens, 5 * config.annotation.max_tokens);
  EXPECT_GT(estimate.at_most.prompt_tokens, 5 * 50);
  EXPECT_DOUBLE_EQ(estimate.cost, 5 * static_cast<double>(config.annotation.max_tokens) * 10 / 1e6);
}

TEST_F(AnnotateWorks, AnnotationsByHandStay) {
  std::ofstream(folder.path() / kAnnotationsFile) << "by hand\n";
  EXPECT_THAT(error_of([&] { annotate_works(settings("http://127.0.0.1:1"), folder.path(), nullptr); }),
              HasSubstr("no annotate.json beside it"));
  EXPECT_EQ(annotations(), "by hand\n");
}

TEST_F(AnnotateWorks, ASecondCallThatFailsIsMadeAgainByTheNextRun) {
  std::atomic<bool> fails = true;
  ScriptedServer server([&](std::size_t, const httplib::Request& request, httplib::Response& response) {
    const Json call = Json::parse(request.body);
    const bool is_cut = fails && call.at("messages").size() > 2;
    response.set_content(completion(content_for(call), is_cut ? "length" : "stop"), "application/json");
  });
  const config::Config config = settings(server.url());
  const auto report = annotate_works(config, folder.path(), nullptr);
  EXPECT_EQ(report.failed, 0u);
  EXPECT_EQ(report.half_asked, 2u) << "every third work";
  EXPECT_EQ(annotation_state(config, folder.path()), records::StepState::incomplete);
  EXPECT_THAT(annotations(), HasSubstr("was cut at"));
  fails = false;
  EXPECT_EQ(annotate_works(config, folder.path(), nullptr).half_asked, 0u);
  EXPECT_EQ(annotation_state(config, folder.path()), records::StepState::current);

  const TemporaryDirectory undisturbed;
  write(undisturbed.path());
  annotate_works(config, undisturbed.path(), nullptr);
  EXPECT_EQ(annotations(), read_binary(undisturbed.path() / kAnnotationsFile));
}

TEST_F(AnnotateWorks, AMissingFileNamesTheStepThatMakesIt) {
  std::filesystem::remove(folder.path() / kTextsFile);
  EXPECT_THAT(error_of([&] { annotate_works(settings("http://127.0.0.1:1"), folder.path(), nullptr); }),
              HasSubstr("midillama data retrieve"));
}

}  // namespace
}  // namespace midillama::works
