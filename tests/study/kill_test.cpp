// A whole study of the paper's size, while its server is killed again and again.
#include "midillama/core/random.h"
#include "midillama/study/report.h"
#include "midillama/study/store.h"
#include "study/study_client.h"
#include "study/study_world.h"
#include "support/browser.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <tuple>
#include <vector>

namespace midillama::study {
namespace {

using testing_support::Browser;
using testing_support::Chromedriver;
using Key = std::tuple<std::string, std::string, std::string>;  // participant, item, criterion

constexpr int kClips = 100, kJudges = 5, kParticipants = 17, kKills = 20;

// Answers whatever the page asks, as fast as it can be answered, and remembers what.
constexpr const char* kJudgeAll = R"js(
  window.cast = {};
  const at = (id) => document.getElementById(id);
  let sent = '';
  setInterval(() => {
    const question = at('question').dataset.of;
    if (at('judge').hidden || !question) return;
    if (at('asked').disabled) {
      if (!at('listen').hidden && at('play').textContent === 'Play') at('play').click();
      return;
    }
    if (question === sent) return;
    sent = question;
    const choice = ['left', 'right', 'undecided'][Math.floor(Math.random() * 3)];
    document.querySelector(`input[value=${choice}]`).checked = true;
    window.cast[question] = choice;
    at('next').click();
    at('next').click();
  }, 10);
)js";

struct SlowStudyKillTest : testing::Test, StudyWorld {
  // The server that is killed has the same port again.
  void kill_and_restart() {
    const int port = server->port();
    server.reset();
    server = std::make_unique<StudyProcess>(study(), port);
  }

  static const std::string& chosen(const Item& item, const std::string& side) {
    static const std::string kNone = "undecided";
    return side == "undecided" ? kNone : item.on(side == "left");
  }

  void remember(const Participant& participant, const std::string& item, const std::string& criterion, const std::string& side) {
    const auto found = std::ranges::find(participant.items, item, &Item::name);
    const std::lock_guard lock(mutex);
    cast[{participant.name, item, criterion}] = chosen(*found, side);
  }

  // Sends again what was not answered.
  Json send(const Participant& participant, const std::string& path, const Json& body) const {
    for (int tries = 0; tries < 600; ++tries) {
      StudyClient client(port, keys.participants.at(participant.name).key);
      const Answered answered = client.post(path, body);
      if (answered.status == 200) return answered.body;
      EXPECT_TRUE(answered.status == 0 || answered.status >= 500) << answered.status << " " << answered.body;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    ADD_FAILURE() << "the server does not come back";
    return Json::object();
  }

  void take_part(const Participant& participant, std::uint64_t seed) {
    Random random(seed);
    Json state = send(participant, "/v1/consent", Json::object());
    while (state.contains("next") && !HasFailure()) {
      const Json next = state.at("next");
      if (!next.at("is_open")) {
        state = send(participant, "/v1/heard", {{"item", next.at("item")}, {"seconds", kClipSeconds}});
        continue;
      }
      const char* side = std::array{"left", "right", "undecided"}[random.below(3)];
      const Json judgment = {{"item", next.at("item")}, {"criterion", next.at("criterion")}, {"choice", side}};
      remember(participant, next.at("item"), next.at("criterion"), side);
      state = send(participant, "/v1/judgments", judgment);
      if (random.below(4) == 0) state = send(participant, "/v1/judgments", judgment);
    }
    EXPECT_EQ(state.value("finish_code", ""), keys.participants.at(participant.name).finish_code);
  }

  // A page that is open goes on whatever becomes of the server; to open it, the server has to be there.
  std::unique_ptr<Browser> open_page(const Participant& participant) const {
    auto browser = std::make_unique<Browser>(800, 900);
    browser->open(fmt::format("http://127.0.0.1:{}/#{}", port, keys.participants.at(participant.name).key));
    EXPECT_TRUE(browser->waits_for("!document.querySelector('#consent').hidden"));
    return browser;
  }

  void take_part_in(Browser& browser, const Participant& participant) {
    browser.click("#agreed");
    browser.click("#agree button");
    browser.run(kJudgeAll);
    bool has_finished = false;
    for (int minutes = 0; minutes < 5 && !has_finished; ++minutes)
      has_finished = browser.waits_for("!document.querySelector('#finished').hidden");
    ASSERT_TRUE(has_finished) << browser.text("#problem") << browser.text("#place");
    EXPECT_EQ(browser.text("#code"), keys.participants.at(participant.name).finish_code);
    const Json answers = browser.run("return window.cast");
    for (const auto& [question, side] : answers.items()) {
      const auto space = question.find(' ');
      remember(participant, question.substr(0, space), question.substr(space + 1), side);
    }
  }

  Keys keys;
  std::unique_ptr<StudyProcess> server;
  int port = 0;
  std::mutex mutex;
  std::map<Key, std::string> cast;
};

TEST_F(SlowStudyKillTest, NothingIsLostAndNothingCountsTwice) {
  const Study made = build(design(kClips, kJudges, kParticipants, 2));
  keys = read_keys(made, study());
  server = std::make_unique<StudyProcess>(study(), 0);
  port = server->port();

  const auto page = Chromedriver::is_installed() ? open_page(made.participants.front()) : nullptr;
  std::atomic<int> left = kParticipants;
  std::vector<std::thread> participants;
  for (std::size_t i = 0; i < made.participants.size(); ++i) {
    participants.emplace_back([&, i] {
      try {
        i == 0 && page ? take_part_in(*page, made.participants[i]) : take_part(made.participants[i], i);
      } catch (const std::exception& error) {
        ADD_FAILURE() << made.participants[i].name << ": " << error.what();
      }
      --left;
    });
  }
  int kills = 0;
  while (left > 0 && kills < kKills) {
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    kill_and_restart();
    ++kills;
  }
  for (std::thread& participant : participants) participant.join();
  EXPECT_GT(kills, 2) << "the study was over before";

  StudyClient admin(port, keys.admin);
  const auto answer = admin.get("/v1/admin/judgments.jsonl");
  ASSERT_TRUE(answer);
  write_atomically(folder.path() / "export.jsonl", answer->body);
  const std::vector<Judgment> exported = read_judgments(folder.path() / "export.jsonl");
  std::map<Key, std::string> kept;
  std::size_t items = 0;
  for (const Judgment& judgment : exported) {
    EXPECT_TRUE(kept.emplace(Key{judgment.participant, judgment.item, judgment.criterion}, judgment.choice).second) << "twice";
    items += judgment.criterion == "overall" && !judgment.is_check() ? 1 : 0;
  }
  EXPECT_EQ(kept, cast);
  EXPECT_EQ(items, 500);
  EXPECT_EQ(exported.size(), made.questions());

  server.reset();  // killed once more: the report reads what is on disk
  const StudyReport report = analyse(made, Store(study(), made).judgments(), false);
  EXPECT_EQ(report.judgments, 2500);
  std::map<std::string, Counts> votes;
  for (const auto& [key, choice] : cast) {
    const auto& [participant, item, criterion] = key;
    const auto& items_of = made.find(participant)->items;
    if (std::ranges::find(items_of, item, &Item::name)->is_check()) continue;
    Counts& counts = votes[criterion];
    ++(choice == "music" ? counts.first : choice == "text" ? counts.second : counts.undecided);
  }
  for (const CriterionReport& row : report.criteria) EXPECT_EQ(row.votes, votes[row.criterion.name]) << row.criterion.name;
}

}  // namespace
}  // namespace midillama::study
