#include "text/pre_tokenizer.h"

#include "midillama/text/utf8.h"

namespace midillama::text {

void PreTokenizer::add_split(std::string_view pattern, Keep keep) {
  steps_.push_back({Regex(pattern), keep});
}

void PreTokenizer::add_prefix_space() {
  steps_.push_back({std::nullopt, Keep::all});
}

void PreTokenizer::split(std::string_view text, Regex::Scratch& scratch, const Receiver& receive) const {
  run(0, text, scratch, receive);
}

void PreTokenizer::run(std::size_t step, std::string_view text, Regex::Scratch& scratch, const Receiver& receive) const {
  if (text.empty()) return;
  if (step == steps_.size()) return receive(text);
  if (steps_[step].pattern) return cut(step, text, scratch, receive);
  if (text.front() == ' ') return run(step + 1, text, scratch, receive);
  run(step + 1, " " + std::string(text), scratch, receive);
}

void PreTokenizer::cut(std::size_t step, std::string_view text, Regex::Scratch& scratch, const Receiver& receive) const {
  const auto& [pattern, keep] = steps_[step];
  std::size_t done = 0;  // the end of the last match
  std::size_t from = 0;  // where the next one may start
  while (const auto match = pattern->find(text, from, scratch)) {
    const auto [begin, end] = *match;
    if (keep != Keep::matches) run(step + 1, text.substr(done, begin - done), scratch, receive);
    if (keep != Keep::gaps) run(step + 1, text.substr(begin, end - begin), scratch, receive);
    done = from = end;
    if (begin < end) continue;
    // An empty match: the next one starts a character further on.
    if (from >= text.size()) break;
    do ++from;
    while (from < text.size() && is_continuation(text[from]));
  }
  if (keep != Keep::matches) run(step + 1, text.substr(done), scratch, receive);
}

}  // namespace midillama::text
