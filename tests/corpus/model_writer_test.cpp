#include "midillama/corpus/model_writer.h"

#include "collection.h"
#include "corpus/clip_author.h"
#include "midillama/corpus/steps.h"
#include "midillama/records/split.h"
#include "midillama/records/words.h"
#include "support/binary.h"
#include "support/error_of.h"
#include "support/scripted_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <set>

namespace midillama::corpus {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::error_of;
using testing_support::ScriptedServer;

constexpr int kWorks = 8;

std::string completion(const std::string& content, const std::string& finish = "stop") {
  const Json message = {{"role", "assistant"}, {"content", content}};
  return Json({{"choices", {{{"index", 0}, {"message", message}, {"finish_reason", finish}}}},
               {"usage", {{"prompt_tokens", 100}, {"completion_tokens", 10}}}})
      .dump();
}

// The value that a call says is known.
std::string known(const std::string& question, const std::string& tag) {
  const auto begin = question.find("\n" + tag + ": ") + tag.size() + 3;
  return question.substr(begin, question.find('\n', begin) - begin);
}

// The answer to what is text `number` about a tag.
using Reply = std::function<Json(const std::string& tag, int number, const std::string& value, bool is_second)>;

Json good_reply(const std::string& tag, int number, const std::string& value, bool) {
  if (tag == "caption") return "This music is a " + value + ".";
  return {{"question", "Please tell me about the " + tag + " in so many words, time " + std::to_string(number) + "?"},
          {"answer", "Listen: " + value + ". That is what it is."}};
}

// What a model answers that replies so.
std::string content_for(const Json& call, const Reply& reply) {
  const std::string question = call.at("messages")[1].at("content");
  const bool is_second = call.at("messages").size() > 2;
  Json content = Json::object();
  for (const auto& [tag, numbers] : call.at("response_format").at("json_schema").at("schema").at("properties").items()) {
    for (const auto& [number, schema] : numbers.at("properties").items())
      content[tag][number] = reply(tag, std::stoi(number), known(question, tag == "caption" ? "genre" : tag), is_second);
  }
  return content.dump();
}

class ModelWriting : public testing::Test {
 protected:
  ModelWriting() {
    for (int i = 0; i < kWorks; ++i) {
      const auto seed = static_cast<std::uint64_t>(i);
      const std::string work = "Work " + std::to_string(i);
      collection.add("solo-" + std::to_string(i), work, performed(random_score(10 + seed, 160), seed));
      collection.annotate(work, {{"genre", i % 2 == 0 ? "waltz" : "nocturne"}, {"emotion", "calm"}});
    }
    config.corpus = collection.config;
    config.corpus.tags = {"genre", "perceived emotion"};
    config.corpus.questions_per_tag = 2;
    config.writing.by = "model";
    config.writing.held_out_fraction = 0;
    config.chat.model = "m";
    config.chat.api_key_env = "";
    config.chat.tries = 5;
    config.chat.tries_for_an_answer = 10;
    measure_features(config.corpus, data());
    segment_pieces(config.corpus, data());
  }

  fs::path data() const { return collection.data(); }
  records::Tags tags() const { return records::read_tags(config.corpus.tag_file); }
  // With a server that replies so; what it was asked.
  std::vector<std::string> write(const Reply& reply) {
    ScriptedServer server([&](std::size_t, const httplib::Request& request, httplib::Response& response) {
      response.set_content(completion(content_for(Json::parse(request.body), reply)), "application/json");
    });
    write_by(server);
    return server.bodies();
  }
  void write_by(const ScriptedServer& server, const std::function<bool()>& is_stopped = nullptr) {
    config.chat.endpoint = server.url() + "/v1";
    const auto declared = tags();
    ModelWriter writer(config, declared, data(), is_stopped);
    write_dataset(config.corpus, declared, writer, data());
  }
  std::vector<records::Question> questions() const {
    std::vector<records::Question> all;
    for (const char* split : {"train", "valid", "test"}) {
      for (auto& question : records::read_questions(data(), split)) all.push_back(std::move(question));
    }
    return all;
  }
  std::size_t clips() const { return static_cast<std::size_t>(config.corpus.clips_per_piece) * kWorks; }
  Json counts() const { return Json(dataset_statistics(data()).at("writing").at("counts")); }
  std::string written() const {
    std::string bytes;
    for (const char* file : {"train.jsonl", "valid.jsonl", "test.jsonl", "dataset.json"}) bytes += read_binary(data() / file);
    return bytes;
  }

