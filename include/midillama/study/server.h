// A study as a web application: personal links, one question at a time, an admin's page. It serves what is compiled in and what the study
// itself holds: no path of a request is ever opened.
//
// A link is the page's address with the participant's key after '#', which browsers neither send nor pass on; the page sends it with each
// request (Authorization: Bearer KEY). There are no cookies, so no other site's page can act for a participant.
//
//   GET  /  /admin  and their files   the pages, for whoever asks
//   POST /v1/state {}                 of a participant: what is next (src/study/session.h)
//   POST /v1/consent {}
//   POST /v1/clip {"item"}            the item's clip, as web/clip_view.h has it
//   POST /v1/heard {"item", "seconds"}
//   POST /v1/judgments {"item", "criterion", "choice": "left" | "right" | "undecided", "note"}
//   GET  /v1/admin/progress           with the admin's key: how far everybody is, and their keys
//   GET  /v1/admin/judgments.csv, .jsonl
//   GET  /health                      for whoever asks
//
// The answer to a participant's POST, but to that for a clip, is the state after it.
#pragma once

#include "midillama/study/keys.h"
#include "midillama/study/store.h"
#include "midillama/study/study.h"
#include "midillama/web/http_server.h"

#include <filesystem>
#include <memory>

namespace midillama::study {

struct StudyServerOptions {
  web::HttpOptions http = {};       // without api_key
  double requests_per_second = 10;  // of each participant, with as many as in ten seconds at once
};

class StudyServer {
 public:
  // Reads the study in `folder`. InputError where anything of it is missing or wrong.
  StudyServer(const std::filesystem::path& folder, StudyServerOptions options);
  ~StudyServer();
  StudyServer(const StudyServer&) = delete;
  StudyServer& operator=(const StudyServer&) = delete;

  const Study& study() const;

  // As web::HttpServer.
  int bind();
  void serve();

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace midillama::study
