#include "midillama/core/hash.h"

#include "core/descriptor.h"

#include <fmt/format.h>
#include <glib.h>
#include <xxhash.h>

#include <array>
#include <fstream>
#include <memory>
#include <vector>

namespace midillama {
namespace {

std::string to_hex(XXH128_hash_t hash) {
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

}  // namespace

std::string fingerprint(std::string_view bytes) {
  return to_hex(XXH3_128bits(bytes.data(), bytes.size()));
}

std::string fingerprint_file(const std::filesystem::path& path) {
  require_regular(path);
  std::ifstream file(path, std::ios::binary);
  if (!file) throw InputError(path.string(), "", "cannot be opened");
  Fingerprinter content;
  std::vector<char> buffer(1 << 20);
  while (file.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || file.gcount() > 0) {
    content.add({buffer.data(), static_cast<std::size_t>(file.gcount())});
  }
  if (file.bad()) throw InputError(path.string(), "", "cannot be read");
  return content.fingerprint();
}

struct Fingerprinter::State {
  std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> xxh{XXH3_createState(), &XXH3_freeState};
};

Fingerprinter::Fingerprinter() : state_(std::make_unique<State>()) {
  XXH3_128bits_reset(state_->xxh.get());
}

Fingerprinter::~Fingerprinter() = default;

void Fingerprinter::add(std::string_view bytes) {
  XXH3_128bits_update(state_->xxh.get(), bytes.data(), bytes.size());
}

std::string Fingerprinter::fingerprint() const {
  return to_hex(XXH3_128bits_digest(state_->xxh.get()));
}

std::string sha256(std::string_view bytes) {
  const auto* data = reinterpret_cast<const guchar*>(bytes.data());
  const std::unique_ptr<gchar, decltype(&g_free)> digits(g_compute_checksum_for_data(G_CHECKSUM_SHA256, data, bytes.size()), &g_free);
  return digits.get();
}

}  // namespace midillama
