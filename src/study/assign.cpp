#include "midillama/core/random.h"
#include "midillama/study/build.h"
#include "study/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace midillama::study {
namespace {

struct Draft {
  std::size_t clip;
  bool is_swapped;  // the second system is on the left
  bool is_check = false;
};

std::vector<std::size_t> shuffled(std::size_t count, Random& random) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  random.shuffle(std::span(order));
  return order;
}

// Of a clip's judges, half see the first system on the left; which half is larger is drawn.
std::vector<bool> sides(std::size_t judges, Random& random) {
  std::vector<char> sides(judges);
  const std::size_t first = random.below(2);
  for (std::size_t i = 0; i < judges; ++i) sides[i] = (i + first) % 2 == 0;
  random.shuffle(std::span(sides));
  return std::vector<bool>(sides.begin(), sides.end());
}

// By participant.
std::vector<std::vector<Draft>> deal(const Design& design, std::size_t clips) {
  Random random(seed_for(design.seed, "judges"));
  std::vector<std::vector<Draft>> dealt(static_cast<std::size_t>(design.participants));
  const auto judges = static_cast<std::size_t>(design.judges);
  for (const std::size_t clip : shuffled(clips, random)) {
    std::vector<std::size_t> candidates = shuffled(dealt.size(), random);  // ties are drawn
    std::ranges::stable_sort(candidates, {}, [&](std::size_t i) { return dealt[i].size(); });
    const std::vector<bool> swapped = sides(judges, random);
    for (std::size_t i = 0; i < judges; ++i) dealt[candidates[i]].push_back({clip, swapped[i]});
  }
  return dealt;
}

// Clips for checks: at first those that the participant does not judge.
std::vector<std::size_t> clips_for_checks(const std::vector<Draft>& own, std::size_t clips, std::size_t count, Random& random) {
  std::vector<std::size_t> order = shuffled(clips, random);
  std::ranges::stable_partition(order, [&](std::size_t clip) { return std::ranges::find(own, clip, &Draft::clip) == own.end(); });
  order.resize(std::min(count, order.size()));
  return order;
}

// One in each of as many equal parts of the list, and none first.
void add_checks(std::vector<Draft>& drafts, const std::vector<std::size_t>& clips, Random& random) {
  const std::size_t items = drafts.size();
  for (std::size_t i = 0; i < clips.size(); ++i) {
    const std::size_t begin = items * i / clips.size(), end = items * (i + 1) / clips.size();
    const std::size_t place = begin + 1 + random.below(std::max<std::size_t>(end - begin, 1));
    drafts.insert(drafts.begin() + static_cast<std::ptrdiff_t>(std::min(place + i, drafts.size())),
                  {.clip = clips[i], .is_swapped = random.below(2) == 1, .is_check = true});
  }
}

Item item_of(const Draft& draft, const std::string& name, const Design& design, const std::array<System, 2>& systems, Random& random) {
  Item item = {.name = name, .clip = draft.clip, .left = systems[0].name, .right = systems[1].name, .criteria = {}};
  if (draft.is_check) {
    item.left = kCheck;
    item.right = systems[random.below(2)].name;
    item.criteria = {random.below(design.criteria.size())};
  } else {
    item.criteria.resize(design.criteria.size());
    std::iota(item.criteria.begin(), item.criteria.end(), std::size_t{0});
  }
  if (draft.is_swapped) std::swap(item.left, item.right);
  return item;
}

// "p01" where there are at most 99 of them.
std::string numbered(char letter, std::size_t number, std::size_t most) {
  return fmt::format("{}{:0{}}", letter, number, std::max<std::size_t>(2, fmt::formatted_size("{}", most)));
}

}  // namespace

std::vector<Participant> assign(const Design& design, const std::array<System, 2>& systems, std::size_t clips) {
  std::vector<std::vector<Draft>> dealt = deal(design, clips);
  std::vector<Participant> participants;
  for (std::size_t i = 0; i < dealt.size(); ++i) {
    Random random(seed_for(design.seed, "order", i));
    std::vector<Draft>& drafts = dealt[i];
    random.shuffle(std::span(drafts));
    if (!drafts.empty()) add_checks(drafts, clips_for_checks(drafts, clips, static_cast<std::size_t>(design.checks), random), random);
    Participant participant = {.name = numbered('p', i + 1, dealt.size()), .items = {}};
    for (std::size_t j = 0; j < drafts.size(); ++j) {
      const std::string name = fmt::format("{}-{:03}", participant.name, j + 1);
      participant.items.push_back(item_of(drafts[j], name, design, systems, random));
    }
    participants.push_back(std::move(participant));
  }
  return participants;
}

}  // namespace midillama::study
