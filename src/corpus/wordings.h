// The sentences that TemplateWriter draws from.
//
// "{key}" stands for the fact's value; "{a dance}" for the value behind "a" or "an", or "a tune" where it is not known; "{dance|tune}" for
// the value or the word behind the bar; "{the origin}" for a country in a sentence. A part in brackets is left out where a fact in it is
// not known.
#pragma once

#include "midillama/corpus/facts.h"

#include <string>
#include <string_view>
#include <vector>

namespace midillama::corpus {

struct Wordings {
  std::vector<std::string_view> questions;
  std::vector<std::string_view> answers;
};

// For one of tag_names().
const Wordings& wordings(std::string_view tag);
const std::vector<std::string_view>& caption_questions();
// A caption is an opening and a closing; each states its facts once.
const std::vector<std::string_view>& caption_openings();
const std::vector<std::string_view>& caption_closings();

// The sentence with its facts filled in; its first letter is made a capital.
std::string fill(std::string_view wording, const Facts& facts);

}  // namespace midillama::corpus
