// The model behind OpenAI's API: any client of it can ask about music.
#pragma once

#include "midillama/generate/session.h"
#include "midillama/serve/engine.h"
#include "midillama/serve/request.h"
#include "midillama/web/http_server.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace midillama::serve {

struct ServerOptions {
  web::HttpOptions http;
  RequestLimits limits;
  std::string model_name;         // as clients see it
  std::size_t most_waiting = 64;  // choices that run or wait; more are told to come back
};

class Server {
 public:
  // The session must outlive the server.
  Server(generate::Session& session, ServerOptions options);

  // As web::HttpServer.
  int bind() { return http_.bind(); }
  void serve() { http_.serve(); }

 private:
  web::Reply answer(Asked asked, bool is_chat);
  web::Reply embeddings(const std::string& body);
  web::Reply models() const;
  web::Reply metrics() const;

  ServerOptions options_;
  Engine engine_;
  std::int64_t began_;  // seconds since 1970
  web::HttpServer http_;
};

}  // namespace midillama::serve
