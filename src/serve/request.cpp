#include "midillama/serve/request.h"

#include "midillama/core/ascii.h"
#include "midillama/core/base64.h"
#include "midillama/core/json_reader.h"
#include "midillama/midi/file.h"
#include "midillama/text/utf8.h"
#include "midillama/web/http_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

namespace midillama::serve {
namespace {

constexpr std::size_t kMostStops = 4, kLongestStop = 1000;
constexpr std::int64_t kMostLikeliest = 20;
constexpr std::size_t kLongestName = 1000;
constexpr const char* kMusic = "the MIDI file";
constexpr const char* kTakesNoMusic = "this server serves a language model alone: it takes no music";

[[noreturn]] void refuse(const std::string& key, const std::string& what) {
  throw web::HttpError(400, fmt::format("{}: {}", key, what), key);
}

[[noreturn]] void refuse_unknown_clip(const std::string& key) {
  throw web::HttpError(404, fmt::format("{}: no clip is kept under this id: send its file to /v1/clips again", key), key);
}

// More than a conversation, a schema or some hundreds of files have; what holds a request in memory is many times its text otherwise.
constexpr std::size_t kMostValues = 100'000;

// Keys in the order in which they came, for a schema's sake.
OrderedJson parse(const std::string& body) try {
  if (json_extent(body).values > kMostValues) throw web::HttpError(400, fmt::format("the body has more than {} values", kMostValues));
  OrderedJson json = parse_ordered_json(body, "the body");
  if (!json.is_object()) throw web::HttpError(400, "the body is not a JSON object");
  return json;
} catch (const InputError& error) {
  throw web::HttpError(400, error.what());
}

// Where a key of `place` is, which is empty for the whole request.
std::string within(const std::string& place, const std::string& key) {
  return place.empty() ? key : place + "." + key;
}

// The value of a key; nothing where it is missing or null.
const OrderedJson* find(const OrderedJson& object, const std::string& key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

double number(const OrderedJson& json, const std::string& key, double otherwise, double low, double high, const std::string& place = "") {
  const OrderedJson* value = find(json, key);
  if (value == nullptr) return otherwise;
  if (!value->is_number() || !(value->get<double>() >= low && value->get<double>() <= high))
    refuse(within(place, key), fmt::format("a number from {} to {} was expected", low, high));
  return value->get<double>();
}

std::int64_t whole(const OrderedJson& json, const std::string& key, std::int64_t otherwise, std::int64_t low, std::int64_t high) {
  const OrderedJson* value = find(json, key);
  if (value == nullptr) return otherwise;
  const bool fits = value->is_number_unsigned()
                        ? value->get<std::uint64_t>() <= static_cast<std::uint64_t>(high) && value->get<std::int64_t>() >= low
                        : value->is_number_integer() && value->get<std::int64_t>() >= low && value->get<std::int64_t>() <= high;
  if (!fits) refuse(key, fmt::format("a whole number from {} to {} was expected", low, high));
  return value->get<std::int64_t>();
}

bool flag(const OrderedJson& json, const std::string& key, const std::string& place = "") {
  const OrderedJson* value = find(json, key);
  if (value == nullptr) return false;
  if (!value->is_boolean()) refuse(within(place, key), "true or false was expected");
  return value->get<bool>();
}

std::string string_at(const OrderedJson& json, const std::string& key, const std::string& place) {
  const OrderedJson* value = find(json, key);
  if (value == nullptr || !value->is_string()) refuse(place, "a text was expected");
  return value->get<std::string>();
}

// A key that would change the answer in a way that there is not, and values of it that ask for what happens anyway. An empty list or
// text asks for nothing either.
struct Unsupported {
  const char* key;
  std::vector<OrderedJson> harmless = {};
};

void refuse_unsupported(const OrderedJson& json, const std::vector<Unsupported>& keys, const std::string& place = "") {
  for (const auto& [key, harmless] : keys) {
    const OrderedJson* value = find(json, key);
    if (value == nullptr || std::ranges::find(harmless, *value) != harmless.end()) continue;
    if (value->is_string() ? value->get_ref<const std::string&>().empty() : value->is_array() && value->empty()) continue;
    std::string others;
    for (const OrderedJson& other : harmless) others += (others.empty() ? "; what is: " : ", ") + other.dump();
    refuse(within(place, key), "is not supported" + others);
  }
}

// Of OpenAI's API, then of other servers of it.
const std::vector<Unsupported>& unsupported_sampling() {
  static const std::vector<Unsupported> keys = {
      {"audio"},
      {"best_of", {1}},
      {"echo", {false}},
      {"frequency_penalty", {0}},
      {"function_call", {"none", "auto"}},
      {"functions"},
      {"logit_bias", {OrderedJson::object()}},
      {"modalities", {OrderedJson::array({"text"})}},
      {"prediction"},
      {"presence_penalty", {0}},
      {"reasoning_effort", {"none"}},
      {"service_tier", {"auto", "default"}},
      {"store", {false}},
      {"suffix"},
      {"tool_choice", {"none", "auto"}},
      {"tools"},
      {"verbosity", {"medium"}},
      {"web_search_options"},
      {"bad_words"},
      {"chat_template"},
      {"chat_template_kwargs", {OrderedJson::object()}},
      {"continue_final_message", {false}},
      {"dry_multiplier", {0}},
      {"dynatemp_range", {0}},
      {"grammar"},
      {"guided_choice"},
      {"guided_grammar"},
      {"guided_json"},
      {"guided_regex"},
      {"ignore_eos", {false}},
      {"json_schema"},
      {"length_penalty", {1}},
      {"max_new_tokens"},
      {"min_p", {0}},
      {"min_tokens", {0}},
      {"mirostat", {0}},
      {"n_predict"},
      {"no_repeat_ngram_size", {0}},
      {"prompt_logprobs", {0}},
      {"repeat_penalty", {1}},
      {"repetition_penalty", {1}},
      {"stop_token_ids"},
      {"structured_outputs"},
      {"top_a", {0}},
      {"top_k", {0, -1}},
      {"typical_p", {1}},
      {"use_beam_search", {false}},
      {"xtc_probability", {0}},
  };
  return keys;
}

// Of what is not OpenAI's, or is music: a key that is misspelt there would be passed over without a word.
void require_known(const OrderedJson& object, const std::string& place, const std::vector<std::string_view>& keys) {
  for (const auto& [key, value] : object.items()) {
    if (!value.is_null() && std::ranges::find(keys, key) == keys.end())
      refuse(within(place, key), fmt::format("is not known here: {} are", fmt::join(keys, ", ")));
  }
}

std::vector<std::string> stops(const OrderedJson& json) {
  std::vector<std::string> found;
  const OrderedJson* value = find(json, "stop");
  if (value == nullptr) return found;
  for (const OrderedJson& stop : value->is_array() ? *value : OrderedJson::array({*value})) {
    if (!stop.is_string() || stop.get<std::string>().empty() || stop.get<std::string>().size() > kLongestStop)
      refuse("stop", fmt::format("a text, or a list of texts, of 1 to {} bytes was expected", kLongestStop));
    found.push_back(stop.get<std::string>());
  }
  if (found.size() > kMostStops) refuse("stop", fmt::format("at most {} texts are taken", kMostStops));
  return found;
}

// The schema: json_schema.schema, or as llama.cpp has it schema beside type.
std::optional<AnswerFormat> answer_format(const OrderedJson& json) {
  const std::string key = "response_format";
  const OrderedJson* format = find(json, key);
  if (format == nullptr) return std::nullopt;
  if (!format->is_object()) refuse(key, "an object was expected");
  const std::string type = string_at(*format, "type", key + ".type");
  if (type == "text") return std::nullopt;
  if (type != "json_object" && type != "json_schema") refuse(key + ".type", "\"text\", \"json_object\" or \"json_schema\" was expected");
  const bool is_nested = find(*format, "json_schema") != nullptr;
  if (is_nested && !format->at("json_schema").is_object()) refuse(key + ".json_schema", "an object was expected");
  const OrderedJson& holder = is_nested ? format->at("json_schema") : *format;
  const OrderedJson* schema = find(holder, "schema");
  if (schema == nullptr && type == "json_object") return AnswerFormat{};
  if (schema == nullptr && !is_nested) refuse(key + ".json_schema", "an object with a schema was expected");
  const std::string place = key + (is_nested ? ".json_schema.schema" : ".schema");
  if (schema == nullptr || !schema->is_object()) refuse(place, "a JSON schema was expected");
  return AnswerFormat{*schema};
}

void read_sampling(const OrderedJson& json, const RequestLimits& limits, Asked& asked) {
  refuse_unsupported(json, unsupported_sampling());
  if (find(json, "model") != nullptr) string_at(json, "model", "model");  // one is served, whatever it is called
  const char* length = find(json, "max_completion_tokens") != nullptr ? "max_completion_tokens" : "max_tokens";
  if (const OrderedJson* other = find(json, "max_tokens"); other != nullptr && *other != *find(json, length))
    refuse("max_tokens", "is not what max_completion_tokens says");
  asked.max_new_tokens = whole(json, length, std::min(limits.max_new_tokens, limits.most_new_tokens), 1, limits.most_new_tokens);
  asked.temperature = number(json, "temperature", limits.temperature, 0, 2);
  asked.top_p = std::max(number(json, "top_p", limits.top_p, 0, 1), std::numeric_limits<double>::min());  // 0: the likeliest token
  if (find(json, "seed") != nullptr)
    asked.seed = static_cast<std::uint64_t>(
        whole(json, "seed", 0, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()));
  asked.stop = stops(json);
  asked.format = answer_format(json);
  if (asked.format && !asked.stop.empty()) refuse("stop", "cannot be with response_format: the answer would not be whole");
  asked.choices = whole(json, "n", 1, 1, limits.most_choices);
  asked.is_streamed = flag(json, "stream");
  if (const OrderedJson* options = find(json, "stream_options"); options != nullptr) {
    if (!options->is_object()) refuse("stream_options", "an object was expected");
    if (!asked.is_streamed) refuse("stream_options", "needs stream");
    refuse_unsupported(*options, {{"include_obfuscation", {false}}}, "stream_options");
    asked.includes_usage = flag(*options, "include_usage", "stream_options");
  }
}

// The log-probabilities of an answer are many times its text.
void refuse_too_many_likeliest(const Asked& asked, std::size_t prompts) {
  constexpr std::int64_t kMost = 200'000;
  const std::int64_t wanted =
      asked.likeliest ? asked.choices * asked.max_new_tokens * (*asked.likeliest + 1) * static_cast<std::int64_t>(prompts) : 0;
  if (wanted > kMost)
    refuse("logprobs", fmt::format("n times max_tokens times the likeliest tokens are {} log-probabilities, and at most {} are written",
                                   wanted, kMost));
}

// What a data URL is before its comma, in small letters; empty for other texts.
std::string data_url(std::string_view data) {
  constexpr std::size_t kLongestType = 200;
  const std::string head = lower_ascii(data.substr(0, std::min(data.find(','), kLongestType)));
  return head.starts_with("data:") && head.size() < data.size() && data[head.size()] == ',' ? head : "";
}

// A data URL, the base64 of "MThd" and the first byte of what follows, or one word of base64 that is longer than any other word.
bool is_file(std::string_view data) {
  constexpr std::size_t kLongestWord = 100;
  data = text::strip(data);
  if (data_url(data).ends_with(";base64") || data.starts_with("TVRoZA")) return true;
  const auto is_digit = [](char c) {
    const char letter = lower_ascii(c);
    return ('0' <= c && c <= '9') || ('a' <= letter && letter <= 'z') || std::string_view("+/-_=\r\n").find(c) != std::string_view::npos;
  };
  return data.size() > kLongestWord && std::ranges::all_of(data, is_digit);
}

// "data:audio/midi;base64,…" or base64 alone: with the line breaks that many programs write, in both alphabets, with or without padding.
std::string bytes_of(std::string_view data, const std::string& place) {
  data = text::strip(data);
  if (const std::string head = data_url(data); !head.empty()) {
    if (!head.ends_with(";base64")) refuse(place, "a data URL in base64 was expected");
    data.remove_prefix(head.size() + 1);
  }
  std::string digits;
  digits.reserve(data.size() + 3);
  for (const char c : data) {
    if (c != '\n' && c != '\r') digits += c == '-' ? '+' : c == '_' ? '/' : c;
  }
  while (digits.size() % 4 != 0) digits += '=';
  auto bytes = from_base64(digits);
  if (!bytes) refuse(place, "is not base64");
  return std::move(*bytes);
}

midi::Score score_of(const std::string& bytes, const std::string& place, const RequestLimits& limits) {
  if (!limits.takes_music) refuse(place, kTakesNoMusic);
  if (!bytes.starts_with("MThd")) refuse(place, "is no MIDI file: only MIDI files can be heard");
  midi::Score score;
  try {
    score = midi::parse_midi(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()), kMusic,
                             [&](const std::string& what) { refuse(place, fmt::format("cannot be heard whole: {}", what)); });
  } catch (const web::HttpError&) {
    throw;
  } catch (const Error& error) {
    refuse(place, error.what());
  }
  if (score.note_count() == 0) refuse(place, "has no notes");
  if (score.note_count() > limits.most_notes)
    refuse(place, fmt::format("has {} notes, and at most {} are taken", score.note_count(), limits.most_notes));
  return score;
}

// `start` and `duration`, in seconds.
midi::Score part_of(const midi::Score& score, const OrderedJson& json, const std::string& place) {
  constexpr double kLongest = 1e6;
  midi::Part part = {.start = number(json, "start", 0, 0, kLongest, place)};
  if (find(json, "duration") != nullptr) part.duration = number(json, "duration", 0, 0, kLongest, place);
  if (part.duration == 0) refuse(place + ".duration", "is 0");
  auto clip = midi::part_of(score, part);
  if (clip.note_count() == 0) refuse(place, "has no notes in the part that was asked for");
  return clip;
}

// {"id": …, "start"?: …, "duration"?: …} at `place`.
midi::Score clip_of(const OrderedJson* clip, const std::string& place, const RequestLimits& limits) {
  if (!limits.takes_music) refuse(place, kTakesNoMusic);
  if (clip == nullptr || !clip->is_object()) refuse(place, "an object was expected");
  require_known(*clip, place, {"id", "start", "duration"});
  const std::string id = string_at(*clip, "id", place + ".id");
  const auto score = limits.clip_by_id ? limits.clip_by_id(id) : nullptr;
  if (score == nullptr) refuse_unknown_clip(place + ".id");
  return part_of(*score, *clip, place);
}

class MessageReader {
 public:
  MessageReader(Asked& asked, const RequestLimits& limits) : asked_(asked), limits_(limits) {}

