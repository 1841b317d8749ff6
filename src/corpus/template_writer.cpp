#include "midillama/corpus/question_writer.h"
#include "wordings.h"

#include <algorithm>
#include <numeric>

namespace midillama::corpus {
namespace {

std::string_view draw(const std::vector<std::string_view>& choices, Random& random) {
  return choices[random.below(choices.size())];
}

// `count` different choices in random order, or all of them where there are fewer.
std::vector<std::string_view> draw_different(std::vector<std::string_view> choices, std::size_t count, Random& random) {
  random.shuffle(std::span(choices));
  choices.resize(std::min(count, choices.size()));
  return choices;
}

// Both of register and density are measured wherever there are pitched notes; without them there is nothing to close with.
std::string caption(const Facts& facts, Random& random) {
  const auto opening = fill(draw(caption_openings(), random), facts);
  const auto closing = draw(caption_closings(), random);
  const bool measured = facts.count("register") != 0 && facts.count("density") != 0;
  return measured ? opening + fill(closing, facts) : opening;
}

}  // namespace

TemplateWriter::TemplateWriter(const config::Corpus& config)
    : tags_(config.tags),
      questions_per_tag_(static_cast<std::size_t>(config.questions_per_tag)),
      captions_(static_cast<std::size_t>(config.captions)) {}

std::vector<QuestionAnswer> TemplateWriter::write(const ClipFacts& clip, Random& random) const {
  std::vector<QuestionAnswer> written;
  for (const auto& tag : tags_) {
    if (clip.facts.count(tag) == 0) continue;
    const auto& choices = wordings(tag);
    for (const auto question : draw_different(choices.questions, questions_per_tag_, random)) {
      written.push_back({"qa", tag, std::string(question), fill(draw(choices.answers, random), clip.facts)});
    }
  }
  for (const auto question : draw_different(caption_questions(), captions_, random)) {
    written.push_back({"caption", "caption", std::string(question), caption(clip.facts, random)});
  }
  return written;
}

}  // namespace midillama::corpus
