#include "web/sites.h"

#include "midillama/core/ascii.h"
#include "midillama/web/address.h"

#include <algorithm>

namespace midillama::web {
namespace {

// What follows the scheme: host and port.
std::string authority_of(const std::string& origin) {
  const auto scheme = origin.find("://");
  return scheme == std::string::npos ? "" : origin.substr(scheme + 3);
}

// Without the port, which a tunnel may change. An IPv6 address has brackets.
std::string name_of(std::string authority) {
  const auto after_address = authority.starts_with('[') ? authority.find(']') : 0;
  authority.resize(std::min(authority.size(), authority.find(':', after_address)));
  return lower_ascii(authority);
}

}  // namespace

Sites::Sites(const HttpOptions& options, bool is_local) : allowed_(options.allowed_origins.begin(), options.allowed_origins.end()) {
  if (!is_local) return;
  names_ = {"localhost", "127.0.0.1", "[::1]", name_of(in_url(options.host, options.port))};
  for (const std::string& origin : allowed_) names_.insert(name_of(authority_of(origin)));
}

void Sites::check(const httplib::Request& request) const {
  const std::string host = request.get_header_value("Host");
  if (!names_.empty() && !host.empty() && !names_.contains(name_of(host)))
    throw HttpError(403, "Host: the request is for another server than this one");
  const std::string origin = request.get_header_value("Origin");
  const std::string site = request.get_header_value("Sec-Fetch-Site");
  const bool is_link = request.method == "GET" && request.get_header_value("Sec-Fetch-Mode") == "navigate";
  const bool is_own = origin.empty() ? site.empty() || site == "same-origin" || site == "none" || is_link
                                     : is_allowed(origin) || authority_of(origin) == host;
  if (!is_own) throw HttpError(403, "Origin: pages of other sites may not use this server");
}

}  // namespace midillama::web