  void read(const OrderedJson& message, const std::string& place) {
    if (!message.is_object()) refuse(place, "an object was expected");
    const text::Role role = role_of(string_at(message, "role", place + ".role"), place + ".role");
    if (find(message, "name") != nullptr) string_at(message, "name", place + ".name");  // nobody is told it
    refuse_unsupported(message, {{"tool_calls"}, {"function_call"}, {"audio"}, {"refusal"}, {"tool_call_id"}}, place);
    const OrderedJson* content = find(message, "content");
    if (content == nullptr) refuse(place + ".content", "a text or a list of parts was expected");
    std::string said;
    if (content->is_string()) {
      said = content->get<std::string>();
    } else if (content->is_array()) {
      bool follows = false;  // a text that another one follows is a line of its own
      for (std::size_t i = 0; i < content->size(); ++i) {
        const auto words = part((*content)[i], role, fmt::format("{}.content[{}]", place, i));
        if (words) said += (std::exchange(follows, true) ? "\n" : "") + *words;
      }
    } else {
      refuse(place + ".content", "a text or a list of parts was expected");
    }
    asked_.conversation.messages.push_back({role, std::move(said)});
  }

  // Once, of a conversation that is whole: a system message first, then questions and answers by turns, a question last.
  void check_turns() const {
    const auto& messages = asked_.conversation.messages;
    auto expected = text::Role::user;
    for (std::size_t i = 0; i < messages.size(); ++i) {
      const std::string place = fmt::format("messages[{}]", i);
      if (messages[i].role == text::Role::system) {
        if (i != 0) refuse(place, "a system message can only be the first");
        continue;
      }
      if (messages[i].role != expected) refuse(place, "messages of the user and of the assistant must come by turns, the user's first");
      expected = expected == text::Role::user ? text::Role::assistant : text::Role::user;
    }
    if (messages.empty() || messages.back().role != text::Role::user) refuse("messages", "the last message must be the user's");
    if (text::strip(messages.back().text).empty()) refuse("messages", "the last message has no text: ask something");
  }

