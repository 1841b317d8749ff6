#include "midillama/corpus/question_writer.h"
#include "midillama/records/wording.h"

#include <algorithm>

namespace midillama::corpus {
namespace {

const std::string& draw(const std::vector<std::string>& choices, Random& random) {
  return choices[random.below(choices.size())];
}

// `count` different choices in random order, or all of them where there are fewer.
std::vector<std::string> draw_different(std::vector<std::string> choices, std::size_t count, Random& random) {
  random.shuffle(std::span(choices));
  choices.resize(std::min(count, choices.size()));
  return choices;
}

std::string caption(const Facts& facts, const records::Tags& tags, Random& random) {
  std::string text;
  for (const auto& part : tags.captions.parts) {
    const auto& wording = draw(part.wordings, random);
    const bool known = std::ranges::all_of(part.needs, [&](const auto& tag) { return facts.contains(tag); });
    if (known) text += records::fill(wording, facts, tags);
  }
  return text;
}

}  // namespace

TemplateWriter::TemplateWriter(const config::Corpus& config, records::Tags tags)
    : tags_(std::move(tags)),
      asked_(config.tags.empty() ? tags_.names() : config.tags),
      questions_per_tag_(static_cast<std::size_t>(config.questions_per_tag)),
      captions_(static_cast<std::size_t>(config.captions)) {}

std::vector<QuestionAnswer> TemplateWriter::write(const ClipFacts& clip, Random& random) const {
  std::vector<QuestionAnswer> written;
  for (const auto& name : asked_) {
    if (!clip.facts.contains(name)) continue;
    const auto& tag = tags_.at(name);
    for (const auto& question : draw_different(tag.questions, questions_per_tag_, random)) {
      written.push_back({"qa", name, question, records::fill(draw(tag.answers, random), clip.facts, tags_)});
    }
  }
  for (const auto& question : draw_different(tags_.captions.questions, captions_, random)) {
    auto answer = caption(clip.facts, tags_, random);
    if (!answer.empty()) written.push_back({"caption", "caption", question, std::move(answer)});
  }
  return written;
}

}  // namespace midillama::corpus
