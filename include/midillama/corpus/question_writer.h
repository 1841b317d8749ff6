// Questions, answers and captions about a clip, written from its facts.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/core/random.h"
#include "midillama/records/question.h"
#include "midillama/records/tags.h"

#include <string>
#include <vector>

namespace midillama::corpus {

using records::Facts;

// What a writer is told of a clip.
struct ClipFacts {
  std::string id;
  Facts facts;
};

struct QuestionAnswer {
  std::string task;  // qa, caption
  std::string tag;   // of the declaration; "caption" for captions
  std::string question;
  std::string answer;
};

// Writes what is asked and answered about one clip. An answer to a tag states its fact such that records::stated_value() finds it; a
// caption states facts that can be heard, and no other facts.
class QuestionWriter {
 public:
  virtual ~QuestionWriter() = default;
  virtual std::vector<QuestionAnswer> write(const ClipFacts& clip, Random& random) const = 0;
};

// Draws from the wordings of the tags: for every known tag of `config.tags`, `questions_per_tag` different questions, then `captions`
// captions.
class TemplateWriter : public QuestionWriter {
 public:
  TemplateWriter(const config::Corpus& config, records::Tags tags);
  std::vector<QuestionAnswer> write(const ClipFacts& clip, Random& random) const override;

 private:
  records::Tags tags_;
  std::vector<std::string> asked_;
  std::size_t questions_per_tag_;
  std::size_t captions_;
};

}  // namespace midillama::corpus
