// Questions, answers and captions about a clip, written from its facts.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/core/file.h"
#include "midillama/core/random.h"
#include "midillama/corpus/question_quota.h"
#include "midillama/records/question.h"
#include "midillama/records/tags.h"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace midillama::corpus {

struct QuestionAnswer {
  std::string task;  // qa, caption
  std::string tag;   // of the declaration; "caption" for captions
  std::string question;
  std::string answer;

  std::vector<std::string> also = {};  // as in records::Question
  std::string yes_if = {};
  std::vector<records::Turn> earlier = {};
};

// Writes what is asked and answered about one clip. An answer to a tag states its fact such that records::stated_value() finds it; a
// caption states facts that can be heard, and no other facts.
class QuestionWriter {
 public:
  virtual ~QuestionWriter() = default;
  // Told of all clips before it writes about the first.
  virtual void prepare(std::span<const ClipFacts>) {}
  virtual std::vector<QuestionAnswer> write(const ClipFacts& clip, Random& random) const = 0;
  // What is asked about a clip of the test side in wordings that write() never uses. Every question of yes or no that the facts answer is
  // among it: how many of them are asked is for others to say.
  virtual std::vector<QuestionAnswer> write_unseen(const ClipFacts&, Random&) const { return {}; }
  // How it writes, and what came of it: "writing" in dataset.json. Null where the tags say it all.
  virtual OrderedJson description() const { return nullptr; }
};

// Draws from the wordings of the tags: for every known tag of `config.tags` as many different questions as its quota, then `captions`
// captions; where the tags declare such, a question of yes or no and one about several facts at once. Of the unseen wordings: one for every
// known tag, one about several facts, and one after questions about the tags in `earlier`.
class TemplateWriter : public QuestionWriter {
 public:
  TemplateWriter(const config::Corpus& config, records::Tags tags);
  void prepare(std::span<const ClipFacts> clips) override;
  std::vector<QuestionAnswer> write(const ClipFacts& clip, Random& random) const override;
  std::vector<QuestionAnswer> write_unseen(const ClipFacts& clip, Random& random) const override;

 private:
  using Wordings = std::vector<std::string>;

  // The tags that are asked about and known of the clip.
  std::vector<const records::Tag*> known_tags(const Facts& facts) const;
  QuestionAnswer about(const records::Tag& tag, const Wordings& questions, const Facts& facts, Random& random) const;
  // Answered by the word that is right.
  QuestionAnswer yes_or_no(const records::Tag& tag, const records::YesNo& asked, const Wordings& questions, const Facts& facts,
                           Random& random) const;
  void add_yes_or_no(const Facts& facts, Random& random, std::vector<QuestionAnswer>& written) const;
  // In the wordings of one member of Together.
  void add_together(Wordings records::Together::*wordings, const Facts& facts, Random& random, std::vector<QuestionAnswer>& written) const;
  void add_follow_up(const Facts& facts, Random& random, std::vector<QuestionAnswer>& written) const;

  records::Tags tags_;
  std::vector<std::string> asked_;
  QuestionQuota quota_;
  std::size_t captions_;
};

}  // namespace midillama::corpus
