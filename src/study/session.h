// A participant's way through a study: what comes next, and what may be answered. All of it is in the store, so that it goes on where it
// was left, on any device and after any end of the server.
#pragma once

#include "midillama/study/keys.h"
#include "midillama/study/store.h"
#include "midillama/study/study.h"

#include <optional>
#include <string>

namespace midillama::study {

// What a participant answers.
struct Answer {
  std::string item, criterion;
  std::string side;  // left, right or undecided
  std::string note;
};

class Sessions {
 public:
  Sessions(const Study& study, const Keys& keys, const std::string& consent_html, Store& store)
      : study_(study), keys_(keys), consent_html_(consent_html), store_(store) {}

  // What the page shows: the consent, the item and the question that are next, or the finish code. Shows what it names: the times are
  // kept from then on.
  OrderedJson state(const Participant& participant, Time now) const;
  void consent(const Participant& participant, Time now) const { store_.consent(participant.name, now); }
  // The participant has heard so much of the item's clip. No more is believed than the time since the item was shown.
  void hear(const Participant& participant, const std::string& item, double seconds, Time now) const;
  // HttpError 409 with the code "not_next" for what is not asked now, "not_heard" before the clip was heard, "judged" where it was judged
  // otherwise before; what is sent again as it was changes nothing.
  void judge(const Participant& participant, const Answer& answer, Time now) const;

  // HttpError 404 for an item that is not the participant's, 403 before the consent.
  const Item& item(const Participant& participant, const std::string& name) const;

 private:
  struct Next {
    const Item* item;
    std::size_t index;      // of the item
    std::size_t criterion;  // index in Item::criteria
  };
  // Nothing where all is judged.
  std::optional<Next> next(const Participant& participant, const Progress& progress) const;
  double needed_seconds(const Item& item) const;
  OrderedJson describe(const Participant& participant, const Next& next, Time now) const;
  void require_consent(const Progress& progress) const;

  const Study& study_;
  const Keys& keys_;
  const std::string& consent_html_;
  Store& store_;
};

}  // namespace midillama::study
