// A headless Chromium that a test drives: WebDriver over HTTP, spoken to chromedriver.
#pragma once

#include "midillama/core/base64.h"
#include "midillama/core/file.h"

#include <fmt/format.h>
#include <httplib.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace midillama::testing_support {

// chromedriver at a port of its own. It ends with the object, or with the test program.
class Chromedriver {
 public:
  static constexpr const char* kDriver = "/usr/bin/chromedriver";
  // Not the script of this name in /usr/bin, which leaves processes of the browser after its end.
  static constexpr const char* kBrowser = "/usr/lib/chromium/chromium-headless-shell";

  static bool is_installed() { return std::filesystem::exists(kDriver) && std::filesystem::exists(kBrowser); }

  // It takes a free port of IPv4 and then the same one of IPv6, which another program may have by then: then it is started again.
  Chromedriver() {
    for (int tries = 0; tries < kTries && !start(); ++tries) stop();
    if (port_ == 0) throw std::runtime_error("chromedriver does not start");
  }
  ~Chromedriver() { stop(); }
  Chromedriver(const Chromedriver&) = delete;
  Chromedriver& operator=(const Chromedriver&) = delete;

  int port() const { return port_; }

 private:
  static constexpr int kTries = 5;

  bool start() {
    int out[2];
    if (::pipe(out) != 0) throw std::runtime_error("no pipe can be had");
    process_ = ::fork();
    if (process_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::setpgid(0, 0);
      ::dup2(out[1], STDOUT_FILENO);
      ::execl(kDriver, kDriver, "--port=0", nullptr);
      ::_exit(127);
    }
    ::close(out[1]);
    output_ = ::fdopen(out[0], "r");
    char line[512];
    while (port_ == 0 && std::fgets(line, sizeof(line), output_) != nullptr)
      std::sscanf(line, "ChromeDriver was started successfully on port %d", &port_);
    return port_ != 0;
  }
  void stop() {
    if (process_ <= 0) return;
    ::kill(-process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    std::fclose(output_);
    process_ = 0;
  }

  pid_t process_ = 0;
  std::FILE* output_ = nullptr;
  int port_ = 0;
};

// A window, and what somebody does in it. Elements are named by CSS selectors.
class Browser {
 public:
  Browser(int width, int height) : client_("127.0.0.1", driver_.port()) {
    client_.set_read_timeout(120);
    const std::vector<std::string> arguments = {"--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                                                fmt::format("--window-size={},{}", width, height)};
    const Json options = {{"binary", Chromedriver::kBrowser}, {"args", arguments}};
    const Json wanted = {{"browserName", "chrome"}, {"goog:chromeOptions", options}, {"goog:loggingPrefs", {{"browser", "ALL"}}}};
    session_ = "/session/" + send("/session", {{"capabilities", {{"alwaysMatch", wanted}}}}).at("sessionId").get<std::string>();
  }
  ~Browser() { client_.Delete(session_); }
  Browser(const Browser&) = delete;
  Browser& operator=(const Browser&) = delete;

  void open(const std::string& url) { send(session_ + "/url", {{"url", url}}); }
  // The body of a function; what it returns.
  Json run(const std::string& script, const Json& arguments = Json::array()) {
    return send(session_ + "/execute/sync", {{"script", script}, {"args", arguments}});
  }
  // Whether the expression comes true within a minute.
  bool waits_for(const std::string& expression) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!run("return Boolean(" + expression + ")").get<bool>()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(30));
    }
    return true;
  }
  std::string text(const std::string& selector) { return run("return document.querySelector(arguments[0]).textContent", {selector}); }
  std::string value(const std::string& selector) { return run("return document.querySelector(arguments[0]).value", {selector}); }
  void click(const std::string& selector) { send(at(selector, "click"), Json::object()); }
  // Into a field; for one of files: a path.
  void type(const std::string& selector, const std::string& keys) { send(at(selector, "value"), {{"text", keys}}); }

  // Keys to what has the focus: "a", "Enter", "Shift+ArrowRight".
  void press(const std::vector<std::string>& chords) {
    Json steps = Json::array();
    for (const std::string& chord : chords) {
      std::vector<std::string> keys;
      for (std::size_t from = 0, plus = 0; plus != std::string::npos; from = plus + 1) {
        plus = chord.find('+', from + 1);
        keys.push_back(key_code(chord.substr(from, plus == std::string::npos ? plus : plus - from)));
      }
      for (const auto& key : keys) steps.push_back({{"type", "keyDown"}, {"value", key}});
      for (auto key = keys.rbegin(); key != keys.rend(); ++key) steps.push_back({{"type", "keyUp"}, {"value", *key}});
    }
    perform({{"type", "key"}, {"id", "keyboard"}, {"actions", steps}});
  }
  // With the mouse, between two points of the window.
  void drag(int from_x, int from_y, int to_x, int to_y) {
    const auto move = [](int x, int y) { return Json{{"type", "pointerMove"}, {"duration", 50}, {"x", x}, {"y", y}}; };
    const Json down = {{"type", "pointerDown"}, {"button", 0}}, up = {{"type", "pointerUp"}, {"button", 0}};
    const Json steps = {move(from_x, from_y), down, move((from_x + to_x) / 2, from_y), move(to_x, to_y), up};
    perform({{"type", "pointer"}, {"id", "mouse"}, {"parameters", {{"pointerType", "mouse"}}}, {"actions", steps}});
  }
  // A command of the browser's own protocol.
  void command(const std::string& name, const Json& parameters) {
    send(session_ + "/goog/cdp/execute", {{"cmd", name}, {"params", parameters}});
  }
  // Messages of the console since the last call.
  std::vector<std::string> console() {
    std::vector<std::string> messages;
    for (const Json& entry : send(session_ + "/se/log", {{"type", "browser"}})) messages.push_back(entry.at("message"));
    return messages;
  }
  // A PNG file.
  std::string screenshot() {
    const auto result = client_.Get(session_ + "/screenshot");
    return from_base64(Json::parse(result->body).at("value").get<std::string>()).value();
  }

 private:
  static std::string key_code(const std::string& name) {
    static const std::map<std::string, std::string> kCodes = {
        {"Tab", "\uE004"},     {"Enter", "\uE007"},      {"Shift", "\uE008"},    {"Control", "\uE009"}, {"Escape", "\uE00C"},
        {"PageUp", "\uE00E"},  {"PageDown", "\uE00F"},   {"End", "\uE010"},      {"Home", "\uE011"},    {"ArrowLeft", "\uE012"},
        {"ArrowUp", "\uE013"}, {"ArrowRight", "\uE014"}, {"ArrowDown", "\uE015"}};
    const auto found = kCodes.find(name);
    return found == kCodes.end() ? name : found->second;
  }

  std::string at(const std::string& selector, const std::string& action) {
    const Json element = send(session_ + "/element", {{"using", "css selector"}, {"value", selector}});
    return fmt::format("{}/element/{}/{}", session_, element.begin()->get<std::string>(), action);
  }
  void perform(const Json& source) { send(session_ + "/actions", {{"actions", Json::array({source})}}); }
  Json send(const std::string& path, const Json& body) {
    const auto result = client_.Post(path, body.dump(), "application/json");
    if (!result) throw std::runtime_error("chromedriver does not answer");
    const Json value = Json::parse(result->body).at("value");
    if (result->status != 200) throw std::runtime_error(value.at("message").get<std::string>());
    return value;
  }

  Chromedriver driver_;
  httplib::Client client_;
  std::string session_;
};

}  // namespace midillama::testing_support
