#include "midillama/serve/request.h"

#include "midillama/core/base64.h"
#include "midillama/midi/file.h"
#include "midillama/web/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace midillama::serve {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string midi_in_base64() {
  midi::Score score;
  score.instruments.push_back({0, false, "piano", {{{0}, {480}, 60, 64}, {{960}, {1440}, 64, 64}}});
  const auto bytes = midi::to_midi(score);
  return to_base64({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

Json user(const Json& content) {
  return {{"role", "user"}, {"content", content}};
}

Json file_part(const std::string& data, const Json& more = Json::object()) {
  Json file = {{"filename", "tune.mid"}, {"file_data", data}};
  file.update(more);
  return {{"type", "file"}, {"file", file}};
}

Asked chat(const Json& changes, const RequestLimits& limits = {}) {
  Json request = {{"model", "m"}, {"messages", {user("Which dance is it?")}}};
  request.update(changes);
  return read_chat_request(request.dump(), limits);
}

// The key that is at fault, and the sentence.
template <typename Read>
std::pair<std::string, std::string> refusal(Read&& read) {
  try {
    read();
  } catch (const web::HttpError& error) {
    EXPECT_EQ(error.status(), 400);
    return {error.param(), error.what()};
  }
  return {"accepted", ""};
}

TEST(ChatRequest, DefaultsAreTheServers) {
  const Asked asked = chat(Json::object(), {.max_new_tokens = 7, .temperature = 0.5, .top_p = 0.9});
  ASSERT_EQ(asked.conversation.messages.size(), 1u);
  EXPECT_EQ(asked.conversation.messages[0].text, "Which dance is it?");
  EXPECT_EQ(asked.max_new_tokens, 7);
  EXPECT_EQ(asked.temperature, 0.5);
  EXPECT_EQ(asked.top_p, 0.9);
  EXPECT_EQ(asked.seed, std::nullopt);
  EXPECT_EQ(asked.choices, 1);
  EXPECT_FALSE(asked.is_streamed);
  EXPECT_FALSE(asked.music);
}

TEST(ChatRequest, EveryKeyThatIsSupportedIsRead) {
  const Asked asked = chat({{"max_tokens", 5},
                            {"temperature", 1},
                            {"top_p", 0.25},
                            {"seed", -3},
                            {"stop", {"a", "bc"}},
                            {"n", 3},
                            {"stream", true},
                            {"stream_options", {{"include_usage", true}}},
                            {"user", "somebody"},
                            {"frequency_penalty", 0},
                            {"tools", Json::array()},
                            {"logprobs", false},
                            {"response_format", {{"type", "text"}}}});
  EXPECT_EQ(asked.max_new_tokens, 5);
  EXPECT_EQ(asked.seed, static_cast<std::uint64_t>(-3));
  EXPECT_THAT(asked.stop, ElementsAre("a", "bc"));
  EXPECT_EQ(asked.choices, 3);
  EXPECT_TRUE(asked.is_streamed && asked.includes_usage);
  EXPECT_EQ(chat({{"max_tokens", 6}, {"max_completion_tokens", 6}}).max_new_tokens, 6);
  EXPECT_EQ(refusal([&] { chat({{"max_tokens", 5}, {"max_completion_tokens", 6}}); }).first, "max_tokens");
  EXPECT_THAT(chat({{"stop", "one"}}).stop, ElementsAre("one"));
}

TEST(ChatRequest, WhatCannotBeServedIsRefusedByItsKey) {
  const std::pair<const char*, Json> cases[] = {
      {"temperature", "hot"},
      {"temperature", -1},
      {"top_p", -0.5},
      {"top_p", 1.5},
      {"n", 0},
      {"n", 1000},
      {"n", 1.5},
      {"max_tokens", 0},
      {"max_tokens", 1e12},
      {"seed", 1.5},
      {"stop", ""},
      {"stop", {"a", 3}},
      {"stop", {"a", "b", "c", "d", "e"}},
      {"stream", "yes"},
      {"stream_options", 3},
      {"logprobs", 3},
      {"top_logprobs", 2},
      {"logit_bias", {{"5", 1}}},
      {"presence_penalty", 0.5},
      {"tools", {{{"type", "function"}}}},
      {"response_format", "json_object"},
      {"response_format.type", {{"type", "xml"}}},
      {"response_format.json_schema", {{"type", "json_schema"}}},
      {"response_format.json_schema.schema", {{"type", "json_schema"}, {"json_schema", {{"name", "x"}}}}},
      {"modalities", {"audio"}},
      {"model", 3},
      {"messages", "hello"},
      {"tool_choice", "required"},
      {"function_call", {{"name", "f"}}},
      {"audio", {{"voice", "alloy"}}},
      {"prediction", {{"type", "content"}, {"content", "a"}}},
      {"web_search_options", Json::object()},
      {"reasoning_effort", "high"},
      {"verbosity", "low"},
      {"service_tier", "flex"},
      {"store", true},
      {"stream_options", {{"include_usage", true}}},
      {"top_k", 5},
      {"min_p", 0.1},
      {"repetition_penalty", 1.2},
      {"max_new_tokens", 5},
      {"grammar", "root ::= \"a\""},
      {"chat_template_kwargs", {{"enable_thinking", false}}},
      {"messages", Json::array()}};
  for (const auto& [key, value] : cases)
    EXPECT_EQ(refusal([&] { chat({{std::string(key).substr(0, std::string(key).find('.')), value}}); }).first, key) << value;
}

TEST(ChatRequest, WhatAsksForNothingElseIsTaken) {
  const Json harmless = {{"tool_choice", "none"},
                         {"function_call", "auto"},
                         {"functions", Json::array()},
                         {"logit_bias", nullptr},
                         {"best_of", 1.0},
                         {"modalities", {"text"}},
                         {"audio", nullptr},
                         {"reasoning_effort", "none"},
                         {"verbosity", "medium"},
                         {"store", false},
                         {"service_tier", "auto"},
                         {"top_k", -1},
                         {"min_p", 0.0},
                         {"repetition_penalty", 1},
                         {"parallel_tool_calls", true},
                         {"metadata", {{"a", "b"}}},
                         {"prompt_cache_key", "k"},
                         {"a_key_of_nobodys", {1, 2}}};
  EXPECT_EQ(chat(harmless).conversation.messages.size(), 1u);
  const Json answered = {{"role", "assistant"},   {"content", "A reel."},         {"refusal", nullptr}, {"audio", nullptr},
                         {"tool_calls", nullptr}, {"annotations", Json::array()}, {"name", "m"}};
  EXPECT_EQ(chat({{"messages", {user("a"), answered, user("b")}}}).conversation.messages.size(), 3u);
}

TEST(ChatRequest, AFormatIsASchemaInTheOrderOfItsKeys) {
  const std::string messages = R"({"messages": [{"role": "user", "content": "a"}], "response_format": )";
  const auto format = [&](const std::string& text) { return read_chat_request(messages + text + "}", {}).format; };
  EXPECT_FALSE(format(R"({"type": "text"})"));
  EXPECT_FALSE(format(R"({"type": "json_object"})")->schema);
  for (const char* text :
       {R"({"type": "json_schema", "json_schema": {"name": "n", "strict": true, "schema": {"b": 1, "a": 2}}})",
        R"({"type": "json_schema", "schema": {"b": 1, "a": 2}})", R"({"type": "json_object", "schema": {"b": 1, "a": 2}})"})
    EXPECT_EQ(format(text)->schema->dump(), R"({"b":1,"a":2})");
  EXPECT_EQ(refusal([&] { chat({{"stop", "a"}, {"response_format", {{"type", "json_object"}}}}); }).first, "stop");
}

TEST(ChatRequest, ABodyThatIsNoObjectIsRefused) {
  for (const char* body : {"", "[]", "{", "null", "{\"messages\": \"\xff\"}"})
    EXPECT_THAT(refusal([&] { read_chat_request(body, {}); }).second, HasSubstr("JSON")) << body;
  EXPECT_ANY_THROW(read_chat_request(std::string(100000, '['), {}));
}

TEST(ChatRequest, TurnsAreAConversation) {
  const Json system = {{"role", "system"}, {"content", "Be brief."}}, answer = {{"role", "assistant"}, {"content", "A reel."}};
  const Asked asked = chat({{"messages", {system, user("One?"), answer, user(Json::array({{{"type", "text"}, {"text", "Two?"}}}))}}});
  ASSERT_EQ(asked.conversation.messages.size(), 4u);
  EXPECT_EQ(asked.conversation.messages[0].role, text::Role::system);
  EXPECT_EQ(asked.conversation.messages[3].text, "Two?");
  const std::pair<const char*, Json> cases[] = {
      {"messages[1]", Json::array({user("a"), user("b")})},
      {"messages[0]", Json::array({answer, user("b")})},
      {"messages[1]", Json::array({user("a"), system, user("b")})},
      {"messages", Json::array({user("a"), answer})},
      {"messages", Json::array({system})},
      {"messages", Json::array({user("  ")})},
      {"messages[0].role", Json::array({{{"role", "tool"}, {"content", "x"}}})},
      {"messages[0].content", Json::array({{{"role", "user"}}})},
      {"messages[0].content", Json::array({user(3)})},
      {"messages[1].tool_calls",
       Json::array({user("a"), {{"role", "assistant"}, {"content", "b"}, {"tool_calls", {{{"id", "c"}}}}}, user("d")})},
      {"messages[0]", Json::array({3})}};
  for (const auto& [key, messages] : cases) EXPECT_EQ(refusal([&] { chat({{"messages", messages}}); }).first, key) << messages;
}

TEST(ChatRequest, MusicComesAsAFileOrAsAudio) {
  const std::string data = midi_in_base64();
  const Json question = {{"type", "text"}, {"text", "Which dance is it?"}};
  const Json audio = {{"type", "input_audio"}, {"input_audio", {{"data", data}, {"format", "wav"}}}};
  std::string lines = data, url = data;
  lines.insert(20, "\r\n");
  std::ranges::replace(url, '+', '-');
  std::ranges::replace(url, '/', '_');
  while (url.ends_with('=')) url.pop_back();
  for (const Json& part : {file_part(data), file_part("data:audio/midi;base64," + data), file_part("DATA:audio/midi;BASE64," + data),
                           file_part(" " + lines + "\n"), file_part(url), audio}) {
    const Asked asked = chat({{"messages", {user({part, question})}}});
    ASSERT_TRUE(asked.music);
    EXPECT_EQ(asked.music->note_count(), 2u);
    EXPECT_EQ(asked.conversation.messages[0].text, "Which dance is it?");
  }
  EXPECT_EQ(chat({{"messages", {user({file_part(data, {{"start", 0.9}, {"duration", 3}}), question})}}}).music->note_count(), 1u);
}

TEST(ChatRequest, TextsOfAMessageAreLinesOfTheirOwn) {
  const auto part = [](const char* words) { return Json{{"type", "text"}, {"text", words}}; };
  const Json music = file_part(midi_in_base64());
  EXPECT_EQ(chat({{"messages", {user({part("A"), music, part("B"), part("C\n")})}}}).conversation.messages[0].text, "A\nB\nC\n");
}

TEST(ChatRequest, MusicThatCannotBeHeardIsNeverDropped) {
  const std::string data = midi_in_base64();
  const Json question = {{"type", "text"}, {"text", "Which dance is it?"}};
  const auto with = [&](const Json& part, const RequestLimits& limits = {}) {
    return refusal([&] { chat({{"messages", {user({part, question})}}}, limits); });
  };
  EXPECT_THAT(with(file_part("no base64")).second, HasSubstr("is not base64"));
  EXPECT_THAT(with(file_part("data:audio/midi," + data)).second, HasSubstr("data URL in base64"));
  EXPECT_THAT(with(file_part(to_base64("RIFF and so on"))).second, HasSubstr("no MIDI file"));
  EXPECT_THAT(with(file_part(to_base64("MThd"))).second, HasSubstr("too short"));
  EXPECT_THAT(with(file_part(data, {{"start", 50}})).second, HasSubstr("no notes in the part"));
  EXPECT_EQ(with(file_part(data, {{"start", -1}})).first, "messages[0].content[0].file.start");
  Json beside = file_part(data);
  beside["start"] = 1;
  EXPECT_EQ(with(beside).first, "messages[0].content[0].start");
  EXPECT_EQ(with(file_part(data, {{"strat", 1}})).first, "messages[0].content[0].file.strat");
  EXPECT_EQ(with({{"type", "clip"}, {"clip", {{"id", "clip-1"}, {"lenght", 3}}}}).first, "messages[0].content[0].clip.lenght");
  EXPECT_EQ(with({{"type", "input_audio"}, {"input_audio", {{"data", data}, {"end", 3}}}}).first, "messages[0].content[0].input_audio.end");
  EXPECT_EQ(with(file_part(data, {{"file_id", "x"}})).first, "messages[0].content[0].file.file_id");
  EXPECT_THAT(with(file_part(data), {.takes_music = false}).second, HasSubstr("takes no music"));
  EXPECT_THAT(with(file_part(data), {.most_notes = 1}).second, HasSubstr("at most 1"));
  EXPECT_EQ(with({{"type", "image_url"}, {"image_url", {{"url", "x"}}}}).first, "messages[0].content[0].type");
  EXPECT_THAT(refusal([&] { chat({{"messages", {user({file_part(data), file_part(data), question})}}}); }).second, HasSubstr("music once"));
  const Json system = {{"role", "system"}, {"content", {file_part(data)}}};
  EXPECT_THAT(refusal([&] { chat({{"messages", {system, user("a")}}}); }).second, HasSubstr("message of the user"));
}

TEST(CompletionRequest, HasAPrompt) {
  EXPECT_EQ(read_completion_request(R"({"prompt": "Once", "max_tokens": 3})", {}).at(0).prompt, "Once");
  const auto two = read_completion_request(R"({"prompt": ["Once", "Twice"], "max_tokens": 3})", {});
  ASSERT_EQ(two.size(), 2u);
  EXPECT_EQ(two[1].prompt, "Twice");
  EXPECT_EQ(two[1].max_new_tokens, 3);
  EXPECT_EQ(refusal([] { read_completion_request("{}", {}); }).first, "prompt");
  EXPECT_EQ(refusal([] { read_completion_request(R"({"prompt": []})", {}); }).first, "prompt");
  EXPECT_EQ(refusal([] { read_completion_request(R"({"prompt": ["a", ""]})", {}); }).first, "prompt[1]");
  EXPECT_EQ(refusal([] { read_completion_request(R"({"prompt": [1, 2]})", {}); }).first, "prompt[0]");
  EXPECT_EQ(refusal([] { read_completion_request(R"({"prompt": "a", "echo": true})", {}); }).first, "echo");
}

TEST(CompletionRequest, LogProbabilitiesAreAskedForByANumber) {
  EXPECT_EQ(read_completion_request(R"({"prompt": "a", "logprobs": 0})", {}).at(0).likeliest, 0);
  EXPECT_EQ(read_completion_request(R"({"prompt": "a", "logprobs": 5})", {}).at(0).likeliest, 5);
  EXPECT_EQ(read_completion_request(R"({"prompt": "a"})", {}).at(0).likeliest, std::nullopt);
  EXPECT_EQ(refusal([] { read_completion_request(R"({"prompt": "a", "logprobs": true})", {}); }).first, "logprobs");
}

TEST(ChatRequest, LogProbabilitiesAreAskedForByAFlag) {
  const Json messages = Json::array({user("a")});
  EXPECT_EQ(chat({{"messages", messages}, {"logprobs", true}}).likeliest, 0);
  EXPECT_EQ(chat({{"messages", messages}, {"logprobs", true}, {"top_logprobs", 20}}).likeliest, 20);
  EXPECT_EQ(chat({{"messages", messages}, {"logprobs", false}, {"top_logprobs", 0}}).likeliest, std::nullopt);
  EXPECT_EQ(refusal([&] { chat({{"messages", messages}, {"logprobs", true}, {"top_logprobs", 21}}); }).first, "top_logprobs");
}

TEST(ChatRequest, LogProbabilitiesAreBounded) {
  EXPECT_EQ(chat({{"logprobs", true}, {"top_logprobs", 20}, {"max_tokens", 1000}}).likeliest, 20);
  EXPECT_EQ(refusal([] { chat({{"logprobs", true}, {"top_logprobs", 20}, {"max_tokens", 4000}, {"n", 16}}); }).first, "logprobs");
  EXPECT_EQ(refusal([] {
              read_completion_request(Json{{"prompt", "a"}, {"logprobs", 20}, {"max_tokens", 4000}, {"n", 16}}.dump(), {});
            }).first,
            "logprobs");
}

TEST(ChatRequest, MusicThatIsCutIsRefused) {
  std::string bytes = *from_base64(midi_in_base64());
  bytes.resize(bytes.size() - 8);
  testing::internal::CaptureStderr();
  const auto [key, sentence] = refusal([&] { chat({{"messages", {user(Json::array({file_part(to_base64(bytes))}))}}}); });
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "") << "nothing of a request is logged";
  EXPECT_THAT(key, HasSubstr("file_data"));
  EXPECT_THAT(sentence, HasSubstr("truncated"));
}

TEST(ChatRequest, MusicWithANoteThatNothingEndsIsRefused) {
  std::string bytes = *from_base64(midi_in_base64());
  const std::string note_on = "\x90\x40\x40", delta_and_off = "\x83\x60\x80\x40";  // the last note: 480 ticks, pitch 64
  const auto off = bytes.rfind(delta_and_off);
  ASSERT_TRUE(off != std::string::npos && bytes.find(note_on) != std::string::npos);
  bytes[off + 3] = '\x41';  // another pitch's end
  const auto sentence = refusal([&] { chat({{"messages", {user(Json::array({file_part(to_base64(bytes))}))}}}); }).second;
  EXPECT_THAT(sentence, HasSubstr("a note that nothing ends"));
}

TEST(ChatRequest, AKeyThatIsThereTwiceIsRefused) {
  const std::string messages = R"("messages": [{"role": "user", "content": "a"}])";
  EXPECT_THAT(refusal([&] { read_chat_request("{" + messages + R"(, "seed": 1, "seed": 2})", {}); }).second, HasSubstr("\"seed\""));
  EXPECT_THAT(refusal([&] { read_chat_request("{" + messages + ", " + messages + "}", {}); }).second, HasSubstr("twice"));
}

TEST(ClipRequest, HasAFileOrAnId) {
  const std::string data = midi_in_base64();
  const auto key = [](const Json& request) { return refusal([&] { read_clip_request(request.dump(), {}); }).first; };
  EXPECT_EQ(read_clip_request(Json{{"id", ""}}.dump(), {}).id, "") << "an id that there is not, and no clip without notes";
  EXPECT_EQ(read_clip_request(Json{{"file_data", data}, {"filename", "a"}, {"id", nullptr}}.dump(), {}).music.note_count(), 2u);
  EXPECT_EQ(key({{"id", "clip-1"}, {"file_data", data}}), "file_data");
  EXPECT_EQ(key({{"file_data", data}, {"start", 3}}), "start");
  EXPECT_EQ(key(Json::object()), "file_data");
}

TEST(ExplanationRequest, TakesNothingThatChangesNoExplanation) {
  const Json part = {{"type", "text"}, {"text", "Which?"}};
  Json request = {{"model", "m"}, {"messages", {user({file_part(midi_in_base64()), part})}}, {"answer", "A reel."}};
  EXPECT_EQ(read_explanation_request(request.dump(), {}).answer, "A reel.");
  request["stream"] = true;
  EXPECT_EQ(refusal([&] { read_explanation_request(request.dump(), {}); }).first, "stream");
}

TEST(EmbeddingsRequest, AllClipsTogetherHaveSoManyNotes) {
  const Json three = {midi_in_base64(), midi_in_base64(), midi_in_base64()};
  EXPECT_EQ(read_embeddings_request(Json{{"input", three}}.dump(), {.most_notes = 6}).inputs.size(), 3u);
  EXPECT_EQ(refusal([&] { read_embeddings_request(Json{{"input", three}}.dump(), {.most_notes = 5}); }).first, "input");
}

TEST(EmbeddingsRequest, TakesMidiFilesAndTexts) {
  const std::string data = midi_in_base64();
  EXPECT_EQ(read_embeddings_request(Json{{"input", data}}.dump(), {}).inputs.size(), 1u);
  const auto two = read_embeddings_request(Json{{"input", {data, data}}, {"encoding_format", "base64"}}.dump(), {});
  EXPECT_EQ(two.inputs.size(), 2u);
  EXPECT_TRUE(two.is_base64);
  const auto key = [](const Json& request) { return refusal([&] { read_embeddings_request(request.dump(), {}); }).first; };
  EXPECT_EQ(std::get<std::string>(read_embeddings_request(Json{{"input", {"some words"}}}.dump(), {}).inputs[0]), "some words");
  EXPECT_EQ(key({{"input", {data, "some words"}}}), "input") << "vectors of two encoders";
  EXPECT_EQ(key({{"input", "data:audio/wav;base64,UklGRg=="}}), "input[0]");
  EXPECT_EQ(key({{"input", "TVRoZAA"}}), "input[0]");
  EXPECT_EQ(key({{"input", to_base64("RIFF" + std::string(200, 'x'))}}), "input[0]") << "a file, and no MIDI file";
  EXPECT_EQ(key({{"input", " "}}), "input[0]");
  EXPECT_EQ(key({{"input", {{1, 2}}}}), "input[0]");
  EXPECT_EQ(key({{"input", {1, 2}}}), "input[0]");
  EXPECT_EQ(key({{"input", Json::array()}}), "input");
  EXPECT_EQ(key(Json::object()), "input");
  EXPECT_EQ(key({{"input", data}, {"encoding_format", "hex"}}), "encoding_format");
  EXPECT_EQ(key({{"input", data}, {"dimensions", 3}}), "dimensions");
}

}  // namespace
}  // namespace midillama::serve
