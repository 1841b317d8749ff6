// What the library passes over in a request's header.
#pragma once

#include <string>
#include <string_view>

namespace midillama::web {

// Why a header as it came, first line and all, is not one of RFC 9112: a line that is not "Name: value" (one that continues the line
// before, too), does not end with CR and LF, or has control characters. Empty where nothing is wrong.
std::string flaw_of_header(std::string_view header);

// The path of a target that names the server as well (http://host/path, as clients of proxies send it); other targets are returned as they
// are. `host`: what the header says the server is; another in the target is no path of this server, and the target is returned.
std::string path_of_target(const std::string& target, const std::string& host);

}  // namespace midillama::web
