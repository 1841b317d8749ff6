// Addresses, put together and taken apart (RFC 3986).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace midillama::net {

using Parameter = std::pair<std::string, std::string>;

// Every byte but unreserved ones (letters and digits of ASCII, - . _ ~) as %XX.
std::string percent_encoded(std::string_view text);

// `url`, which has neither query nor fragment, with "?name=value&…".
std::string with_query(const std::string& url, std::span<const Parameter> parameters);

// What a server is asked for: "/w/api.php?a=b" of "https://a.example/w/api.php?a=b#c", "/" where nothing follows the server.
std::string target_of(const std::string& url);

// Whether a redirect from one URL to another may be followed: to https://, and from http:// to http://.
bool may_redirect(const std::string& from, const std::string& to);

}  // namespace midillama::net
