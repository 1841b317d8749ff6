// Addresses that a server can have.
#pragma once

#include <string>

namespace midillama::web {

// host:port as a URL has it: an IPv6 address is in brackets.
std::string in_url(const std::string& host, int port);

// Tries the address and lets it go again. An Error says why a server cannot have it: the host is not known or is another machine's, or
// another program serves there.
void require_free(const std::string& host, int port);

}  // namespace midillama::web
