// robots.txt: what a server lets programs ask for (RFC 9309).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::net {

class Robots {
 public:
  // Everything is allowed, as where a server has no such file.
  Robots() = default;

  // The rules of all groups that name `agent` ("midillama", any case, whatever follows it), else of those for "*". Lines that are not
  // understood are passed over, and so is what comes after 500 KiB.
  Robots(std::string_view text, std::string_view agent);

  // Whether a path with its query ("/w/api.php?action=query") may be asked for: the longest rule that fits decides, of two that are
  // equally long the one that allows; '*' in a rule stands for anything, '$' for the end. Percent-encoding is compared as it is written.
  bool allows(std::string_view target) const;

  // Seconds between two requests, where the file says so.
  std::optional<double> crawl_delay() const { return crawl_delay_; }

 private:
  struct Rule {
    std::string pattern;
    bool allows = true;
  };
  std::vector<Rule> rules_ = {};
  std::optional<double> crawl_delay_ = {};
};

}  // namespace midillama::net
