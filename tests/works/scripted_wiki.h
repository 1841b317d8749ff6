// A MediaWiki of a test's own pages on the loopback, which answers as the API does on SQLite: all words must be there as they are written.
#pragma once

#include "midillama/core/file.h"
#include "midillama/works/words.h"
#include "support/scripted_server.h"

#include <algorithm>
#include <functional>
#include <mutex>
#include <optional>
#include <regex>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace midillama::testing_support {

struct WikiPage {
  std::string title;
  std::string text;
  bool is_list = false;  // as its extension Disambiguator marks it
};

class ScriptedWiki {
 public:
  // Called before each answer: whether it has made another one. `number` counts the requests from 0.
  using Fault = std::function<bool(std::size_t number, const httplib::Request& request, httplib::Response& response)>;

  explicit ScriptedWiki(std::vector<WikiPage> pages)
      : pages_(std::move(pages)), server_([this](std::size_t number, const httplib::Request& request, httplib::Response& response) {
          targets_.push_back(request.target);
          agents_.insert(request.get_header_value("User-Agent"));
          if (!fault || !fault(number, request, response)) answer(request, response);
        }) {}

  std::string url() const { return server_.url(); }
  std::string endpoint() const { return url() + "/w/api.php"; }

  // Set between requests only.
  Fault fault = nullptr;
  bool has_extracts = true;
  std::set<std::size_t> without_extract = {};  // numbers of pages of which TextExtracts tells the opening, and not the text
  std::optional<std::string> robots = {};
  std::set<std::size_t> gone = {};  // numbers of pages that a search finds and nobody can read

  const std::vector<std::string>& targets() const { return targets_; }
  const std::set<std::string>& agents() const { return agents_; }
  void forget() { targets_.clear(); }

 private:
  static std::string opening(const std::string& text) { return text.substr(0, text.find("\n\n\n==")); }

  void answer(const httplib::Request& request, httplib::Response& response) const {
    if (request.path == "/robots.txt") {
      if (robots) return response.set_content(*robots, "text/plain");
      response.status = 404;
      return response.set_content("<html>", "text/html");
    }
    const auto get = [&](const char* name) { return request.get_param_value(name); };
    if (request.path != "/w/api.php" || get("format") != "json" || get("formatversion") != "2" || get("maxlag") != "5") {
      response.status = 404;
      return;
    }
    Json json = get("generator") == "search" && get("gsrwhat") == "text" ? search(get("gsrsearch"))
                : get("action") == "query"                               ? extract(std::stoul(get("pageids")))
                                                                         : parsed(std::stoul(get("pageid")));
    response.set_content(json.dump(), "application/json");
  }

  Json search(const std::string& words) const {
    Json found = Json::array();
    for (std::size_t i = 0; i < pages_.size(); ++i) {
      std::set<std::string> known;
      for (const auto& word : works::words_of(pages_[i].title + " " + pages_[i].text)) known.insert(word.text);
      const auto wanted = works::words_of(words);
      if (!std::ranges::all_of(wanted, [&](const auto& word) { return known.contains(word.text); })) continue;
      Json page = {{"pageid", i + 1},
                   {"ns", 0},
                   {"title", pages_[i].title},
                   {"index", found.size() + 1},
                   {"fullurl", url() + "/w/" + std::to_string(i + 1)}};
      if (has_extracts) page["extract"] = opening(pages_[i].text);
      if (pages_[i].is_list) page["pageprops"] = {{"disambiguation", ""}};
      found.insert(found.begin(), page);  // not in the order of their indexes
    }
    return found.empty() ? Json{{"batchcomplete", true}} : Json{{"batchcomplete", true}, {"query", {{"pages", found}}}};
  }

  Json extract(std::size_t id) const {
    Json page = {{"pageid", id}};
    if (id > pages_.size() || gone.contains(id)) {
      page["missing"] = true;
    } else {
      page["title"] = pages_[id - 1].title;
      if (has_extracts && !without_extract.contains(id)) page["extract"] = pages_[id - 1].text;
    }
    return {{"batchcomplete", true}, {"query", {{"pages", Json::array({page})}}}};
  }

  Json parsed(std::size_t id) const {
    if (id > pages_.size() || gone.contains(id)) return {{"error", {{"code", "nosuchpageid"}, {"info", "There is no page with ID."}}}};
    const std::string text = std::regex_replace(pages_[id - 1].text, std::regex("\\n+== (.*) ==\\n"), "</p><h2>$1</h2><p>");
    return {{"parse", {{"pageid", id}, {"text", "<div><p>" + text + "</p><table><tr><td>not this</td></tr></table></div>"}}}};
  }

  std::vector<WikiPage> pages_;
  std::vector<std::string> targets_;
  std::set<std::string> agents_;
  ScriptedServer server_;  // the last: it uses the others
};

}  // namespace midillama::testing_support
