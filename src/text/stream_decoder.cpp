#include "midillama/text/stream_decoder.h"

#include <span>

namespace midillama::text {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

}  // namespace

std::string_view StreamDecoder::push(TokenId id) {
  ids_.push_back(id);
  const std::string window = tokenizer_->decode(std::span(ids_).subspan(context_));
  // Bytes of an unfinished character are decoded as U+FFFD.
  if (!window.ends_with(kReplacement)) append(window);
  return text_;
}

std::string_view StreamDecoder::finish() {
  append(tokenizer_->decode(std::span(ids_).subspan(context_)));
  return text_;
}

void StreamDecoder::append(std::string_view window) {
  const std::string known = tokenizer_->decode(std::span(ids_).subspan(context_, written_ - context_));
  const std::string_view added = window.substr(std::min(known.size(), window.size()));
  text_ += added;
  // Special tokens have no text, and so give a word after them no context.
  if (!added.empty()) context_ = written_;
  written_ = ids_.size();
}

}  // namespace midillama::text
