// Where texts about works come from: MediaWikis and folders, behind one interface.
#pragma once

#include "midillama/works/page_matcher.h"
#include "works/answer_log.h"
#include "works/polite_client.h"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace midillama::works {

struct Page {
  std::string url;
  std::string title;
  std::string retrieved;  // date and time, UTC
  std::string text;       // tidy, whole
};

// The same question failed before in this run, and was not asked again: says for what it failed.
class FailedBefore : public RequestFailed {
 public:
  using RequestFailed::RequestFailed;
};

class Source {
 public:
  virtual ~Source() = default;
  // Pages about the work, the nearest first, at most `most`. RequestFailed where a server did not answer.
  // A question that it did not answer is asked once a run.
  virtual std::vector<Page> find(const PageMatcher& work, std::size_t most) = 0;
};

// A page that may be about a work, before its text is read.
struct Candidate {
  std::string title;
  std::string url;
  std::optional<std::string> opening;  // where the source tells it without the text; empty for a page that begins with a heading
  std::string name;                    // the source's own for it
};

// Of the candidates that may be about the work the nearest first (equals as they come), read by `read` until there are `most` that are
// about it.
using ReadPage = std::function<std::optional<Page>(const Candidate& candidate)>;
std::vector<Page> read_nearest(const PageMatcher& work, std::vector<Candidate> candidates, std::size_t most, const ReadPage& read);

// The files NAME.txt of a folder, each a page with the title NAME; a page is retrieved when its file was written. InputError where the
// folder is not there. A file that is no UTF-8 is passed over with a warning.
std::unique_ptr<Source> open_folder(const std::filesystem::path& folder);

// A MediaWiki, by the address of its api.php. Texts come from its extension TextExtracts where it has them, else they are the parsed page
// without markup. Client and log must outlive it.
std::unique_ptr<Source> open_mediawiki(const std::string& endpoint, PoliteClient& client, AnswerLog& log);

}  // namespace midillama::works
