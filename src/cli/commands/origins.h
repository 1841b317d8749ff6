// --allow-origin of whatever serves.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace midillama::cli {

// What is wrong with it; nothing where it is as a browser says it: scheme, host and perhaps port.
inline std::string not_an_origin(const std::string& text) {
  const auto host = text.starts_with("https://") ? 8 : text.starts_with("http://") ? 7 : text.size();
  const bool is_origin = host < text.size() && text.find_first_of("/ ,*", host) == std::string::npos;
  return is_origin ? "" : "an origin is expected, as https://app.example or http://localhost:3000";
}

inline void add_origin_option(CLI::App& app, std::vector<std::string>& allowed_origins) {
  app.add_option("--allow-origin", allowed_origins, "A site whose pages may use the server, or under whose name a proxy shows it")
      ->check(CLI::Validator(not_an_origin, "", ""))
      ->type_name("ORIGIN");
}

}  // namespace midillama::cli
