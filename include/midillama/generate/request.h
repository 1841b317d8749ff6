// What is asked of the decoder, and what comes back.
#pragma once

#include "midillama/model/midi_llama.h"

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace midillama::generate {

// How one request's tokens are chosen.
struct Sampling {
  std::int64_t max_new_tokens = 128;
  double temperature = 0.0;  // 0: greedy
  double top_p = 1.0;        // nucleus: the smallest set of likeliest tokens whose probability reaches top_p
  std::vector<std::int64_t> stop_ids = {};
  std::uint64_t seed = 1;    // of the draws; a request draws from its own stream,
  std::uint64_t stream = 0;  // so its result does not depend on what is answered beside it
};

// Why a request's tokens end.
enum class Finish {
  stop,     // the model wrote a stop id
  length,   // max_new_tokens
  context,  // prompt and new tokens fill the model's context (max_position_embeddings)
  stopped,  // who asked had enough
  failed,   // the request's own filter or callback threw
};

struct Completion {
  std::vector<std::int64_t> token_ids = {};  // new tokens; a stop id is left out
  Finish finish = Finish::length;
  std::exception_ptr failure = nullptr;  // what was thrown, where it failed
};

// A token with the natural logarithm of the probability that the model gave it: at temperature 1, among all tokens, whatever a filter
// allows.
struct TokenLogprob {
  std::int64_t id = 0;
  double logprob = 0;
};

struct NewToken {
  std::size_t request = 0;     // Queue::add's
  std::int64_t id = 0;         // a stop id is not reported
  std::string_view text = {};  // of all the request's tokens so far: whole characters, valid UTF-8; empty where the queue has no tokenizer
  // Where the request asks for them:
  double logprob = 0;
  std::span<const TokenLogprob> likeliest = {};  // in descending order
};

// What the next token of a request may be.
class TokenFilter {
 public:
  virtual ~TokenFilter() = default;
  // Bit id % 64 of word id / 64, for every id of the vocabulary; at least one is set. `remaining`: tokens that may still be written, the
  // next one included.
  virtual std::span<const std::uint64_t> allowed(std::int64_t remaining) = 0;
  // What was chosen; stop ids are not reported.
  virtual void accept(std::int64_t id) = 0;
};

// Returns whether to go on.
using OnToken = std::function<bool(const NewToken& token)>;
using OnEnd = std::function<void(std::size_t request, const Completion& completion)>;  // must not throw

struct Request {
  model::MusicText prompt;
  Sampling sampling = {};
  std::unique_ptr<TokenFilter> filter = nullptr;         // null: any token
  std::optional<std::int64_t> likeliest = std::nullopt;  // log-probabilities are wanted, with as many of the likeliest tokens
  // The prompt is read by itself: the request's tokens are the same to the last bit in any company (up to 64 rows in float32 on a CPU).
  // Others that join at once are read together, padded to the longest, which takes less time and may round otherwise.
  bool reads_alone = false;
  OnToken on_token = nullptr;
  OnEnd on_end = nullptr;
};

}  // namespace midillama::generate
