#include "midillama/corpus/question_writer.h"
#include "midillama/records/form.h"
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

// Empty where it would state nothing of the music.
std::string caption(const Facts& facts, const records::Tags& tags, Random& random) {
  const auto is_known = [&](const std::string& tag) { return facts.contains(tag); };
  std::string text;
  bool states_something = false;
  for (const auto& part : tags.captions.parts) {
    const auto& wording = draw(part.wordings, random);
    if (!std::ranges::all_of(part.needs, is_known)) continue;
    const auto filled = records::fill_known(wording, facts, tags);
    if (!filled) continue;
    text += *filled;
    states_something = states_something || std::ranges::any_of(records::named_tags(wording), is_known);
  }
  return states_something ? text : "";
}

bool is_yes(const records::Tag& tag, const records::YesNo& asked, const Facts& facts) {
  return records::right_answer(asked.yes_if, facts.at(tag.name)) == "yes";
}

}  // namespace

TemplateWriter::TemplateWriter(const config::Corpus& config, records::Tags tags)
    : tags_(std::move(tags)),
      asked_(config.tags.empty() ? tags_.names() : config.tags),
      quota_(config),
      captions_(static_cast<std::size_t>(config.captions)) {}

void TemplateWriter::prepare(std::span<const ClipFacts> clips) {
  quota_.share_out(clips);
}

std::vector<QuestionAnswer> TemplateWriter::write(const ClipFacts& clip, Random& random) const {
  std::vector<QuestionAnswer> written;
  for (const auto& name : asked_) {
    if (!clip.facts.contains(name)) continue;
    const auto& tag = tags_.at(name);
    for (const auto& question : draw_different(tag.questions, quota_.of(clip, name), random)) {
      written.push_back({"qa", name, question, records::fill(draw(tag.answers, random), clip.facts, tags_)});
    }
  }
  for (const auto& question : draw_different(tags_.captions.questions, captions_, random)) {
    auto answer = caption(clip.facts, tags_, random);
    if (!answer.empty()) written.push_back({"caption", "caption", question, std::move(answer)});
  }
  add_yes_or_no(clip.facts, random, written);
  add_together(&records::Together::questions, clip.facts, random, written);
  return written;
}

std::vector<QuestionAnswer> TemplateWriter::write_unseen(const ClipFacts& clip, Random& random) const {
  std::vector<QuestionAnswer> written;
  for (const auto* tag : known_tags(clip.facts)) {
    if (!tag->unseen.empty()) written.push_back(about(*tag, tag->unseen, clip.facts, random));
  }
  add_together(&records::Together::unseen, clip.facts, random, written);
  add_follow_up(clip.facts, random, written);
  for (const auto* tag : known_tags(clip.facts)) {
    for (const auto& asked : tag->yes_no) {
      if (!asked.unseen.empty()) written.push_back(yes_or_no(*tag, asked, asked.unseen, clip.facts, random));
    }
  }
  return written;
}

std::vector<const records::Tag*> TemplateWriter::known_tags(const Facts& facts) const {
  std::vector<const records::Tag*> known;
  for (const auto& name : asked_) {
    if (facts.contains(name)) known.push_back(&tags_.at(name));
  }
  return known;
}

QuestionAnswer TemplateWriter::about(const records::Tag& tag, const Wordings& questions, const Facts& facts, Random& random) const {
  auto question = draw(questions, random);
  return {"qa", tag.name, std::move(question), records::fill(draw(tag.answers, random), facts, tags_)};
}

QuestionAnswer TemplateWriter::yes_or_no(const records::Tag& tag, const records::YesNo& asked, const Wordings& questions,
                                         const Facts& facts, Random& random) const {
  const bool yes = is_yes(tag, asked, facts);
  const auto& answers = yes ? tag.yes_no_answers.yes : tag.yes_no_answers.no;
  auto question = draw(questions, random);
  auto answer = answers.empty() ? yes ? "Yes." : "No." : records::fill(draw(answers, random), facts, tags_);
  return {"qa", tag.name, std::move(question), std::move(answer), {}, asked.yes_if, {}};
}

// Yes is as likely as no where the tags have a question for either.
void TemplateWriter::add_yes_or_no(const Facts& facts, Random& random, std::vector<QuestionAnswer>& written) const {
  std::vector<QuestionAnswer> yes, no;
  for (const auto* tag : known_tags(facts)) {
    for (const auto& asked : tag->yes_no) {
      if (asked.questions.empty()) continue;
      (is_yes(*tag, asked, facts) ? yes : no).push_back(yes_or_no(*tag, asked, asked.questions, facts, random));
    }
  }
  if (yes.empty() && no.empty()) return;
  auto& chosen = no.empty() || (!yes.empty() && random.below(2) == 0) ? yes : no;
  written.push_back(std::move(chosen[random.below(chosen.size())]));
}

void TemplateWriter::add_together(Wordings records::Together::*wordings, const Facts& facts, Random& random,
                                  std::vector<QuestionAnswer>& written) const {
  std::vector<const records::Together*> possible;
  for (const auto& together : tags_.together) {
    const auto named = records::named_tags(together.answers.front());
    const bool known = std::ranges::all_of(named, [&](const auto& tag) { return facts.contains(tag); });
    if (known && !(together.*wordings).empty()) possible.push_back(&together);
  }
  if (possible.empty()) return;
  const auto& together = *possible[random.below(possible.size())];
  auto names = records::named_tags(together.answers.front());
  const auto first = names.front();
  names.erase(names.begin());
  auto question = draw(together.*wordings, random);
  written.push_back(
      {"qa", first, std::move(question), records::fill(draw(together.answers, random), facts, tags_), std::move(names), {}, {}});
}

void TemplateWriter::add_follow_up(const Facts& facts, Random& random, std::vector<QuestionAnswer>& written) const {
  std::vector<records::Turn> earlier;
  for (const auto& name : tags_.earlier) {
    if (!facts.contains(name)) continue;
    auto turn = about(tags_.at(name), tags_.at(name).questions, facts, random);
    earlier.push_back({std::move(turn.question), std::move(turn.answer)});
  }
  auto possible = known_tags(facts);
  std::erase_if(possible, [&](const auto* tag) { return tag->follow_ups.empty() || std::ranges::count(tags_.earlier, tag->name) > 0; });
  if (possible.empty() || earlier.empty()) return;
  const auto& tag = *possible[random.below(possible.size())];
  random.shuffle(std::span(earlier));
  written.push_back(about(tag, tag.follow_ups, facts, random));
  written.back().earlier = std::move(earlier);
}

}  // namespace midillama::corpus
