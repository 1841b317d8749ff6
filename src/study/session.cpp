#include "study/session.h"

#include "midillama/web/http_server.h"
#include "study/names.h"

#include <fmt/format.h>

#include <algorithm>

namespace midillama::study {
namespace {

constexpr double kSlack = 2;        // seconds that clocks and networks may be apart
constexpr double kRounding = 0.05;  // of the page's seconds

// What the participant sees first counts, so a name and not a side is kept.
std::string choice_of(const Item& item, const std::string& side) {
  if (side == kUndecided) return kUndecided;
  return item.on(side == "left");
}

std::string side_of(const Item& item, const std::string& choice) {
  return choice == kUndecided ? kUndecided : choice == item.left ? "left" : "right";
}

}  // namespace

void Sessions::require_consent(const Progress& progress) const {
  if (progress.consented == 0) throw web::HttpError(403, "the consent comes first", "", "no_consent");
}

const Item& Sessions::item(const Participant& participant, const std::string& name) const {
  require_consent(store_.progress(participant.name));
  const auto found = std::ranges::find(participant.items, name, &Item::name);
  if (found == participant.items.end()) throw web::HttpError(404, "item: there is none of this name", "item");
  return *found;
}

std::optional<Sessions::Next> Sessions::next(const Participant& participant, const Progress& progress) const {
  for (std::size_t i = 0; i < participant.items.size(); ++i) {
    const Item& item = participant.items[i];
    for (std::size_t j = 0; j < item.criteria.size(); ++j) {
      if (!progress.judged.contains({item.name, study_.criteria[item.criteria[j]].name})) return Next{&item, i, j};
    }
  }
  return std::nullopt;
}

double Sessions::needed_seconds(const Item& item) const {
  return study_.heard * study_.clips[item.clip].duration;
}

OrderedJson Sessions::describe(const Participant& participant, const Next& next, Time now) const {
  const Item& item = *next.item;
  const Criterion& criterion = study_.criteria[item.criteria[next.criterion]];
  const Hearing hearing = store_.open(participant.name, item.name, now);
  const double needed = needed_seconds(item);
  const bool is_open = hearing.seconds >= needed - kRounding;
  if (is_open) store_.show(participant.name, item.name, criterion.name, now);
  return {{"item", item.name},           {"left", study_.text_of(item, item.left)}, {"right", study_.text_of(item, item.right)},
          {"criterion", criterion.name}, {"question", criterion.question},          {"number", next.criterion + 1},
          {"of", item.criteria.size()},  {"heard_seconds", hearing.seconds},        {"needed_seconds", needed},
          {"is_open", is_open}};
}

OrderedJson Sessions::state(const Participant& participant, Time now) const {
  const Progress progress = store_.progress(participant.name);
  OrderedJson json = {{"title", study_.title}, {"consented", progress.consented != 0}, {"items", participant.items.size()}};
  if (progress.consented == 0) {
    json["consent"] = consent_html_;
    return json;
  }
  const auto next = this->next(participant, progress);
  json["done"] = next ? next->index : participant.items.size();
  if (next) {
    json["next"] = describe(participant, *next, now);
  } else {
    json["finish_code"] = keys_.participants.at(participant.name).finish_code;
  }
  return json;
}

void Sessions::hear(const Participant& participant, const std::string& name, double seconds, Time now) const {
  const Item& heard = item(participant, name);
  const Hearing before = store_.hearing(participant.name, name);
  if (before.opened == 0) throw web::HttpError(409, "item: is not asked now", "item", "not_next");
  const double passed = static_cast<double>(now - before.opened) / 1000 + kSlack;
  store_.hear(participant.name, name, std::min({seconds, passed, study_.clips[heard.clip].duration}));
}

void Sessions::judge(const Participant& participant, const Answer& answer, Time now) const {
  const Progress progress = store_.progress(participant.name);
  const Item& asked = item(participant, answer.item);
  const auto next = this->next(participant, progress);
  const bool is_next = next && next->item == &asked && study_.criteria[asked.criteria[next->criterion]].name == answer.criterion;
  const bool is_judged = progress.judged.contains({answer.item, answer.criterion});
  if (!is_next && !is_judged) throw web::HttpError(409, "this question is not asked now", "criterion", "not_next");
  const Hearing hearing = store_.hearing(participant.name, answer.item);
  if (hearing.opened == 0 || hearing.seconds < needed_seconds(asked) - kRounding)
    throw web::HttpError(409, "the clip must be heard first", "item", "not_heard");
  const Judgment kept = store_.judge({.participant = participant.name,
                                      .item = answer.item,
                                      .clip = study_.clips[asked.clip].name,
                                      .criterion = answer.criterion,
                                      .left = asked.left,
                                      .right = asked.right,
                                      .choice = choice_of(asked, answer.side),
                                      .shown = store_.show(participant.name, answer.item, answer.criterion, now),
                                      .judged = now,
                                      .heard_seconds = hearing.seconds,
                                      .note = answer.note});
  if (side_of(asked, kept.choice) != answer.side)
    throw web::HttpError(409, "this was judged otherwise before, and that counts", "choice", "judged");
}

}  // namespace midillama::study