 private:
  static text::Role role_of(const std::string& name, const std::string& place) {
    if (name == "system" || name == "developer") return text::Role::system;
    if (name == "user") return text::Role::user;
    if (name == "assistant") return text::Role::assistant;
    refuse(place, "\"system\", \"developer\", \"user\" or \"assistant\" was expected");
  }

  // The text of a part, or nothing: music is taken from it.
  std::optional<std::string> part(const OrderedJson& part, text::Role role, const std::string& place) {
    if (!part.is_object()) refuse(place, "an object was expected");
    const std::string type = string_at(part, "type", place + ".type");
    if (type == "text") return string_at(part, "text", place + ".text");
    const bool is_file = type == "file", is_clip = type == "clip";
    if (!is_file && !is_clip && type != "input_audio")
      refuse(place + ".type", fmt::format("\"{}\" is not supported: text, file, input_audio and clip are", type));
    require_known(part, place, {"type", type});
    if (role != text::Role::user) refuse(place, "music can only be in a message of the user");
    if (asked_.music) refuse(place, "a conversation has music once");
    const OrderedJson* data = find(part, type);
    if (is_clip) {
      asked_.music = clip_of(data, place + ".clip", limits_);
      return std::nullopt;
    }
    if (data == nullptr || !data->is_object()) refuse(place + "." + type, "an object was expected");
    const std::string key = is_file ? "file_data" : "data", inner = fmt::format("{}.{}.{}", place, type, key);
    if (is_file && find(*data, "file_id") != nullptr) refuse(place + ".file.file_id", "no files are kept: send file_data");
    require_known(*data, place + "." + type, {key, is_file ? "filename" : "format", "start", "duration"});
    asked_.music = part_of(score_of(bytes_of(string_at(*data, key, inner), inner), inner, limits_), *data, place + "." + type);
    return std::nullopt;
  }

