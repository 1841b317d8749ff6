// The page as somebody uses it, in a headless Chromium.
#include "midillama/serve/example_clips.h"
#include "serve/served_world.h"
#include "support/browser.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace midillama::serve {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing_support::Browser;
using testing_support::Chromedriver;

constexpr double kLastNoteEnds = 3.958;  // seconds of test-0.mid: 16 notes, 240 ticks apart, 200 long

struct PageTest : testing::Test, ServedWorld {
  void SetUp() override {
    if (!Chromedriver::is_installed())
      GTEST_SKIP() << "there is no chromedriver: Debian's chromium-driver and chromium-headless-shell bring it";
    options.limits.max_new_tokens = 20;
    options.examples = example_clips(world.config.data.dir, 3);
  }
  void open(int width = 1280, int height = 900) {
    start();
    browser.emplace(width, height);
    browser->open(fmt::format("http://127.0.0.1:{}/", port));
  }
  void open_with_clip(int width = 1280, int height = 900) {
    open(width, height);
    choose(clip_file());
  }
  void choose(const std::string& file) {
    browser->type("#file", file);
    ASSERT_TRUE(browser->waits_for(kIsShown));
  }
  void ask(const std::string& question) {
    browser->type("#question", question);
    browser->click("#send");
  }
  void wait_for_answer() { ASSERT_TRUE(browser->waits_for("!document.querySelector('.turn[aria-busy]')")); }
  void ask_too_long_a_question() {
    std::string words;
    for (int i = 0; i < 300; ++i) words += "reel ";
    browser->run("document.querySelector('#question').value = arguments[0]", {words});
    browser->click("#send");
    wait_for_answer();
    EXPECT_THAT(browser->text(".failed .note"), HasSubstr("prompts may have"));
  }
  // Requests of the page from now on are kept in `sent`.
  void record_requests() {
    browser->run("window.sent = []; const real = fetch; window.fetch = (path, init) => (sent.push([path, init.body]), real(path, init));");
  }
  Json sent_to(const std::string& path, int index) {
    return Json::parse(
        browser->run("return sent.filter(([to]) => to === arguments[0])[arguments[1]][1]", {path, index}).get<std::string>());
  }
  double number(const std::string& selector) { return std::stod(browser->value(selector)); }
  std::string label() { return browser->run("return document.querySelector('#roll').getAttribute('aria-label')"); }
  // Colours that a canvas has.
  int colours(const std::string& canvas) {
    return browser->run(
        "const c = document.querySelector(arguments[0]);"
        "return new Set(new Uint32Array(c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer)).size",
        {canvas});
  }
  int x_of(double time) {
    return static_cast<int>(browser
                                ->run("const box = document.querySelector('#layers').getBoundingClientRect();"
                                      "return box.left + 44 + (box.width - 60) * arguments[0] / arguments[1]",
                                      {time, kLastNoteEnds})
                                .get<double>());
  }
  int middle_of_roll() {
    return static_cast<int>(
        browser->run("const box = document.querySelector('#layers').getBoundingClientRect(); return (box.top + box.bottom) / 2")
            .get<double>());
  }

  static constexpr const char* kIsShown = "!document.querySelector('#viewer').hidden";
  static constexpr const char* kIsPlaying = "document.querySelector('#play').textContent === 'Pause'";
  std::optional<Browser> browser;
};

TEST_F(PageTest, LoadsWithoutAComplaintAndFromNowhereElse) {
  open();
  ASSERT_TRUE(browser->waits_for("document.querySelector('#example-list').children.length"));
  EXPECT_EQ(browser->text("#model"), "tiny");
  EXPECT_EQ(browser->run("return document.querySelector('#examples').options.length"), 4);
  EXPECT_EQ(browser->run("return performance.getEntriesByType('resource').map(({name}) => name)"
                         ".filter((name) => !name.startsWith(location.origin + '/'))"),
            Json::array());
  browser->click("#example-list button");
  ASSERT_TRUE(browser->waits_for(kIsShown));
  EXPECT_EQ(browser->text("#title"), "test 0");
  EXPECT_THAT(browser->console(), ElementsAre());
}

