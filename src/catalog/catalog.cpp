#include "midillama/catalog/catalog.h"

#include "catalog/kinds.h"

#include <fmt/format.h>
#include <glib.h>

#include <algorithm>
#include <iterator>
#include <memory>

namespace midillama::catalog {
namespace {

std::string unknown_work(const std::string&) {
  return "";
}

struct Kind {
  const char* source;
  void (*read)(const config::Corpus& config, const OnEntry& use);
  std::string (*file_key)(const std::string& path);
  std::string (*work)(const std::string& path) = unknown_work;
};

std::string whole_path(const std::string& path) {
  return path;
}

constexpr Kind kKinds[] = {
    {"giantmidi", read_giantmidi, whole_path},  //
    {"midicaps", read_midicaps, whole_path},    //
    {"maestro", read_maestro, whole_path},      //
    {"atepp", read_atepp, whole_path},          //
    {"aria", read_aria, aria_file_key},         //
    {"csv", read_table, whole_path},            //
    {"lakh", read_lakh, lakh_file_key, lakh_work},
};

const Kind& kind_of(const config::Corpus& config) {
  const auto kind = std::ranges::find_if(kKinds, [&](const Kind& known) { return known.source == config.source; });
  if (kind == std::end(kKinds)) throw ConfigError({fmt::format("corpus.source: \"{}\" — has no catalog", config.source)});
  return *kind;
}

// In Unicode's composed form; bytes that are no UTF-8 as they are.
std::string composed(std::string_view text) {
  const std::unique_ptr<char, decltype(&g_free)> normal(
      g_utf8_normalize(text.data(), static_cast<gssize>(text.size()), G_NORMALIZE_DEFAULT_COMPOSE), &g_free);
  return normal ? normal.get() : std::string(text);
}

}  // namespace

void for_each_entry(const config::Corpus& config, const OnEntry& use) {
  kind_of(config).read(config, use);
}

std::string file_key(const config::Corpus& config, std::string_view path) {
  return kind_of(config).file_key(composed(path));
}

std::string work_of(const config::Corpus& config, const std::string& path) {
  return kind_of(config).work(path);
}

}  // namespace midillama::catalog
