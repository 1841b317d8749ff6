// The page as somebody uses it, opened from a folder in a headless Chromium.
#include "support/browser.h"

#include "midillama/pages/run_page.h"
#include "pages/run_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

namespace midillama::pages {
namespace {

using testing::ElementsAre;
using testing_support::Browser;
using testing_support::Chromedriver;

struct RunPageInBrowserTest : testing::Test, RunWorld {
  void SetUp() override {
    if (!Chromedriver::is_installed())
      GTEST_SKIP() << "there is no chromedriver: Debian's chromium-driver and chromium-headless-shell bring it";
    write_all();
    write_page(page_of_run(run(), {.data_dir = data()}), file());
    // Nothing but the page itself is there.
    std::filesystem::remove_all(data());
    std::filesystem::remove_all(run());
  }
  std::filesystem::path file() const { return folder.path() / "page.html"; }
  void open(int width = 1000, int height = 900) {
    browser.emplace(width, height);
    if (width < 500)
      browser->command("Emulation.setDeviceMetricsOverride",
                       {{"width", width}, {"height", height}, {"deviceScaleFactor", 1}, {"mobile", true}});
    browser->open("file://" + file().string());
    ASSERT_TRUE(browser->waits_for("document.querySelector('#count').textContent"));
  }
  void choose(const std::string& id, const std::string& label) {
    browser->run(
        "const select = document.getElementById(arguments[0]);"
        "select.value = [...select.options].find(({text}) => text === arguments[1]).value;"
        "select.dispatchEvent(new Event('input', {bubbles: true}));",
        {id, label});
  }
  std::string count() { return browser->text("#count"); }
  int shown() { return browser->run("return document.querySelectorAll('#list article').length"); }
  // Pixels of the piano roll that have the colour of a track.
  int note_pixels() {
    return browser->run(
        "const roll = document.getElementById('roll');"
        "const hex = getComputedStyle(document.documentElement).getPropertyValue('--track-0').trim();"
        "const wanted = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));"
        "const { data } = roll.getContext('2d').getImageData(0, 0, roll.width, roll.height);"
        "let count = 0;"
        "for (let i = 0; i < data.length; i += 4) if (wanted.every((value, k) => Math.abs(data[i + k] - value) < 60)) ++count;"
        "return count;");
  }
  std::optional<Browser> browser;
};

TEST_F(RunPageInBrowserTest, OpensFromAFolderWithoutAComplaintOrARequest) {
  open();
  EXPECT_EQ(count(), "12 examples");
  EXPECT_EQ(shown(), 10);
  EXPECT_EQ(
      browser->run("return performance.getEntriesByType('resource').map(({name}) => name).filter((name) => !name.startsWith('data:'))"),
      Json::array());
  EXPECT_EQ(browser->run("return window.ran === undefined"), true) << "a system's answer ran";
  EXPECT_EQ(browser->run("return document.querySelectorAll('.answer p')[2].textContent"), kHostile);
  EXPECT_THAT(browser->console(), ElementsAre());
}

TEST_F(RunPageInBrowserTest, FiltersByTagTextAndRightOrWrong) {
  open();
  choose("tag", "key");
  EXPECT_EQ(count(), "6 of 12 examples");
  EXPECT_EQ(shown(), 6);
  choose("verdict", "wrong");
  EXPECT_EQ(count(), "0 of 12 examples") << "the first system is always right";
  choose("system", "zero music");
  EXPECT_EQ(count(), "6 of 12 examples");
  choose("tag", "all");
  EXPECT_EQ(count(), "6 of 12 examples");
  choose("verdict", "right");
  EXPECT_EQ(browser->run("return [...new Set([...document.querySelectorAll('.chip')].map(({textContent}) => textContent))]"),
            Json({"meter"}));
  choose("verdict", "right or wrong");
  browser->click("#differ");
  EXPECT_EQ(count(), "6 of 12 examples");
  browser->click("#differ");
  browser->type("#search", "WHICH METER");
  EXPECT_EQ(count(), "6 of 12 examples");
  browser->type("#search", " there is none");
  EXPECT_EQ(count(), "0 of 12 examples");
  EXPECT_EQ(shown(), 0);
}

TEST_F(RunPageInBrowserTest, ShowsTheRollOfTheExampleThatIsOpened) {
  open();
  ASSERT_TRUE(browser->waits_for("document.querySelector('#roll').width > 300"));
  browser->waits_for("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))");
  EXPECT_GT(note_pixels(), 500);
  EXPECT_EQ(browser->run("return document.querySelector('#music').closest('article') === document.querySelectorAll('article')[0]"), true);
  browser->run("document.querySelectorAll('article')[2].querySelector('.open').click()");
  EXPECT_EQ(browser->run("return document.querySelector('#music').closest('article') === document.querySelectorAll('article')[2]"), true);
  EXPECT_EQ(browser->run("return document.querySelectorAll('.open[hidden]').length"), 1);
  browser->click("#play");
  ASSERT_TRUE(browser->waits_for("document.querySelector('#position').textContent > '0:00.2'"));
  EXPECT_EQ(browser->text("#play"), "Pause");
  EXPECT_THAT(browser->console(), ElementsAre());
}

TEST_F(RunPageInBrowserTest, TheKeyboardTurnsThePagesAndPlays) {
  open();
  browser->run("document.querySelector('#later').focus()");
  browser->press({"Enter"});
  EXPECT_EQ(shown(), 2);
  EXPECT_EQ(browser->text("#place"), "11–12");
  EXPECT_EQ(browser->run("return document.activeElement.id"), "list");
  browser->run("document.querySelector('#roll').focus()");
  browser->press({"ArrowRight", " "});
  ASSERT_TRUE(browser->waits_for("document.querySelector('#play').textContent === 'Pause'"));
  EXPECT_THAT(browser->console(), ElementsAre());
}

TEST_F(RunPageInBrowserTest, FitsANarrowWindowAndNamesWhatItHas) {
  open(320, 640);
  EXPECT_LE(browser->run("return document.documentElement.scrollWidth").get<int>(), 320);
  EXPECT_EQ(browser->run(
                "return [...document.querySelectorAll('button, select, input')].filter((part) => part.offsetParent && !part.labels?.length"
                " && !part.textContent.trim() && !part.getAttribute('aria-label')).length"),
            0);
  EXPECT_EQ(browser->run("return document.querySelectorAll('h1').length"), 1);
}

}  // namespace
}  // namespace midillama::pages