TEST_F(PageTest, AFileIsChosenOrDroppedAndDrawn) {
  open_with_clip();
  EXPECT_THAT(label(), HasSubstr("4.0 s, 2 bars, 1 track, 16 notes, E2 to G3"));
  ASSERT_TRUE(browser->waits_for("document.querySelector('#roll').width > 300"));
  browser->run("return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))");
  EXPECT_GT(colours("#roll"), 20);
  EXPECT_THAT(browser->text("#tracks"), HasSubstr("Grand piano"));
  const auto other = read_bytes(world.path("data/clips/test-3.mid"));
  browser->run(
      "const data = new DataTransfer();"
      "data.items.add(new File([Uint8Array.from(atob(arguments[0]), (c) => c.charCodeAt(0))], 'dropped.mid'));"
      "for (const type of ['dragenter', 'dragover', 'drop'])"
      "  document.body.dispatchEvent(new DragEvent(type, {dataTransfer: data, bubbles: true, cancelable: true}));",
      {to_base64({reinterpret_cast<const char*>(other.data()), other.size()})});
  ASSERT_TRUE(browser->waits_for("document.querySelector('#title').textContent === 'dropped'"));
  EXPECT_THAT(label(), HasSubstr("19 notes"));
  EXPECT_FALSE(browser->run("return document.body.classList.contains('dragging')").get<bool>());
}

TEST_F(PageTest, WhatIsNoMidiFileIsSaidAndWhatWasOpenStays) {
  open_with_clip();
  write_atomically(world.path("notes.txt"), "no music");
  browser->type("#file", world.path("notes.txt"));
  ASSERT_TRUE(browser->waits_for("document.querySelector('#file-status').textContent"));
  EXPECT_THAT(browser->text("#file-status"), HasSubstr("only MIDI files can be heard"));
  EXPECT_THAT(label(), HasSubstr("16 notes"));
}

TEST_F(PageTest, PlayingMovesTheCursorUntilItPauses) {
  open_with_clip();
  const auto position = [&] { return browser->text("#position"); };
  EXPECT_EQ(position(), "0:00.0 / 0:04.0 · bar 1");
  browser->click("#play");
  ASSERT_TRUE(browser->waits_for(kIsPlaying));
  ASSERT_TRUE(browser->waits_for("document.querySelector('#position').textContent > '0:00.5'"));
  browser->click("#play");
  EXPECT_EQ(browser->text("#play"), "Play");
  const std::string paused = position();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(position(), paused);
  browser->run("document.querySelector('#roll').focus()");
  browser->press({"Home", " "});
  ASSERT_TRUE(browser->waits_for("document.querySelector('#position').textContent > '0:03.0'"));
  ASSERT_TRUE(browser->waits_for("document.querySelector('#play').textContent === 'Play'")) << "the end of the piece";
  EXPECT_THAT(position(), testing::StartsWith("0:00.0"));
}

TEST_F(PageTest, AMarkedPassageIsPlayedAgainAndAgain) {
  open_with_clip();
  browser->run("document.querySelector('#roll').focus()");
  browser->press({"PageDown", "Shift+ArrowRight", "l", " "});
  EXPECT_EQ(browser->run("return document.querySelector('#loop').getAttribute('aria-pressed')"), "true");
  ASSERT_TRUE(browser->waits_for(kIsPlaying));
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(browser->waits_for("document.querySelector('#position').textContent.startsWith('0:02.4')"));
    ASSERT_TRUE(browser->waits_for("document.querySelector('#position').textContent.startsWith('0:02.1')"));
  }
  browser->press({" "});
  EXPECT_EQ(browser->text("#play"), "Play");
}

