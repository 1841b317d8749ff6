#include "catalog/entries.h"
#include "catalog/kinds.h"
#include "midillama/core/json_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace midillama::catalog {
namespace {

// A text or number as text; empty where there is none.
std::string text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return "";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

bool begins_with_digit(const std::string& text) {
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text.front()));
}

// "nocturne, Op. 9 No. 2". A form alone, or a number that could be of any, tells no work from another.
std::string title_of(const Json& metadata) {
  const std::string form = text_at(metadata, "form"), opus = text_at(metadata, "opus"), number = text_at(metadata, "piece_number");
  if (opus.empty() && (form.empty() || number.empty())) return "";
  std::string title = form;
  if (!opus.empty()) title += fmt::format("{}{}{}", title.empty() ? "" : ", ", begins_with_digit(opus) ? "Op. " : "", opus);
  if (!number.empty()) title += fmt::format(" {}{}", begins_with_digit(number) ? "No. " : "", number);
  return title;
}

OrderedJson labels_of(const Json& metadata) {
  OrderedJson labels = OrderedJson::object();
  for (const char* key : {"performer", "genre", "music_period", "form", "key_signature", "difficulty", "opus", "piece_number"}) {
    const auto found = metadata.find(key);
    if (found == metadata.end() || found->is_null() || *found == "") continue;
    labels[key] = *found;
  }
  return labels;
}

// One entry a segment of the recording.
void use_recording(const std::string& id, const Json& recording, const OnEntry& use) {
  const auto part = [&](const char* key) {
    const auto found = recording.is_object() ? recording.find(key) : recording.end();
    return recording.is_object() && found != recording.end() && found->is_object() ? *found : Json::object();
  };
  const Json metadata = part("metadata"), segments = part("audio_scores");
  Entry entry;
  entry.place = fmt::format("\"{}\"", id);
  entry.title = title_of(metadata);
  entry.composer = text_at(metadata, "composer");
  if (segments.empty()) {
    entry.problem = "names no segment (the key \"audio_scores\")";
    return use(entry);
  }
  for (const auto& [segment, score] : segments.items()) {
    entry.file = fmt::format("{}_{}.mid", id, segment);
    entry.labels = labels_of(metadata);
    if (score.is_number()) entry.labels["audio_score"] = score;
    use(entry);
  }
}

}  // namespace

void read_aria(const config::Corpus& config, const OnEntry& use) {
  const std::string text = read_text(config.metadata);
  require_shallow(text, config.metadata, "");
  const std::size_t begin = text.find_first_not_of(" \t\n");
  if (begin == std::string::npos || text[begin] != '{')
    throw InputError(config.metadata, "", "is no JSON object of recordings by their ids");

  // One recording is in memory at a time.
  std::string id;
  const auto look = [&](int depth, Json::parse_event_t event, Json& value) {
    if (depth != 1) return true;
    if (event == Json::parse_event_t::key) {
      id = value.get<std::string>();
      return true;
    }
    const bool is_whole = event != Json::parse_event_t::object_start && event != Json::parse_event_t::array_start;
    if (is_whole) use_recording(id, value, use);
    return !is_whole;
  };
  try {
    [[maybe_unused]] const Json all = Json::parse(text, look);
  } catch (const Json::parse_error& error) {
    throw InputError(config.metadata, fmt::format("byte {}", error.byte), "not valid JSON");
  }
}

std::string aria_file_key(const std::string& path) {
  const std::string name = path.substr(path.rfind('/') + 1);
  const std::size_t digits = std::min(name.find_first_not_of('0'), name.size());
  // An id of nothing but zeros keeps one.
  const bool is_zero = digits > 0 && (digits == name.size() || !std::isdigit(static_cast<unsigned char>(name[digits])));
  return name.substr(digits - (is_zero ? 1 : 0));
}

}  // namespace midillama::catalog