  Collection collection;
  config::Config config;
};

TEST_F(ModelWriting, WritesWhatTheModelSays) {
  const auto bodies = write(good_reply);
  EXPECT_EQ(bodies.size(), clips()) << "one call a clip";
  const Json call = Json::parse(bodies.front());
  EXPECT_EQ(call.at("temperature"), config.writing.temperature);
  EXPECT_EQ(call.at("messages")[0].at("content"), config.writing.instructions);
  EXPECT_THAT(call.at("messages")[1].at("content").get<std::string>(), HasSubstr("perceived emotion: calm\n"));
  std::map<std::string, std::size_t> by_tag;
  for (const auto& question : questions()) {
    ++by_tag[question.tag];
    if (question.task == "qa") {
      EXPECT_THAT(question.question, HasSubstr("Please tell me about the " + question.tag));
      EXPECT_EQ(question.answer, "Listen: " + question.facts.at(question.tag) + ". That is what it is.");
    } else {
      EXPECT_EQ(question.answer, "This music is a " + question.facts.at("genre") + ".");
    }
  }
  EXPECT_EQ(by_tag, (std::map<std::string, std::size_t>{{"genre", 2 * clips()}, {"perceived emotion", 2 * clips()}, {"caption", clips()}}));
  EXPECT_THAT(check_dataset(data()), IsEmpty());
  EXPECT_EQ(counts().at("texts"), 5 * clips());
  EXPECT_TRUE(is_current(config.corpus, data(), writing_settings(config)));
  EXPECT_FALSE(is_current(config.corpus, data()));
  config.writing.temperature = 0;
  EXPECT_FALSE(is_current(config.corpus, data(), writing_settings(config)));
}

TEST_F(ModelWriting, AsksOnceMoreForWhatDoesNotHoldAndThenTakesTheTemplates) {
  const auto reply = [](const std::string& tag, int number, const std::string& value, bool is_second) -> Json {
    if (tag == "genre" && number == 1 && !is_second) return {{"question", "What is it?"}, {"answer", "It is a march."}};
    if (tag == "genre" && number == 2) return {{"question", "What?"}, {"answer", "Based on the given data, a " + value + "."}};
    return good_reply(tag, number, value, is_second);
  };
  const auto bodies = write(reply);
  EXPECT_EQ(bodies.size(), 2 * clips());
  const Json second = Json::parse(bodies.back());
  ASSERT_EQ(second.at("messages").size(), 4u);
  EXPECT_THAT(second.at("messages")[3].at("content").get<std::string>(), HasSubstr("genre 2: do not say \"based on the given\"\n"));
  EXPECT_FALSE(second.at("response_format").at("json_schema").at("schema").at("properties").contains("caption"));
  const auto declared = tags();
  const auto& wordings = declared.at("genre").questions;
  std::size_t by_template = 0;
  std::map<std::string, std::size_t> by_tag;
  for (const auto& question : questions()) {
    ++by_tag[question.tag];
    by_template += std::ranges::count(wordings, question.question) > 0 ? 1 : 0;
    EXPECT_NE(question.answer, "It is a march.");
  }
  EXPECT_EQ(by_template, clips());
  EXPECT_EQ(by_tag["genre"], by_tag["perceived emotion"]) << "as many of each tag";
  EXPECT_EQ(counts().at("asked_again"), clips());
  EXPECT_EQ(counts().at("refused"), Json({{"speaks of other things", clips()}}));
  EXPECT_THAT(check_dataset(data()), IsEmpty());
}

TEST_F(ModelWriting, TheSameQuestionIsNotAskedTwiceOfAClip) {
  write([](const std::string& tag, int number, const std::string& value, bool is_second) -> Json {
    return tag == "caption" ? good_reply(tag, number, value, is_second) : good_reply(tag, 1, value, is_second);
  });
  std::set<std::pair<std::string, std::string>> asked;
  for (const auto& question : questions())
    EXPECT_TRUE(asked.emplace(question.clip, records::plain_words(question.question)).second) << question.question;
  EXPECT_EQ(counts().at("refused").at("repeated"), 2 * clips());
}

TEST_F(ModelWriting, RareTagsAreAskedAboutInMoreWordings) {
  std::string annotations;  // that know the emotion of two works only
  for_each_json_line(data() / works::kAnnotationsFile, [&](Json row, std::size_t line) {
    if (line % 4 != 1) row.at("fields").erase("emotion");
    annotations += row.dump() + "\n";
  });
  write_atomically(data() / works::kAnnotationsFile, annotations);
  config.corpus.questions_per_tag = 1;
  config.corpus.balance_tags = true;
  const auto declared = tags();
  const auto waiting = waiting_texts(config, declared, data(), known_clips(config.corpus, declared, data()));
  const auto bodies = write(good_reply);
  for (const auto& body : bodies) EXPECT_TRUE(waiting.contains(chat::key_of(OrderedJson::parse(body))));
  std::map<std::string, std::size_t> by_tag;
  for (const auto& question : questions()) ++by_tag[question.tag];
  EXPECT_EQ(by_tag["caption"], clips());
  EXPECT_GE(by_tag["perceived emotion"], 8u) << "two or three about each of four clips";
  EXPECT_LE(by_tag["perceived emotion"], 12u);
  EXPECT_LT(by_tag["genre"], clips());
  EXPECT_GT(by_tag["genre"], clips() / 4);
  EXPECT_THAT(check_dataset(data()), IsEmpty());
}

TEST_F(ModelWriting, AShareOfTheWordingsIsForTheTestAlone) {
  config.writing.held_out_fraction = 0.5;
  std::atomic<int> calls = 0;
  write([&](const std::string& tag, int number, const std::string& value, bool is_second) -> Json {
    Json text = good_reply(tag, number, value, is_second);
    if (tag != "caption") text["question"] = text["question"].get<std::string>() + " " + std::to_string(++calls % 20);
    return text;
  });
  std::set<std::string> trained, held_out;
  for (const auto& question : questions()) trained.insert(records::plain_words(question.question));
  for (const auto& question : records::read_questions(data(), records::kUnseenSplit))
    held_out.insert(records::plain_words(question.question));
  EXPECT_FALSE(held_out.empty());
  for (const auto& wording : held_out) EXPECT_FALSE(trained.contains(wording)) << wording;
  EXPECT_THAT(check_dataset(data()), IsEmpty());
  const double share = counts().at("held_out").get<double>() / (4.0 * static_cast<double>(clips()));
  EXPECT_GT(share, 0.2);
  EXPECT_LT(share, 0.8);
}

TEST_F(ModelWriting, AJudgeMayRefuse) {
  config.writing.judge = true;
  std::size_t judged = 0;
  ScriptedServer server([&](std::size_t, const httplib::Request& request, httplib::Response& response) {
    const Json call = Json::parse(request.body);
    if (call.at("response_format").at("json_schema").at("name") != "verdicts")
      return response.set_content(completion(content_for(call, good_reply)), "application/json");
    ++judged;
    Json verdicts = Json::object();
    for (const auto& [number, schema] : call.at("response_format").at("json_schema").at("schema").at("properties").items())
      verdicts[number] = number == "1" ? "no" : "yes";
    response.set_content(completion(verdicts.dump()), "application/json");
  });
  write_by(server);
  EXPECT_EQ(judged, clips());
  EXPECT_EQ(counts().at("refused"), Json({{"refused by the judge", clips()}}));
  EXPECT_EQ(counts().at("texts"), 4 * clips());
}

// As servers without schemas let them say it.
TEST_F(ModelWriting, AVerdictIsReadHoweverItIsWritten) {
  config.writing.judge = true;
  Json verdict;
  ScriptedServer server([&](std::size_t, const httplib::Request& request, httplib::Response& response) {
    const Json call = Json::parse(request.body);
    const auto& schema = call.at("response_format").at("json_schema");
    if (schema.at("name") != "verdicts") return response.set_content(completion(content_for(call, good_reply)), "application/json");
    Json verdicts = Json::object();
    for (const auto& [number, property] : schema.at("schema").at("properties").items()) verdicts[number] = verdict;
    response.set_content(completion(verdicts.dump()), "application/json");
  });
  const Json none = Json::object(), refused = {{"refused by the judge", 5 * clips()}}, not_judged = {{"not judged", 5 * clips()}};
  const std::vector<std::pair<Json, Json>> cases = {
      {"Yes", none},   {" yes.", none},       {true, none},          {"No.", refused},           {false, refused},
      {"NO", refused}, {"maybe", not_judged}, {nullptr, not_judged}, {"yes and no", not_judged}, {1, not_judged}};
  for (const auto& [said, expected] : cases) {
    fs::remove(data() / "requests.jsonl");
    verdict = said;
    write_by(server);
    EXPECT_EQ(counts().at("refused"), expected) << said;
    EXPECT_EQ(counts().at("texts"), expected.empty() ? 5 * clips() : 0) << said;
  }
}

TEST_F(ModelWriting, AModelMostOfWhoseTextsDoNotHoldIsWarnedOf) {
  const auto warnings = [&](int good) {
    fs::remove(data() / "requests.jsonl");
    testing::internal::CaptureStderr();
    write([&](const std::string& tag, int number, const std::string& value, bool is_second) -> Json {
      if (tag == "caption" || (tag == "genre" && number <= good)) return good_reply(tag, number, value, is_second);
      return {{"question", "What?"}, {"answer", "It is a march."}};
    });
    return testing::internal::GetCapturedStderr();
  };
  EXPECT_THAT(warnings(2), testing::Not(HasSubstr("texts of the model hold"))) << "three of five";
  EXPECT_THAT(warnings(1), HasSubstr("only 32 of 80 texts of the model hold: 48 are refused, 48 of these as \"not grounded\""));
}

TEST_F(ModelWriting, ComposersOfTheCollectionAreNamesWhereverTheyStand) {
  write([](const std::string& tag, int number, const std::string& value, bool is_second) -> Json {
    Json text = good_reply(tag, number, value, is_second);
    if (tag == "genre" && number == 1) text["answer"] = "Berg wrote this " + value + ".";
    return text;
  });
  EXPECT_EQ(counts().at("refused"), Json({{"not grounded", clips()}}));
}

TEST_F(ModelWriting, WhereverItStopsTheResultIsTheSameAndNothingIsAskedTwice) {
  write(good_reply);
  const std::string undisturbed = written();
  fs::remove(data() / "requests.jsonl");
  std::atomic<std::size_t> requests = 0;
  std::multiset<std::string> answered;
  ScriptedServer server([&](std::size_t number, const httplib::Request& request, httplib::Response& response) {
    ++requests;
    response.set_header("retry-after-ms", "1");
    if (number % 5 == 1) return void(response.status = 429);
    if (number % 5 == 2) return response.set_content("{\"choices\": [{\"mess", "application/json");
    const std::string content = content_for(Json::parse(request.body), good_reply);
    if (number % 7 == 3) return response.set_content(completion(content.substr(0, 20), "length"), "application/json");
    answered.insert(request.body);
    response.set_content(completion(content), "application/json");
  });
  std::size_t stops = 0;
  for (;; ++stops) {
    ASSERT_LT(stops, 60u);
    try {
      write_by(server, [&] { return requests >= 3 * (stops + 1); });
      break;
    } catch (const net::Stopped&) {
      EXPECT_EQ(written(), undisturbed) << "the dataset before stays";
    }
  }
  EXPECT_GT(stops, 3u);
  EXPECT_EQ(written(), undisturbed);
  EXPECT_EQ(answered.size(), std::set<std::string>(answered.begin(), answered.end()).size());

  config.chat.replay = true;
  config.chat.endpoint = "";
  const auto declared = tags();
  ModelWriter replayed(config, declared, data());
  write_dataset(config.corpus, declared, replayed, data());
  EXPECT_EQ(written(), undisturbed);
  fs::remove(data() / "requests.jsonl");
  ModelWriter without(config, declared, data());
  EXPECT_THAT(error_of([&] { write_dataset(config.corpus, declared, without, data()); }), HasSubstr("was never made"));
}

TEST_F(ModelWriting, ACallThatFailsLeavesTheTemplates) {
  config.chat.tries_for_an_answer = 1;
  ScriptedServer server([&](std::size_t number, const httplib::Request& request, httplib::Response& response) {
    const std::string good = content_for(Json::parse(request.body), good_reply);
    response.set_content(completion(number == 0 ? good : "It is a waltz, of course."), "application/json");
  });
  write_by(server);
  EXPECT_EQ(server.bodies().size(), clips()) << "not asked again while the lines are written";
  EXPECT_EQ(counts().at("failed"), clips() - 1);
  EXPECT_EQ(questions().size(), 5 * clips());
  EXPECT_THAT(check_dataset(data()), IsEmpty());
}

// What is kept of the call before then is not all that the model would say: the clip counts as failed and its texts are asked for once
// more.
TEST_F(ModelWriting, ACallThatFailsOfTheSecondKindIsMadeInTheNextRun) {
  enum Kind { second, verdicts };
  for (const Kind kind : {second, verdicts}) {
    fs::remove(data() / "requests.jsonl");
    config.chat.tries_for_an_answer = 1;
    config.writing.judge = kind == verdicts;
    std::atomic<bool> is_broken = true;
    std::atomic<std::size_t> firsts = 0;
    ScriptedServer server([&](std::size_t, const httplib::Request& request, httplib::Response& response) {
      const Json call = Json::parse(request.body);
      const bool is_second = call.at("messages").size() > 2;
      const auto& schema = call.at("response_format").at("json_schema");
      const bool is_judge = schema.at("name") == "verdicts";
      if (!is_second && !is_judge) ++firsts;
      if (is_broken && (is_second || is_judge)) return response.set_content(completion("Well."), "application/json");
      Json answers = Json::object();
      if (is_judge) {
        for (const auto& [number, verdict] : schema.at("schema").at("properties").items()) answers[number] = "yes";
        return response.set_content(completion(answers.dump()), "application/json");
      }
      const auto reply = [&](const std::string& tag, int number, const std::string& value, bool is_again) {
        const bool is_empty = kind == second && !is_again && tag == "genre" && number == 1;
        return is_empty ? Json({{"question", ""}, {"answer", ""}}) : good_reply(tag, number, value, is_again);
      };
      response.set_content(completion(content_for(call, reply)), "application/json");
    });
    testing::internal::CaptureStderr();
    write_by(server);
    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("about " + std::to_string(clips()) + " clips are not complete"));
    EXPECT_EQ(counts().at("failed"), clips());
    EXPECT_EQ(firsts, clips());
    is_broken = false;
    write_by(server);
    EXPECT_EQ(counts().at("failed"), 0);
    EXPECT_EQ(counts().at("texts"), 5 * clips());
    EXPECT_EQ(firsts, clips()) << "what was answered is not asked again";
    EXPECT_THAT(check_dataset(data()), IsEmpty());
  }
}

TEST_F(ModelWriting, NoDatasetIsOfAServerThatAnswersNothing) {
  config.chat.tries_for_an_answer = 1;
  ScriptedServer server([](std::size_t, const httplib::Request&, httplib::Response& response) {
    response.set_content(completion("It is a waltz, of course."), "application/json");
  });
  EXPECT_THAT(error_of([&] { write_by(server); }),
              HasSubstr("calls was answered, the last for: the answer is not JSON\nthe answers so far are in"));
  EXPECT_LT(server.bodies().size(), clips());
  EXPECT_FALSE(fs::exists(data() / "train.jsonl"));
}

TEST_F(ModelWriting, SaysWhichCallsWait) {
  const auto declared = tags();
  const auto known = known_clips(config.corpus, declared, data());
  const auto waiting = waiting_texts(config, declared, data(), known);
  EXPECT_EQ(waiting.size(), clips());
  const auto bodies = write(good_reply);
  for (const auto& body : bodies) EXPECT_TRUE(waiting.contains(chat::key_of(OrderedJson::parse(body))));
  EXPECT_THAT(waiting_texts(config, declared, data(), known), IsEmpty());
}

}  // namespace
}  // namespace midillama::corpus