TEST_F(PageTest, APassageIsMarkedByKeysByThePointerAndInNumbers) {
  open_with_clip();
  browser->run("document.querySelector('#roll').focus()");
  browser->press({"ArrowRight", "ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight"});
  EXPECT_EQ(number("#start"), 1);
  EXPECT_EQ(number("#duration"), 1);
  EXPECT_THAT(label(), HasSubstr("Passage: bar 1 (1.0 s to 2.0 s), 4 notes"));
  EXPECT_THAT(browser->text("#status"), HasSubstr("4 notes"));
  browser->press({"Escape"});
  EXPECT_EQ(number("#start"), 0);
  EXPECT_THAT(label(), HasSubstr("the whole piece"));

  browser->drag(x_of(0.52), middle_of_roll(), x_of(2.48), middle_of_roll());
  EXPECT_EQ(number("#start"), 0.5) << "beats attract";
  EXPECT_EQ(number("#duration"), 2);
  EXPECT_THAT(browser->text("#passage"), HasSubstr("bars 1–2"));

  browser->run(
      "for (const [id, value] of [['start', '1.25'], ['duration', '0.5']]) {"
      "  const field = document.getElementById(id); field.value = value; field.dispatchEvent(new Event('change'));"
      "}");
  EXPECT_THAT(browser->text("#passage"), HasSubstr("(1.3 s to 1.8 s), 2 notes"));
  browser->click("#whole");
  EXPECT_EQ(number("#duration"), std::round(kLastNoteEnds * 100) / 100);
}

TEST_F(PageTest, AnAnswerStreamsInAndQuestionsFollowIt) {
  open_with_clip();
  record_requests();
  ask("Which dance is it?");
  wait_for_answer();
  const std::string answer = browser->text(".answer");
  const Json first = sent_to("/v1/chat/completions", 0);
  EXPECT_EQ(first.at("stream"), true);
  Json whole = first;
  whole.erase("stream");
  const auto result = post("/v1/chat/completions", whole);
  EXPECT_EQ(Json::parse(result->body).at("choices")[0].at("message").at("content"), answer);
  EXPECT_FALSE(answer.empty());
  EXPECT_THAT(browser->text("#status"), HasSubstr(answer));

  browser->click("#suggestions button");
  wait_for_answer();
  const Json messages = sent_to("/v1/chat/completions", 1).at("messages");
  ASSERT_EQ(messages.size(), 3u);
  EXPECT_EQ(messages[0], first.at("messages")[0]) << "the clip is in the first turn";
  EXPECT_EQ(messages[1], (Json{{"role", "assistant"}, {"content", answer}}));
  EXPECT_EQ(messages[2].at("content"), browser->text("#suggestions button"));

  browser->run("document.querySelector('#roll').focus()");
  browser->press({"ArrowRight", "Shift+ArrowRight"});
  ask("And this?");
  wait_for_answer();
  const Json of_passage = sent_to("/v1/chat/completions", 2).at("messages");
  ASSERT_EQ(of_passage.size(), 1u) << "another passage, another conversation";
  EXPECT_EQ(of_passage[0].at("content")[0].at("clip").at("start"), 0.5);
  EXPECT_EQ(of_passage[0].at("content")[0].at("clip").at("duration"), 0.5);
  EXPECT_EQ(browser->run("return document.querySelectorAll('.about').length"), 2);
}

TEST_F(PageTest, AClipThatTheServerForgotIsSentAgain) {
  open_with_clip();
  browser->run(
      "const real = fetch; let forgot = false; window.fetch = (path, init) => {"
      "  if (path === '/v1/chat/completions' && !forgot) {"
      "    forgot = true; init.body = init.body.replace(/clip-[0-9a-f]+/, 'clip-gone');"
      "  }"
      "  return real(path, init);"
      "};");
  ask("Which dance is it?");
  wait_for_answer();
  EXPECT_THAT(browser->text(".answer"), Not(testing::IsEmpty()));
  EXPECT_EQ(browser->text(".note"), "");
}

