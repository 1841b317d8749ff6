// `midillama data retrieve`: texts about the works of a dataset's pieces, from MediaWikis and folders.
//
// Reads DIRECTORY/pieces.jsonl and writes DIRECTORY/texts.jsonl: the works in the order of their first pieces, of each work the pages in
// the order of retrieval.endpoint and then of nearness (works/page_matcher.h). What servers answer is kept in DIRECTORY/retrieval.jsonl as
// it comes, also that a search found nothing, and is never asked for again: a run that was killed goes on where it was, and ends with the
// texts.jsonl of one that was not. A request that failed is not kept.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/net/retry.h"
#include "midillama/records/step.h"

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace midillama::works {

struct RetrievalOptions {
  std::string program = "midillama";  // "midillama/0.1.0": who asks, in the user agent
  net::RetryPolicy retries = {.tries = 6, .first_wait = 1, .longest_wait = 60, .patience = 300};
  std::function<void(double seconds)> wait = nullptr;  // called before each request, also with 0; none: sleeps
};

struct RetrievalReport {
  std::size_t works = 0;
  std::size_t with_text = 0;
  std::size_t pages = 0;                            // lines of texts.jsonl
  std::size_t requests = 0;                         // that were sent, robots.txt and repetitions included
  std::size_t from_log = 0;                         // that an earlier run had sent, or this one for another work
  std::vector<std::string> failed = {};             // works of which a request was not answered: the next run looks for them again
  std::map<std::string, std::size_t> reasons = {};  // why, and of how many of them
};

// ConfigError where there is no source. InputError where pieces.jsonl is missing or wrong, a folder is missing, or another process writes
// into the directory. Error where robots.txt does not allow it, and where a server failed for three works in a row, each for another page
// or search: then texts.jsonl stays as it was. A server that asks to be left alone for longer than the retries have patience is asked no
// more: the works that need it fail.
RetrievalReport retrieve_texts(const config::Config& config, const RetrievalOptions& options = {});

// Whether texts.jsonl is what retrieve_texts() would write, as far as the pieces, the settings and folders of texts tell: what servers
// would answer today is not asked.
records::StepState retrieval_state(const config::Config& config);

// A table.
std::string retrieval_text(const RetrievalReport& report);

}  // namespace midillama::works
