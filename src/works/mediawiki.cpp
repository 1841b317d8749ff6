#include "midillama/core/json_reader.h"
#include "midillama/net/url.h"
#include "midillama/works/page_text.h"
#include "works/html_text.h"
#include "works/source.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <type_traits>

namespace midillama::works {
namespace {

constexpr std::size_t kMostFound = 10;  // pages of a search
constexpr std::size_t kMostRead = 5;    // of these, pages whose opening is not known

// Of every request: answers of one form, not from a server that is behind with its work, and pages for their redirects.
const std::vector<net::Parameter> kAlways = {{"format", "json"}, {"formatversion", "2"}, {"maxlag", "5"}, {"redirects", "1"}};

// The API refused what it was asked for: the error's code.
class ApiError : public Error {
 public:
  using Error::Error;
};

std::string error_code(const Json& answer) {
  if (!answer.is_object() || !answer.contains("error")) return "";
  const Json& error = answer["error"];
  return error.is_object() && error.contains("code") && error["code"].is_string() ? error["code"].get<std::string>() : "unknown";
}

// What others say with status 200 (a proxy, a program that limits requests) has none of these.
bool is_of_api(const Json& answer) {
  static constexpr const char* kKeys[] = {"batchcomplete", "query", "continue", "parse", "error"};
  return std::ranges::any_of(kKeys, [&](const char* key) { return answer.contains(key); });
}

bool has_pages(const Json& answer) {
  return answer.contains("query") && answer["query"].contains("pages");
}

// A search that fails finds no pages, and says so in a warning.
bool is_failed_search(const Json& answer) {
  return !has_pages(answer) && answer.contains("warnings") && answer["warnings"].contains("search");
}

// A busy server says so with status 200, and one that loses its database in the middle sends a page of HTML after the JSON.
std::string refusal(const net::HttpResponse& response) {
  static const std::set<std::string> kBusy = {"maxlag", "ratelimited", "readonly"};
  if (const std::string why = refusal_by_status(response); !why.empty()) return why;
  if (response.status != 200) return "";
  const Json answer = parse_or_discard(response.body);
  if (!is_of_api(answer)) return "its answer is none of MediaWiki's API: is retrieval.endpoint the address of an api.php?";
  if (is_failed_search(answer)) return "its search failed";
  const std::string code = error_code(answer);
  return kBusy.contains(code) || code.starts_with("internal_api_error") ? fmt::format("its API answers with the error {}", code) : "";
}

// None only where the API says that there are no more. Json::exception where the answer has another form.
const Json::array_t& pages_of(const Json& answer) {
  static const Json::array_t kNone;
  if (answer.contains("batchcomplete") && !has_pages(answer)) return kNone;
  return answer.at("query").at("pages").get_ref<const Json::array_t&>();
}

std::optional<std::string> extract_in(const Json& page) {
  const auto extract = page.find("extract");
  return extract != page.end() && extract->is_string() ? std::optional(extract->get<std::string>()) : std::nullopt;
}

class MediaWiki : public Source {
 public:
  MediaWiki(std::string endpoint, PoliteClient& client, AnswerLog& log)
      : endpoint_(std::move(endpoint)), server_(net::server_of(endpoint_)), client_(client), log_(log) {}

  std::vector<Page> find(const PageMatcher& work, std::size_t most) override {
    for (const std::string& words : work.searches()) {
      std::size_t unknown = 0;
      const auto read = [&](const Candidate& candidate) -> std::optional<Page> {
        if (!candidate.opening.has_value() && ++unknown > kMostRead) return std::nullopt;
        return of_known_form(fmt::format("page {} \"{}\"", candidate.name, candidate.title), [&] { return page(candidate); });
      };
      const auto candidates = of_known_form(fmt::format("search \"{}\"", words), [&] { return search(words); });
      std::vector<Page> pages = read_nearest(work, candidates, most, read);
      if (!pages.empty()) return pages;
    }
    return {};
  }

 private:
  // What `read` makes of the API's answers to one question, which errors name.
  template <typename Read>
  std::invoke_result_t<Read> of_known_form(const std::string& question, const Read& read) {
    if (const auto failed = failed_.find(question); failed != failed_.end()) throw FailedBefore(failed->second);
    const auto fail = [&](const std::string& why) { return RequestFailed(failed_[question] = why); };
    try {
      return read();
    } catch (const ApiError& error) {
      throw fail(fmt::format("{}: {}: its API answers with the error {}", server_, question, error.what()));
    } catch (const Json::exception&) {
      throw fail(fmt::format("{}: {}: its answer has another form than the API's", server_, question));
    } catch (const LeftAlone&) {
      throw;
    } catch (const RequestFailed& error) {
      throw fail(error.what());
    }
  }