TEST_F(PageTest, AnAnswerIsStopped) {
  open_with_clip();
  browser->run(
      "window.fetch = async (path, {signal}) => new Response(new ReadableStream({start(controller) {"
      "  controller.enqueue(new TextEncoder().encode('data: {\"choices\":[{\"delta\":{\"content\":\"It is a\"}}]}\\n\\n'));"
      "  signal.addEventListener('abort', () => controller.error(new DOMException('', 'AbortError')));"
      "}}));");
  ask("Which dance is it?");
  ASSERT_TRUE(browser->waits_for("document.querySelector('.answer').textContent"));
  browser->click("#stop");
  wait_for_answer();
  EXPECT_EQ(browser->text(".answer"), "It is a");
  EXPECT_EQ(browser->text(".note"), "Stopped.");
  EXPECT_TRUE(browser->run("return document.querySelector('#stop').hidden").get<bool>());
}

TEST_F(PageTest, RefusalsAreSaid) {
  open_with_clip();
  ask_too_long_a_question();
  EXPECT_THAT(browser->text("#status"), HasSubstr("prompts may have"));
  browser->run("document.querySelector('#question').value = ''");
  stop();
  ask("Which dance is it?");
  wait_for_answer();
  EXPECT_THAT(browser->text(".turn:last-child .note"), HasSubstr("The server does not answer"));
  EXPECT_EQ(browser->value("#question"), "Which dance is it?") << "to be asked again";
}

TEST_F(PageTest, NothingIsAskedBeforeThereIsMusic) {
  open();
  const auto enabled = [&] {
    return browser->run("return [...document.querySelectorAll('#ask button, textarea')].filter((e) => !e.matches(':disabled')).length");
  };
  EXPECT_EQ(enabled(), 0);
  EXPECT_FALSE(browser->run("return document.querySelector('#how').hidden").get<bool>());
  EXPECT_THAT(browser->text("#how"), HasSubstr("Open a MIDI file or an example first"));
  choose(clip_file());
  EXPECT_GT(enabled(), 3);
  EXPECT_TRUE(browser->run("return document.querySelector('#how').hidden").get<bool>());
}

TEST_F(PageTest, ALongConversationGoesOnWithoutItsOldestQuestions) {
  open_with_clip();
  record_requests();
  constexpr std::size_t kQuestions = 8;
  for (std::size_t i = 0; i < kQuestions; ++i) {
    ask("Which dance is it?");
    wait_for_answer();
  }
  const auto last_messages = [&] {
    return sent_to("/v1/chat/completions", browser->run("return sent.length - 1").get<int>()).at("messages");
  };
  const auto is_said = HasSubstr("Earlier questions were left out");
  EXPECT_EQ(browser->run("return document.querySelectorAll('.failed').length"), 0);
  EXPECT_EQ(browser->text(".note"), "");
  EXPECT_THAT(browser->text(".turn:last-child .note"), is_said);
  EXPECT_THAT(browser->text("#status"), is_said);
  const Json messages = last_messages();
  EXPECT_GT(messages.size(), 1u);
  EXPECT_LT(messages.size(), 2 * kQuestions - 1);
  EXPECT_EQ(messages[0].at("content")[0].at("type"), "clip");

  ask_too_long_a_question();
  EXPECT_EQ(last_messages().size(), 1u);
  browser->run("document.querySelector('#question').value = ''");
  ask("Which dance is it?");
  wait_for_answer();
  EXPECT_GT(last_messages().size(), 1u) << "a question that fails ends no conversation";

  browser->run("window.fetch = async () => new Response('{\"notes\": [{\"start\": 0, \"end\": 1, \"pitch\": 40, \"left_out\": 0.5}]}');");
  browser->click(".turn:last-child .explain");
  ASSERT_TRUE(browser->waits_for("!document.querySelector('#heat').hidden"));
  EXPECT_THAT(browser->text(".turn:last-child .note"), is_said);
}

