#include "cli/commands/serve.h"

#include "cli/torch/device.h"
#include "midillama/core/error.h"
#include "midillama/core/interrupt.h"
#include "midillama/core/log.h"
#include "midillama/generate/session.h"
#include "midillama/runs/trained_with.h"
#include "midillama/serve/example_clips.h"
#include "midillama/serve/server.h"
#include "midillama/web/address.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>

namespace midillama::cli {
namespace {

constexpr std::size_t kBeside = 16;  // connections for what is no answer, and for those that are told to come back
constexpr const char* kKey = "MIDILLAMA_API_KEY";
constexpr std::size_t kLongestKey = 8000;  // a header's line has 8 KiB
constexpr std::size_t kExamples = 6;
constexpr std::int64_t kTextTokens = 1024;  // of a text's answer where a request does not say

// A clip that the template has no place for would be dropped without a word.
bool takes_music(const generate::Session& session, const ServeCommand& command) {
  return !command.text_only && (session.prompt->has_music() || session.prompt->has_notes());
}

std::string name_of(const config::Config& config, const ServeCommand& command) {
  const auto path = std::filesystem::path(command.text_only ? config.llm.path : config.run.dir).lexically_normal();
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

// Empty where none is asked for. Nobody could send what a header does not hold as it is; the library takes %41 in one for A.
std::string key_from_environment() {
  const char* set = std::getenv(kKey);
  if (set == nullptr) return "";
  const std::string key = set;
  const auto can_be_sent = [](unsigned char byte) { return byte > ' ' && byte < 0x7f && byte != '%'; };
  if (key.empty() || key.size() > kLongestKey || !std::ranges::all_of(key, can_be_sent)) {
    throw UsageError(
        fmt::format("{} is set, but empty, longer than {} or not made of letters, digits and signs (no %): no client could send it", kKey,
                    kLongestKey));
  }
  return key;
}

}  // namespace

void run(const config::Config& given, const ServeCommand& command) {
  if (command.text_only && !command.checkpoint.empty()) throw UsageError("--text-only serves no checkpoint: leave --checkpoint out");
  if (command.host.empty()) throw UsageError("--host: an address is expected, as 127.0.0.1");
  const std::string key = key_from_environment();
  web::require_free(command.host, command.port);  // before the model is loaded, which takes its time
  const auto [checkpoint, config] = command.text_only ? runs::Used{"", given} : runs::use_checkpoint(given, command.checkpoint);
  const torch::Device device = prepare_device(config.run);
  using Hears = generate::Session::Hears;
  generate::Session session(config, checkpoint, device, command.text_only ? Hears::nothing : Hears::music);
  if (command.text_only) session.max_length = session.model->llama->config.max_position_embeddings;  // the run's is of its training
  serve::ServerOptions options;
  options.http = {.host = command.host,
                  .port = command.port,
                  .api_key = key,
                  .allowed_origins = command.allowed_origins,
                  .is_stopped = [] { return noted_interrupt() != 0; },
                  .connections = static_cast<std::size_t>(command.max_answers) + kBeside};
  options.limits = {.takes_music = takes_music(session, command),
                    .max_new_tokens = command.text_only ? kTextTokens : config.generate.max_new_tokens,
                    .temperature = config.generate.temperature,
                    .top_p = config.generate.top_p};
  if (command.cache_tokens <= options.limits.max_new_tokens) {
    throw UsageError(fmt::format("--cache-tokens: {} hold no answer of {} tokens, which a request that names no max_tokens asks for",
                                 command.cache_tokens, options.limits.max_new_tokens));
  }
  options.explains = !command.text_only && session.prompt->has_music() && config.music_encoder.pooling == "mean";
  options.model_name = name_of(config, command);
  options.engine = {
      .most_answers = static_cast<std::size_t>(command.max_answers), .most_tokens = command.cache_tokens, .texts = config.eval.bertscore};
  const bool has_page = options.limits.takes_music;
  if (options.limits.takes_music) options.examples = serve::example_clips(config.data.dir, kExamples);
  serve::Server server(session, std::move(options));
  const InterruptDelay delay("the server ends; another signal ends it at once");
  const int port = server.bind();
  const std::string address = web::in_url(command.host, port);
  log::info("{} at http://{}/v1{}{}", name_of(config, command), address,
            has_page ? fmt::format(", a page to try it at http://{}/", address) : "",
            key.empty() ? fmt::format(" (no key is asked for: {} sets one)", kKey) : "");
  std::cout << port << std::endl;
  server.serve();
}

}  // namespace midillama::cli
