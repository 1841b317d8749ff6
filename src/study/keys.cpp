#include "midillama/study/keys.h"

#include "midillama/core/json_text.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <array>
#include <cstdint>
#include <string_view>

namespace midillama::study {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kKeyLetters = 26;  // of 32 each: 130 bits
constexpr std::size_t kCodeLetters = 8;
constexpr std::size_t kShortestKey = 16;

// Without those that are taken for each other: i and 1, l and 1, o and 0.
constexpr std::string_view kLetters = "abcdefghjkmnpqrstuvwxyz023456789";
static_assert(kLetters.size() == 32);

std::string random_letters(std::size_t count) {
  std::string letters(count, '\0');
  if (::getrandom(letters.data(), count, 0) != static_cast<ssize_t>(count)) throw Error("the system gives no random numbers");
  for (char& letter : letters) letter = kLetters[static_cast<unsigned char>(letter) % kLetters.size()];
  return letters;
}

}  // namespace

Keys draw_keys(const Study& study) {
  Keys keys = {.admin = random_letters(kKeyLetters), .participants = {}};
  for (const Participant& participant : study.participants)
    keys.participants[participant.name] = {random_letters(kKeyLetters), random_letters(kCodeLetters)};
  return keys;
}

void write_keys(const Keys& keys, const fs::path& folder) {
  OrderedJson participants = OrderedJson::object();
  for (const auto& [name, own] : keys.participants) participants[name] = {{"key", own.key}, {"finish_code", own.finish_code}};
  const OrderedJson json = {{"admin", keys.admin}, {"participants", participants}};
  write_atomically(folder / kKeysFile, json_text(json, 2) + "\n");
  fs::permissions(folder / kKeysFile, fs::perms::owner_read | fs::perms::owner_write);
}

Keys read_keys(const Study& study, const fs::path& folder) {
  const std::string file = (folder / kKeysFile).string();
  const Json json = read_json(file);
  const auto text = [&](const Json& object, const std::string& key, const std::string& place) {
    auto value = json_get<std::string>(object, key, file, place);
    if (value.size() < (key == "finish_code" ? 1 : kShortestKey))
      throw InputError(file, place, fmt::format("\"{}\" is too short to be a key", key));
    return value;
  };
  Keys keys = {.admin = text(json, "admin", ""), .participants = {}};
  const auto participants = json_get<Json>(json, "participants", file, "");
  for (const Participant& participant : study.participants) {
    const auto own = json_get<Json>(participants, participant.name, file, "participants");
    keys.participants[participant.name] = {text(own, "key", participant.name), text(own, "finish_code", participant.name)};
  }
  return keys;
}

}  // namespace midillama::study