TEST_F(PageTest, ABusyServerIsAskedAgain) {
  options.engine.most_answers = 0;
  open_with_clip();
  record_requests();
  ask("Which dance is it?");
  ASSERT_TRUE(browser->waits_for("document.querySelector('.note').textContent"));
  EXPECT_THAT(browser->text(".note"), HasSubstr("Trying again in 1 s"));
  ASSERT_TRUE(browser->waits_for("sent.length > 1"));
  browser->click("#stop");
  wait_for_answer();
  EXPECT_EQ(browser->text(".note"), "Stopped.");
}

TEST_F(PageTest, AKeyIsAskedFor) {
  options.http.api_key = "secret";
  open();
  ASSERT_TRUE(browser->waits_for("document.querySelector('#key-dialog').open"));
  browser->type("#key", "wrong");
  browser->press({"Enter"});
  ASSERT_TRUE(browser->waits_for("document.querySelector('#key-dialog').open && !document.querySelector('#key-wrong').hidden"));
  browser->type("#key", "secret");
  browser->press({"Enter"});
  ASSERT_TRUE(browser->waits_for("document.querySelector('#model').textContent === 'tiny'"));
  EXPECT_FALSE(browser->run("return document.querySelector('#key-dialog').open").get<bool>());
}

TEST_F(PageTest, EverythingCanBeDoneFromTheKeyboard) {
  open();
  ASSERT_TRUE(browser->waits_for("document.querySelector('#example-list').children.length"));
  const auto tab_to = [&](const std::string& selector) {
    const auto is_there = [&] { return browser->run("return document.activeElement.matches(arguments[0])", {selector}).get<bool>(); };
    for (int i = 0; i < 40 && !is_there(); ++i) browser->press({"Tab"});
    EXPECT_TRUE(is_there()) << selector;
  };
  tab_to("#example-list button");
  browser->press({"Enter"});
  ASSERT_TRUE(browser->waits_for(kIsShown));
  tab_to("#play");
  tab_to("#roll");
  browser->press({"Shift+ArrowRight", "Shift+ArrowRight", "+", "-"});
  EXPECT_EQ(number("#duration"), 1);
  tab_to("#question");
  browser->press({"W", "h", "y", "?", "Enter"});
  wait_for_answer();
  EXPECT_EQ(browser->text(".asked"), "Why?");
  EXPECT_EQ(browser->run("return document.activeElement.id"), "question");
}

TEST_F(PageTest, TheHeatIsTheModelsOwn) {
  open_with_clip();
  ask("Which dance is it?");
  wait_for_answer();
  record_requests();
  browser->click(".explain");
  ASSERT_TRUE(browser->waits_for("!document.querySelector('#heat').hidden"));
  const Json explanation = Json::parse(post("/v1/explanations", sent_to("/v1/explanations", 0))->body);
  EXPECT_EQ(explanation.at("answer"), browser->text(".answer"));
  const auto carried = [](const Json& note) { return std::abs(note.at("left_out").get<double>()); };
  const Json most = std::ranges::max(explanation.at("notes"), {}, carried);
  EXPECT_THAT(browser->text("#heat-list"), HasSubstr(fmt::format("at {:.1f} s", most.at("start").get<double>())));
}

TEST_F(PageTest, NotesThatAnAnswerRestsOnAreShownWithWords) {
  open_with_clip();
  ask("Which dance is it?");
  wait_for_answer();
  browser->run(
      "window.fetch = async (path, init) => (window.asked = JSON.parse(init.body), new Response(JSON.stringify({notes: ["
      "{start: 0, end: 0.2, pitch: 40, left_out: 0.5}, {start: 0.25, end: 0.4, pitch: 41, left_out: -0.25}]})));");
  browser->click(".explain");
  ASSERT_TRUE(browser->waits_for("!document.querySelector('#heat').hidden"));
  EXPECT_EQ(browser->text("#heat-list"), "Most: E2 at 0.0 s (+0.50), F2 at 0.3 s (−0.25).");
  EXPECT_EQ(browser->run("return asked.answer"), browser->text(".answer"));
  EXPECT_EQ(browser->run("return asked.messages.length"), 1);
  browser->click("#heat-close");
  EXPECT_TRUE(browser->run("return document.querySelector('#heat').hidden").get<bool>());
}

