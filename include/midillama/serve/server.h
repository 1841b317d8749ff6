// The model behind OpenAI's API: any client of it can ask about music. Where it takes music, at / is a page for those who have no client.
#pragma once

#include "midillama/generate/session.h"
#include "midillama/serve/clip_store.h"
#include "midillama/serve/engine.h"
#include "midillama/serve/request.h"
#include "midillama/web/http_server.h"

#include <cstdint>
#include <string>
#include <vector>

namespace midillama::serve {

struct ServerOptions {
  web::HttpOptions http;
  RequestLimits limits;
  EngineOptions engine;
  std::string model_name;      // as clients see it
  bool explains = false;       // the model takes the mean over the notes of what it hears
  std::vector<Clip> examples;  // clips that are offered to everybody
};

class Server {
 public:
  // The session must outlive the server.
  Server(generate::Session& session, ServerOptions options);

  // As web::HttpServer.
  int bind() { return http_.bind(); }
  void serve() { http_.serve(); }

 private:
  web::Reply answer(const std::vector<Asked>& asked, bool is_chat, const web::Request& request);
  web::Reply embeddings(const web::Request& request);
  web::Reply explanation(const web::Request& request);
  web::Reply clip(const web::Request& request);
  web::Reply examples() const;
  OrderedJson model() const;
  web::Reply models() const;
  web::Reply metrics() const;

  ServerOptions options_;
  ClipStore clips_;
  Engine engine_;
  std::int64_t began_;  // seconds since 1970
  web::HttpServer http_;
};

}  // namespace midillama::serve