  Asked& asked_;
  const RequestLimits& limits_;
};

Asked read_chat(const OrderedJson& json, const RequestLimits& limits) {
  Asked asked;
  read_sampling(json, limits, asked);
  if (flag(json, "logprobs")) {
    asked.likeliest = whole(json, "top_logprobs", 0, 0, kMostLikeliest);
  } else if (find(json, "top_logprobs") != nullptr && *find(json, "top_logprobs") != 0) {
    refuse("top_logprobs", "needs logprobs");
  }
  refuse_too_many_likeliest(asked, 1);
  const OrderedJson* messages = find(json, "messages");
  if (messages == nullptr || !messages->is_array() || messages->empty()) refuse("messages", "a list of messages was expected");
  MessageReader reader(asked, limits);
  for (std::size_t i = 0; i < messages->size(); ++i) reader.read((*messages)[i], fmt::format("messages[{}]", i));
  reader.check_turns();
  return asked;
}

}  // namespace

Asked read_chat_request(const std::string& body, const RequestLimits& limits) {
  return read_chat(parse(body), limits);
}

std::vector<Asked> read_completion_request(const std::string& body, const RequestLimits& limits) {
  constexpr std::size_t kMostPrompts = 64;
  const OrderedJson json = parse(body);
  Asked asked;
  read_sampling(json, limits, asked);
  if (find(json, "logprobs") != nullptr) asked.likeliest = whole(json, "logprobs", 0, 0, kMostLikeliest);
  const OrderedJson* prompt = find(json, "prompt");
  const OrderedJson prompts = prompt != nullptr && prompt->is_array() ? *prompt : OrderedJson::array({string_at(json, "prompt", "prompt")});
  if (prompts.empty() || prompts.size() > kMostPrompts) refuse("prompt", fmt::format("1 to {} texts were expected", kMostPrompts));
  refuse_too_many_likeliest(asked, prompts.size());
  std::vector<Asked> all;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    const std::string place = prompt->is_array() ? fmt::format("prompt[{}]", i) : "prompt";
    if (prompts[i].is_number() || prompts[i].is_array()) refuse(place, "token ids are not taken: send the text");
    if (!prompts[i].is_string()) refuse(place, "a text was expected");
    if (prompts[i].get_ref<const std::string&>().empty()) refuse(place, "is empty");
    all.push_back(asked);
    all.back().prompt = prompts[i].get<std::string>();
  }
  return all;
}