TEST_F(PageTest, NoNotesAreOfferedWhereTheServerDoesNotExplain) {
  options.explains = false;
  open_with_clip();
  ask("Which dance is it?");
  wait_for_answer();
  EXPECT_THAT(browser->text(".answer"), Not(testing::IsEmpty()));
  EXPECT_EQ(browser->run("return document.querySelectorAll('.turn button').length"), 0);
}

TEST_F(PageTest, APhoneShowsItAllWithoutScrollingSideways) {
  open_with_clip(390, 844);
  ask("Which dance is it?");
  wait_for_answer();
  EXPECT_TRUE(browser->run("return document.documentElement.scrollWidth <= innerWidth").get<bool>());
  EXPECT_EQ(browser->run("return [...document.querySelectorAll('section button, section input, section select, textarea')]"
                         ".filter((e) => e.getBoundingClientRect().right > e.closest('section').getBoundingClientRect().right)"
                         ".map((e) => e.id)"),
            Json::array());
}

TEST_F(PageTest, LongNamesOfExamplesFitANarrowScreen) {
  options.examples.at(0).name = "The Air That Has a Long Name as They Have in the Tunebooks of Northumberland.mid";
  options.examples.at(1).name = std::string(80, 'x');
  open(360, 640);
  ASSERT_TRUE(browser->waits_for("document.querySelector('#example-list').children.length"));
  ASSERT_EQ(browser->run("return innerWidth"), 360);
  EXPECT_TRUE(browser->run("return document.documentElement.scrollWidth <= innerWidth").get<bool>());
  EXPECT_EQ(browser->run("const edge = document.querySelector('#welcome').getBoundingClientRect();"
                         "return [...document.querySelectorAll('#example-list button')].filter((button) => {"
                         "  const box = button.getBoundingClientRect();"
                         "  return button.scrollWidth > button.clientWidth || box.left < edge.left || box.right > edge.right;"
                         "}).map((button) => button.textContent)"),
            Json::array());
}

TEST_F(PageTest, DarkAndLightAreFollowed) {
  open_with_clip();
  const auto background = [&] { return browser->run("return getComputedStyle(document.body).backgroundColor").get<std::string>(); };
  const auto in_scheme = [&](const std::string& scheme) {
    const Json feature = {{"name", "prefers-color-scheme"}, {"value", scheme}};
    browser->command("Emulation.setEmulatedMedia", {{"features", Json::array({feature})}});
    return background();
  };
  const std::string light = in_scheme("light");
  EXPECT_NE(in_scheme("dark"), light);
  EXPECT_EQ(in_scheme("light"), light);
}

TEST_F(PageTest, ManyNotesStayFluid) {
  midi::Score score;
  score.instruments.push_back({0, false, "", {}});
  for (int i = 0; i < 200'000; ++i)
    score.instruments[0].notes.push_back({{i * 30}, {i * 30 + 60}, static_cast<std::uint8_t>(30 + i * 7 % 70), 80});
  midi::write_midi(score, world.path("large.mid"));
  open();
  choose(world.path("large.mid"));
  EXPECT_THAT(label(), HasSubstr("200,000 notes"));
  browser->click("#zoom-in");
  const double slowest = browser->run(
      "return (async () => { let slowest = 0; for (let i = 0; i < 10; ++i) {"
      "  const before = performance.now(); document.querySelector('#zoom-in').click();"
      "  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));"
      "  slowest = Math.max(slowest, performance.now() - before); } return slowest; })()");
  EXPECT_LT(slowest, 2000) << "milliseconds from a press to a drawn view";
}

}  // namespace
}  // namespace midillama::serve
