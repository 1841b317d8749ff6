#include "midillama/works/retrieve.h"

#include "midillama/core/error.h"
#include "midillama/core/hash.h"
#include "midillama/core/json_text.h"
#include "midillama/core/lock.h"
#include "midillama/core/log.h"
#include "midillama/core/numbers.h"
#include "midillama/core/paths.h"
#include "midillama/core/progress.h"
#include "midillama/works/files.h"
#include "midillama/works/page_text.h"
#include "works/source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <memory>
#include <thread>
#include <utility>

namespace midillama::works {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kFailuresInARow = 3;        // works after which a server is taken to be down
constexpr std::size_t kLargestAnswer = 16 << 20;  // bytes
constexpr const char* kRobot = "midillama";

void sleep(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

PoliteClientOptions client_options(const config::Retrieval& config, const RetrievalOptions& options) {
  return {.http = {.user_agent = fmt::format("{} ({})", options.program, config.contact),
                   .limit = std::chrono::milliseconds(static_cast<std::int64_t>(1000 * config.timeout)),
                   .largest_body = kLargestAnswer},
          .robot = kRobot,
          .seconds_between_requests = config.seconds_between_requests,
          .retries = options.retries,
          .wait = options.wait ? options.wait : sleep};
}

bool is_address(const std::string& endpoint) {
  return endpoint.find("://") != std::string::npos;
}

// The sources of the configuration, asked in turn.
class Sources {
 public:
  Sources(const config::Retrieval& config, const RetrievalOptions& options, const fs::path& directory)
      : most_(static_cast<std::size_t>(config.pages_per_work)), log_(directory / kRetrievalFile), client_(client_options(config, options)) {
    if (config.endpoint.empty())
      throw ConfigError({"retrieval.endpoint — must be set: the address of a MediaWiki's api.php, a folder of texts, or a list of them"});
    for (const std::string& endpoint : config.endpoint)
      sources_.push_back(is_address(endpoint) ? open_mediawiki(endpoint, client_, log_) : open_folder(expand_home(endpoint)));
  }

  std::vector<Page> find(const Work& work) {
    const PageMatcher matcher(work);
    std::vector<Page> pages;
    for (const auto& source : sources_) {
      if (pages.size() == most_) break;
      std::ranges::move(source->find(matcher, most_ - pages.size()), std::back_inserter(pages));
    }
    return pages;
  }

  std::size_t sent() const { return client_.sent(); }
  std::size_t known() const { return log_.known(); }

 private:
  std::size_t most_;
  AnswerLog log_;
  PoliteClient client_;
  std::vector<std::unique_ptr<Source>> sources_ = {};
};

// Asks for all works, so that all answers are in the log. Why there is none of a work, by its id.
std::map<std::string, std::string> look_up(const std::vector<Work>& works, Sources& sources) {
  Progress progress("retrieve", works.size());
  std::map<std::string, std::string> failed;
  std::size_t in_a_row = 0;
  bool is_left_alone = false;
  const auto fail = [&](const Work& work, const RequestFailed& error) {
    log::warning("{}: not looked up: {}", work.id, error.what());
    failed.emplace(work.id, error.what());
  };
  for (const Work& work : works) {
    try {
      sources.find(work);
      in_a_row = 0;
    } catch (const LeftAlone& error) {
      if (!std::exchange(is_left_alone, true)) log::warning("{}: it is asked no more in this run", error.what());
      failed.emplace(work.id, error.what());
    } catch (const FailedBefore& error) {
      fail(work, error);
    } catch (const RequestFailed& error) {
      if (++in_a_row == kFailuresInARow) {
        throw Error(fmt::format("{} (so {} works in a row failed: what was answered before is kept, and the next run goes on from there)",
                                error.what(), kFailuresInARow));
      }
      fail(work, error);
    }
    progress.advance();
  }
  return failed;
}

// Of a folder of texts: which there are, and when they were last written.
std::string folder_fingerprint(const fs::path& folder) {
  std::vector<std::string> texts;
  std::error_code error;
  for (fs::recursive_directory_iterator entries(folder, error); !error && entries != fs::recursive_directory_iterator();
       entries.increment(error)) {
    std::error_code ignored;
    const auto written = entries->last_write_time(ignored).time_since_epoch().count();
    texts.push_back(fmt::format("{} {}\n", entries->path().lexically_relative(folder).string(), written));
  }
  std::ranges::sort(texts);
  return fingerprint(fmt::format("{}", fmt::join(texts, "")));
}

records::MadeOf made_of(const config::Config& config) {
  records::MadeOf of;
  of.settings = {{"endpoint", static_cast<const std::vector<std::string>&>(config.retrieval.endpoint)},
                 {"pages_per_work", config.retrieval.pages_per_work},
                 {"largest_page", config.retrieval.largest_page}};
  of.files[kPiecesFile] = records::fingerprint_of(config.data.dir, kPiecesFile);
  for (const std::string& endpoint : config.retrieval.endpoint) {
    if (!is_address(endpoint)) of.files[endpoint] = folder_fingerprint(expand_home(endpoint));
  }
  return of;
}

}  // namespace

RetrievalReport retrieve_texts(const config::Config& config, const RetrievalOptions& options) {
  const fs::path directory = config.data.dir;
  const std::vector<Work> works = read_works(directory);
  const WriterLock lock(directory);
  records::require_own(directory, records::kRetrieveStep);
  const records::MadeOf of = made_of(config);
  Sources sources(config.retrieval, options, directory);
  const std::map<std::string, std::string> failed = look_up(works, sources);

  RetrievalReport report{.works = works.size(), .requests = sources.sent(), .from_log = sources.known()};
  for (const auto& [work, why] : failed) {
    report.failed.push_back(work);
    ++report.reasons[why];
  }
  records::StepFile file(directory, records::kRetrieveStep);
  for (const Work& work : works) {
    if (failed.contains(work.id)) continue;
    const std::vector<Page> pages = sources.find(work);
    for (const Page& page : pages) {
      const std::string text = cut_text(page.text, static_cast<std::size_t>(config.retrieval.largest_page));
      file.write(json_line(to_line({work.id, page.url, page.title, page.retrieved, sha256(text), text})));
    }
    report.with_text += pages.empty() ? 0 : 1;
    report.pages += pages.size();
  }
  file.commit(of, {{"works", report.works}, {"with_text", report.with_text}, {"not_looked_up", report.failed}}, report.failed.empty());
  return report;
}

records::StepState retrieval_state(const config::Config& config) {
  return records::state_of(config.data.dir, records::kRetrieveStep, made_of(config));
}

std::string retrieval_text(const RetrievalReport& report) {
  std::string text;
  const auto row = [&](const char* name, std::size_t count) {
    text += fmt::format("{:<24}{:>10}\n", name, with_commas(static_cast<std::int64_t>(count)));
  };
  row("works", report.works);
  row("  with a text", report.with_text);
  row("  without", report.works - report.with_text - report.failed.size());
  row("  not looked up", report.failed.size());
  row("pages", report.pages);
  row("requests sent", report.requests);
  row("answers from the log", report.from_log);
  return text;
}

}  // namespace midillama::works
