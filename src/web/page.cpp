#include "midillama/web/page.h"

#include <string>
#include <string_view>

namespace midillama::web {
namespace {

const char* type_of(std::string_view path) {
  if (path.ends_with(".css")) return "text/css; charset=utf-8";
  if (path.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (path.ends_with(".svg")) return "image/svg+xml";
  return "text/html; charset=utf-8";
}

}  // namespace

Reply reply_with(const PageFile& file) {
  return {.body = std::string(file.content),
          .type = type_of(file.path),
          .headers = {{"Content-Security-Policy", "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Referrer-Policy", "no-referrer"},
                      {"Cache-Control", "no-cache"}}};
}

void add_page(HttpServer& server, std::span<const PageFile> files) {
  for (const PageFile& file : files) {
    server.get(
        std::string(file.path), [&file](const Request&) { return reply_with(file); }, true);
  }
}

}  // namespace midillama::web
