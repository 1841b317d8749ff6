// Pages for the browser: files that are compiled in. A room that has a page puts its files into src/<room>/page (cmake/EmbedFiles.cmake);
// those that pages share, the piano roll and its player among them, are this room's own.
#pragma once

#include "midillama/core/page_file.h"
#include "midillama/web/http_server.h"

#include <span>

namespace midillama::web {

// base.css, clip.js, icon.svg, player.js, roll.js.
std::span<const PageFile> page_files();

// With its type, and headers that let the page load and call nothing but this server.
Reply reply_with(const PageFile& file);

// Every file at its path, for whoever asks.
void add_page(HttpServer& server, std::span<const PageFile> files);

}  // namespace midillama::web
