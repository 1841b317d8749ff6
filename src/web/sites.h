// Which requests of a browser are answered. A page of any site can have its reader's browser send requests to this machine, and can give
// its own name this machine's address (DNS rebinding): the headers that a page cannot write tell who asks. Other clients send none of them.
#pragma once

#include "midillama/web/http_server.h"

#include <httplib.h>

#include <set>
#include <string>

namespace midillama::web {

class Sites {
 public:
  // Where the server `is_local` (bound to a loopback address), it answers to this machine's names, HttpOptions::host and the hosts of the
  // allowed origins only.
  Sites(const HttpOptions& options, bool is_local);

  // HttpError 403 for a request that is addressed to another host, or that a page of another site makes. Following a link is allowed.
  void check(const httplib::Request& request) const;
  // One of HttpOptions::allowed_origins: its pages may read the answer, too.
  bool is_allowed(const std::string& origin) const { return allowed_.contains(origin); }

 private:
  std::set<std::string> allowed_;
  std::set<std::string> names_;  // empty: any
};

}  // namespace midillama::web
