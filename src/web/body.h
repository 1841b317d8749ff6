// The body of a request, whichever way its header says how long it is.
#pragma once

#include "midillama/web/http_server.h"
#include "web/client_stream.h"

#include <httplib.h>

#include <cstddef>
#include <functional>
#include <string>

namespace midillama::web {

HttpError too_large(std::size_t largest);  // 413

// At most `largest` bytes; `on_bytes` is told of each that come, and may throw. HttpError: 413 for more, 400 where the client ends before
// or is too slow, or chunks are not as RFC 9112 has them. Trailer fields are read and left.
//
// The library's own reading takes "-5" and "0x5" for sizes of chunks, and refuses trailer fields.
std::string read_body(ClientStream& client, const httplib::Request& request, std::size_t largest,
                      const std::function<void(std::size_t)>& on_bytes);

}  // namespace midillama::web
