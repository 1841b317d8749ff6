#include "midillama/explain/explanation.h"

#include "answer_probability.h"
#include "exchange.h"
#include "heat.h"
#include "midillama/core/error.h"
#include "midillama/octuple/note_order.h"

#include <fmt/format.h>

namespace midillama::explain {
namespace {

// Without shares and heat.
std::vector<Note> notes_of(const midi::Score& clip) {
  const midi::TempoMap tempos(clip);
  std::vector<Note> notes;
  for (const auto& index : octuple::note_order(clip)) {
    const auto& instrument = clip.instruments[index.instrument];
    const auto& note = instrument.notes[index.note];
    notes.push_back({.start = tempos.to_seconds(note.start),
                     .end = tempos.to_seconds(note.end),
                     .pitch = note.pitch,
                     .velocity = note.velocity,
                     .program = instrument.program,
                     .is_drum = instrument.is_drum});
  }
  return notes;
}

std::vector<midi::Seconds> bars_of(const midi::Score& clip) {
  const midi::TempoMap tempos(clip);
  std::vector<midi::Seconds> bars;
  for (const midi::Tick tick : midi::bar_starts(clip)) bars.push_back(tempos.to_seconds(tick));
  return bars;
}

OrderedJson to_json(const Note& note) {
  return {{"start", note.start.value}, {"end", note.end.value},     {"pitch", note.pitch},
          {"velocity", note.velocity}, {"program", note.program},   {"is_drum", note.is_drum},
          {"share", note.share},       {"gradient", note.gradient}, {"left_out", note.left_out}};
}

OrderedJson to_json(const std::optional<double>& value) {
  return value ? OrderedJson(*value) : OrderedJson(nullptr);
}

}  // namespace

Explanation explain(generate::Session& session, const midi::Score& clip, const text::Conversation& conversation,
                    const std::optional<std::string>& answer, const Options& options) {
  if (options.most_passes < 1) throw UsageError(fmt::format("{} passes are too few: it must be at least 1", options.most_passes));
  const Exchange exchange = read_exchange(session, clip, conversation, answer);
  AnswerProbability probability(session.model, exchange);
  const Heat heat = measure_heat(probability, options);

  Explanation explanation{.question = conversation.messages.back().text,
                          .answer = exchange.answer,
                          .token_ids = {exchange.answer_ids().begin(), exchange.answer_ids().end()},
                          .log_probability = heat.log_probability,
                          .log_probability_zero_music = heat.log_probability_zero_music,
                          .notes_left_out_at_once = heat.notes_left_out_at_once,
                          .pearson = heat.pearson,
                          .spearman = heat.spearman,
                          .bars = bars_of(clip),
                          .notes = notes_of(clip)};
  const auto shares = probability.shares();
  for (std::size_t i = 0; i < explanation.notes.size(); ++i) {
    Note& note = explanation.notes[i];
    note.share = shares[i];
    note.gradient = heat.gradient[i];
    note.left_out = heat.left_out[i];
  }
  return explanation;
}

OrderedJson to_json(const Explanation& explanation) {
  OrderedJson bars = OrderedJson::array(), notes = OrderedJson::array();
  for (const midi::Seconds bar : explanation.bars) bars.push_back(bar.value);
  for (const Note& note : explanation.notes) notes.push_back(to_json(note));
  return {{"question", explanation.question},
          {"answer", explanation.answer},
          {"token_ids", explanation.token_ids},
          {"log_probability", explanation.log_probability},
          {"log_probability_zero_music", explanation.log_probability_zero_music},
          {"notes_left_out_at_once", explanation.notes_left_out_at_once},
          {"agreement", {{"pearson", to_json(explanation.pearson)}, {"spearman", to_json(explanation.spearman)}}},
          {"bars", std::move(bars)},
          {"notes", std::move(notes)}};
}

}  // namespace midillama::explain
