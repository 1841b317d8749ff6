#include "exchange.h"

#include "midillama/core/error.h"
#include "midillama/generate/generator.h"
#include "midillama/text/utf8.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace midillama::explain {
namespace {

void check(const text::Conversation& conversation, const std::optional<std::string>& answer) {
  const auto& messages = conversation.messages;
  const bool asks = !messages.empty() && messages.back().role == text::Role::user && !text::strip(messages.back().text).empty();
  if (!asks) throw UsageError("the question is empty: there is no answer to explain");
  if (answer && text::strip(*answer).empty()) throw UsageError("the answer is empty: there is nothing to explain");
}

std::vector<std::int64_t> written_ids(generate::Session& session, const model::MusicText& prompt) {
  auto sampling = session.sampling;
  sampling.temperature = 0;
  auto ids = generate::generate(session.model, std::span(&prompt, 1), sampling).at(0).token_ids;
  if (ids.empty()) throw Error("the model's answer is empty: there is nothing to explain");
  return ids;
}

// As the template writes the answer, up to the token that ends it.
std::vector<std::int64_t> given_ids(const generate::Session& session, text::Conversation conversation, const std::string& answer,
                                    const model::MusicText& prompt) {
  conversation.messages.push_back({text::Role::assistant, answer});
  const auto whole = session.encode(conversation, prompt.music, generate::Session::TooLong::is_refused);
  const auto begin = whole.input_ids.begin() + std::ssize(prompt.input_ids);
  return {begin, std::ranges::find_first_of(std::ranges::subrange(begin, whole.input_ids.end()), session.sampling.stop_ids)};
}

}  // namespace

Exchange read_exchange(generate::Session& session, const midi::Score& clip, text::Conversation conversation,
                       const std::optional<std::string>& answer) {
  check(conversation, answer);
  Exchange exchange{.notes = session.hear_notes(clip), .text = {}, .answer = {}};
  const generate::Heard heard = session.hear(clip);
  conversation.notes = heard.notes;
  exchange.text = session.encode(conversation, heard.music, generate::Session::TooLong::is_refused);
  const auto ids = answer ? given_ids(session, conversation, *answer, exchange.text) : written_ids(session, exchange.text);
  exchange.answer = session.decode(ids);
  exchange.answer_at = std::ssize(exchange.text.input_ids);
  exchange.text.music = torch::Tensor();
  exchange.text.labels.assign(exchange.text.input_ids.size(), model::kNoLabel);
  exchange.text.input_ids.insert(exchange.text.input_ids.end(), ids.begin(), ids.end());
  exchange.text.labels.insert(exchange.text.labels.end(), ids.begin(), ids.end());
  return exchange;
}

}  // namespace midillama::explain