AskedExplanation read_explanation_request(const std::string& body, const RequestLimits& limits) {
  constexpr std::size_t kMostNotes = 20'000;  // each has its numbers in the reply
  const OrderedJson json = parse(body);
  require_known(json, "", {"model", "messages", "answer"});
  Asked asked = read_chat(json, limits);
  if (!asked.music) refuse("messages", "there is no music whose notes could explain anything");
  if (asked.music->note_count() > kMostNotes)
    refuse("messages", fmt::format("the music has {} notes, and at most {} are explained", asked.music->note_count(), kMostNotes));
  const std::string answer = string_at(json, "answer", "answer");
  if (text::strip(answer).empty()) refuse("answer", "is empty");
  return {std::move(*asked.music), std::move(asked.conversation), answer};
}

AskedEmbeddings read_embeddings_request(const std::string& body, const RequestLimits& limits) {
  constexpr std::size_t kMost = 256;
  const OrderedJson json = parse(body);
  AskedEmbeddings asked;
  const OrderedJson* format = find(json, "encoding_format");
  if (format != nullptr && *format != "float" && *format != "base64") refuse("encoding_format", "\"float\" or \"base64\" was expected");
  asked.is_base64 = format != nullptr && *format == "base64";
  if (find(json, "dimensions") != nullptr) refuse("dimensions", "is not supported");
  const OrderedJson* input = find(json, "input");
  if (input == nullptr || (!input->is_string() && !input->is_array() && !input->is_object()))
    refuse("input", "a MIDI file in base64 or a text, or a list of them, was expected");
  const OrderedJson list = input->is_array() ? *input : OrderedJson::array({*input});
  if (list.empty() || list.size() > kMost) refuse("input", fmt::format("1 to {} MIDI files or texts were expected", kMost));
  std::size_t notes = 0;
  const auto add = [&](midi::Score score) {
    notes += score.note_count();
    if (notes > limits.most_notes) refuse("input", fmt::format("has more than {} notes", limits.most_notes));
    asked.inputs.emplace_back(std::move(score));
  };
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string place = fmt::format("input[{}]", i);
    if (list[i].is_object()) {
      require_known(list[i], place, {"clip"});
      add(clip_of(find(list[i], "clip"), place + ".clip", limits));
      continue;
    }
    if (list[i].is_number() || list[i].is_array()) refuse(place, "token ids are another tokenizer's: send the text");
    if (!list[i].is_string()) refuse(place, "a MIDI file in base64 or a text was expected");
    const auto& input = list[i].get_ref<const std::string&>();
    if (is_file(input)) {
      add(score_of(bytes_of(input, place), place, limits));
    } else if (text::strip(input).empty()) {
      refuse(place, "is empty");
    } else {
      asked.inputs.emplace_back(input);
    }
  }
  if (std::ranges::any_of(asked.inputs, [&](const auto& input) { return input.index() != asked.inputs[0].index(); }))
    refuse("input", "has music and texts: their embeddings are different encoders', ask for them one after the other");
  return asked;
}

AskedClip read_clip_request(const std::string& body, const RequestLimits& limits) {
  const OrderedJson json = parse(body);
  AskedClip asked;
  if (find(json, "id") != nullptr) {
    require_known(json, "", {"id"});
    asked.id = string_at(json, "id", "id");
    return asked;
  }
  require_known(json, "", {"file_data", "filename"});
  if (find(json, "filename") != nullptr) asked.name = string_at(json, "filename", "filename");
  if (asked.name.size() > kLongestName) refuse("filename", fmt::format("at most {} bytes are taken", kLongestName));
  asked.music = score_of(bytes_of(string_at(json, "file_data", "file_data"), "file_data"), "file_data", limits);
  return asked;
}

}  // namespace midillama::serve