  Json ask(std::vector<net::Parameter> parameters) {
    parameters.insert(parameters.end(), kAlways.begin(), kAlways.end());
    const net::HttpResponse response = client_.get(net::with_query(endpoint_, parameters), refusal);
    if (response.status != 200) {
      throw RequestFailed(
          fmt::format("{}: status {}: is retrieval.endpoint the address of an api.php that everybody may use?", server_, response.status));
    }
    Json answer = parse_json(response.body, server_);
    if (const std::string code = error_code(answer); !code.empty()) throw ApiError(code);
    return answer;
  }

  // Pages that have all the words, in the server's order.
  std::vector<Candidate> search(const std::string& words) {
    const Answered found = log_.get(endpoint_, "search: " + words, [&] {
      const Json answer = ask({{"action", "query"},
                               {"generator", "search"},
                               {"gsrsearch", words},
                               {"gsrwhat", "text"},
                               {"gsrlimit", std::to_string(kMostFound)},
                               {"prop", "extracts|info|pageprops"},
                               {"inprop", "url"},
                               {"ppprop", "disambiguation"},
                               {"exintro", "1"},
                               {"explaintext", "1"},
                               {"exlimit", "max"}});
      return found_in(answer);
    });
    std::vector<Candidate> candidates;
    for (const Json& row : found.answer) {
      candidates.push_back({.title = row.at("title").get<std::string>(),
                            .url = row.at("url").get<std::string>(),
                            .opening = row.contains("opening") ? std::optional(row.at("opening").get<std::string>()) : std::nullopt,
                            .name = std::to_string(row.at("pageid").get<std::int64_t>())});
    }
    return candidates;
  }

  // What is kept of a search: [{"pageid", "title", "url", "opening"}], without lists of pages of one name where the server tells them, and
  // without openings where it has no TextExtracts.
  static Json found_in(const Json& answer) {
    std::vector<const Json*> pages;
    for (const Json& page : pages_of(answer)) {
      const bool is_list = page.contains("pageprops") && page["pageprops"].contains("disambiguation");
      if (page.contains("pageid") && !is_list) pages.push_back(&page);
    }
    std::ranges::stable_sort(pages, {}, [](const Json* page) { return page->value("index", std::numeric_limits<std::int64_t>::max()); });
    Json rows = Json::array();
    for (const Json* page : pages) {
      Json row = {{"pageid", page->at("pageid").get<std::int64_t>()},
                  {"title", page->at("title").get<std::string>()},
                  {"url", page->at("fullurl").get<std::string>()}};
      if (const auto extract = extract_in(*page)) row["opening"] = opening_of(*extract);
      rows.push_back(std::move(row));
    }
    return rows;
  }

  // Nothing where the page has gone meanwhile.
  std::optional<Page> page(const Candidate& candidate) {
    const Answered answered = log_.get(endpoint_, "page: " + candidate.name, [&]() -> Json {
      const std::optional<std::string> text = text_of(candidate);
      return text ? Json{{"text", *text}} : Json{{"missing", true}};
    });
    if (answered.answer.contains("missing")) return std::nullopt;
    return Page{candidate.url, candidate.title, answered.retrieved, answered.answer.at("text").get<std::string>()};
  }

  // Of a page that has an opening, and of which TextExtracts has no text, it is the parsed one, too.
  std::optional<std::string> text_of(const Candidate& candidate) {
    if (candidate.opening) {
      const Json answer =
          ask({{"action", "query"}, {"pageids", candidate.name}, {"prop", "extracts"}, {"explaintext", "1"}, {"exlimit", "1"}});
      const Json& page = answer.at("query").at("pages").at(0);
      if (page.contains("missing")) return std::nullopt;
      if (const auto extract = extract_in(page)) return tidy_text(*extract);
    }
    return parsed_text_of(candidate.name);
  }

  std::optional<std::string> parsed_text_of(const std::string& id) {
    static const std::set<std::string> kGone = {"missingtitle", "nosuchpageid", "invalidtitle"};
    try {
      const Json answer = ask({{"action", "parse"},
                               {"pageid", id},
                               {"prop", "text"},
                               {"disableeditsection", "1"},
                               {"disabletoc", "1"},
                               {"disablelimitreport", "1"}});
      return text_of_html(answer.at("parse").at("text").get<std::string>());
    } catch (const ApiError& error) {
      if (kGone.contains(error.what())) return std::nullopt;
      throw;
    }
  }

  std::string endpoint_;
  std::string server_;
  PoliteClient& client_;
  AnswerLog& log_;
  std::map<std::string, std::string> failed_ = {};  // why, by question
};

}  // namespace

std::unique_ptr<Source> open_mediawiki(const std::string& endpoint, PoliteClient& client, AnswerLog& log) {
  return std::make_unique<MediaWiki>(endpoint, client, log);
}

}  // namespace midillama::works
