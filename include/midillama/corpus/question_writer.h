// Questions, answers and captions about a clip, written from its facts.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/core/random.h"
#include "midillama/corpus/facts.h"

#include <string>
#include <vector>

namespace midillama::corpus {

// What a writer is told of a clip.
struct ClipFacts {
  std::string id;
  Facts facts;
};

struct QuestionAnswer {
  std::string task;  // qa, caption
  std::string tag;   // one of tag_names(); "caption" for captions
  std::string question;
  std::string answer;
};

// Writes what is asked and answered about one clip. An answer to a tag states its fact such that stated_fact() finds it; a caption states
// facts that can be heard, and no other facts.
class QuestionWriter {
 public:
  virtual ~QuestionWriter() = default;
  virtual std::vector<QuestionAnswer> write(const ClipFacts& clip, Random& random) const = 0;
};

// Draws wordings from fixed sets: for every known tag of `config.tags`, `questions_per_tag` different questions, then `captions` captions.
class TemplateWriter : public QuestionWriter {
 public:
  explicit TemplateWriter(const config::Corpus& config);
  std::vector<QuestionAnswer> write(const ClipFacts& clip, Random& random) const override;

 private:
  std::vector<std::string> tags_;
  std::size_t questions_per_tag_;
  std::size_t captions_;
};

}  // namespace midillama::corpus
