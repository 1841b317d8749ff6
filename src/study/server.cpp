#include "midillama/study/server.h"

#include "midillama/core/json_reader.h"
#include "midillama/core/json_text.h"
#include "midillama/core/utf8_file.h"
#include "midillama/web/page.h"
#include "midillama/web/rate_limit.h"
#include "study/consent.h"
#include "study/names.h"
#include "study/page.h"
#include "study/session.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <functional>
#include <map>
#include <utility>

namespace midillama::study {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kLargestBody = 64 << 10;
constexpr std::size_t kLongestNote = 8000;  // bytes
constexpr double kBurst = 10;               // seconds of requests that may come at once
constexpr double kWrongKeysPerSecond = 5;   // of all clients together
constexpr const char* kJson = "application/json";

Time now() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

Json object_in(const std::string& body) {
  Json json = parse_or_discard(body);
  if (!json.is_object()) throw web::HttpError(400, "the body is no JSON object");
  return json;
}

std::string text_in(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_string()) throw web::HttpError(400, fmt::format("{}: a text is expected", key), key);
  return found->get<std::string>();
}

double seconds_in(const Json& json) {
  const auto found = json.find("seconds");
  const double seconds = found != json.end() && found->is_number() ? found->get<double>() : -1;
  if (!(seconds >= 0)) throw web::HttpError(400, "seconds: a number from 0 on is expected", "seconds");
  return seconds;
}

Answer answer_in(const Json& json) {
  Answer answer = {.item = text_in(json, "item"), .criterion = text_in(json, "criterion"), .side = text_in(json, "choice"), .note = {}};
  if (answer.side != "left" && answer.side != "right" && answer.side != kUndecided)
    throw web::HttpError(400, "choice: left, right or undecided is expected", "choice");
  if (json.contains("note")) answer.note = text_in(json, "note");
  if (answer.note.size() > kLongestNote) throw web::HttpError(400, fmt::format("note: has more than {} bytes", kLongestNote), "note");
  return answer;
}

// No browser and no proxy keeps what is somebody's own.
web::Reply private_reply(std::string body, std::string type = kJson) {
  return {
      .body = std::move(body), .type = std::move(type), .headers = {{"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}}};
}

}  // namespace

struct StudyServer::Implementation {
  Implementation(const fs::path& folder, StudyServerOptions options)
      : study(read_study(folder)),
        keys(read_keys(study, folder)),
        consent(html_of_markdown(read_utf8(folder / kConsentFile))),
        store(folder, study),
        sessions(study, keys, consent, store),
        limit(options.requests_per_second, kBurst * options.requests_per_second),
        http(with_limits(std::move(options.http))) {
    for (const Clip& clip : study.clips) views.push_back(json_text(read_json(view_file(folder, clip))));
    web::add_page(http, web::page_files());
    web::add_page(http, page_files());
    http.get(
        "/health", [](const web::Request&) { return web::Reply{.body = R"({"status":"ok"})"}; }, true);
    add_participants_routes();
    add_admins_routes();
  }

  static web::HttpOptions with_limits(web::HttpOptions options) {
    options.largest_body = kLargestBody;
    options.api_key = "";  // everybody has a key of their own
    return options;
  }

  void add_participants_routes() {
    using Act = std::function<void(const Participant&, const Json&)>;
    const auto add = [this](const char* path, Act act) {
      http.post(path, [this, act = std::move(act)](const web::Request& request) {
        const Participant& participant = participant_of(request);
        act(participant, object_in(request.body));
        return private_reply(json_text(sessions.state(participant, now())));
      });
    };
    add("/v1/state", [](const Participant&, const Json&) {});
    add("/v1/consent", [this](const Participant& participant, const Json&) { sessions.consent(participant, now()); });
    add("/v1/heard", [this](const Participant& participant, const Json& json) {
      sessions.hear(participant, text_in(json, "item"), seconds_in(json), now());
    });
    add("/v1/judgments", [this](const Participant& participant, const Json& json) { sessions.judge(participant, answer_in(json), now()); });
    http.post("/v1/clip", [this](const web::Request& request) {
      const Participant& participant = participant_of(request);
      return private_reply(views[sessions.item(participant, text_in(object_in(request.body), "item")).clip]);
    });
  }

  void add_admins_routes() {
    const auto add = [this](const char* path, const char* type, std::function<std::string()> body) {
      http.get(path, [this, type, body = std::move(body)](const web::Request& request) {
        if (!web::is_same_secret(request.key, keys.admin)) refuse_key();
        return private_reply(body(), type);
      });
    };
    add("/v1/admin/progress", kJson, [this] { return json_text(progress()); });
    add("/v1/admin/judgments.csv", "text/csv; charset=utf-8", [this] { return to_csv(store.judgments()); });
    add("/v1/admin/judgments.jsonl", "application/jsonl", [this] { return to_jsonl(store.judgments()); });
  }

  const Participant& participant_of(const web::Request& request) {
    for (const Participant& participant : study.participants) {
      if (!web::is_same_secret(request.key, keys.participants.at(participant.name).key)) continue;
      limit.take(participant.name);
      return participant;
    }
    refuse_key();
  }

  // Those who have a key are not kept waiting by those who try some.
  [[noreturn]] void refuse_key() {
    wrong_keys.take("");
    throw web::HttpError(401, "this link is not valid").with_header("WWW-Authenticate", "Bearer");
  }

  OrderedJson progress() const {
    const auto all = store.progress();
    std::map<std::string, std::size_t> checks, failed;
    for (const Judgment& judgment : store.judgments()) {
      checks[judgment.participant] += judgment.is_check() ? 1 : 0;
      failed[judgment.participant] += judgment.is_failed_check() ? 1 : 0;
    }
    OrderedJson participants = OrderedJson::array();
    std::size_t judged = 0;
    for (const Participant& participant : study.participants) {
      const auto found = all.find(participant.name);
      const Progress own = found == all.end() ? Progress{} : found->second;
      std::size_t of = 0;
      for (const Item& item : participant.items) of += item.criteria.size();
      judged += own.judged.size();
      participants.push_back({{"participant", participant.name},
                              {"key", keys.participants.at(participant.name).key},
                              {"finish_code", keys.participants.at(participant.name).finish_code},
                              {"consented", own.consented == 0 ? OrderedJson() : OrderedJson(text_of(own.consented))},
                              {"last", own.last == 0 ? OrderedJson() : OrderedJson(text_of(own.last))},
                              {"judged", own.judged.size()},
                              {"of", of},
                              {"checks", checks[participant.name]},
                              {"failed_checks", failed[participant.name]}});
    }
    return {{"title", study.title}, {"judged", judged}, {"of", study.questions()}, {"participants", participants}};
  }

  Study study;
  Keys keys;
  std::string consent;  // HTML
  Store store;
  Sessions sessions;
  std::vector<std::string> views;  // JSON, by clip
  web::RateLimit limit;
  web::RateLimit wrong_keys{kWrongKeysPerSecond, kBurst* kWrongKeysPerSecond};
  web::HttpServer http;
};

StudyServer::StudyServer(const fs::path& folder, StudyServerOptions options)
    : implementation_(std::make_unique<Implementation>(folder, std::move(options))) {}

StudyServer::~StudyServer() = default;

const Study& StudyServer::study() const {
  return implementation_->study;
}

int StudyServer::bind() {
  return implementation_->http.bind();
}

void StudyServer::serve() {
  implementation_->http.serve();
}

}  // namespace midillama::study
