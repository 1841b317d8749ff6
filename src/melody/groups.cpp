#include "midillama/melody/groups.h"

#include "midillama/core/atomic_file.h"
#include "midillama/core/error.h"
#include "midillama/core/hash.h"
#include "midillama/core/json_text.h"
#include "midillama/core/random.h"
#include "midillama/melody/examples.h"
#include "midillama/metrics/ranking.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace midillama::melody {
namespace {

constexpr std::uint64_t kGroupSeed = 1;

bool may_be_other(const Phrase& candidate, const Phrase& right) {
  return candidate.work != right.work && candidate.notes != right.notes;
}

// Pairs by their places, at most `most`.
std::vector<Pair> spread(const std::vector<Pair>& pairs, std::int64_t most) {
  const auto wanted = static_cast<std::size_t>(most);
  if (wanted == 0 || wanted >= pairs.size()) return pairs;
  std::vector<Pair> chosen;
  for (std::size_t i = 0; i < wanted; ++i) chosen.push_back(pairs[i * pairs.size() / wanted]);
  return chosen;
}

}  // namespace

void require_others(const Phrases& phrases, std::size_t right, std::int64_t wanted) {
  std::int64_t found = 0;
  for (std::size_t i = 0; i < phrases.all.size() && found < wanted; ++i) found += may_be_other(phrases.all[i], phrases.all[right]) ? 1 : 0;
  if (found < wanted)
    throw InputError("melody.pieces", phrases.all[right].id,
                     fmt::format("{} phrases of other works are wanted beside it, and this part of the pieces has {}: more pieces, fewer "
                                 "melody.candidates or melody.pieces.folds, or another melody.pieces.valid_fraction",
                                 wanted, found));
}

std::vector<Group> draw_groups(const Phrases& phrases, std::int64_t candidates, std::int64_t most) {
  const auto wanted = static_cast<std::size_t>(candidates - 1);
  std::vector<Group> groups;
  for (const Pair& pair : spread(phrases.pairs, most)) {
    const Phrase& right = phrases.all[pair.next];
    require_others(phrases, pair.next, candidates - 1);
    Group group{.phrase = pair.phrase, .right = pair.next, .others = {}};
    Random random(seed_for(kGroupSeed, ("group/" + phrases.all[pair.phrase].id).c_str()));
    std::set<std::size_t> drawn;
    while (group.others.size() < wanted) {
      const std::size_t other = random.below(phrases.all.size());
      if (may_be_other(phrases.all[other], right) && drawn.insert(other).second) group.others.push_back(other);
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

std::string fingerprint_of(const Phrases& phrases, std::span<const Group> groups) {
  Fingerprinter asked;
  asked.add(fingerprint_of(phrases));
  const auto add = [&](std::size_t phrase) { asked.add(phrases.all[phrase].id + "\n"); };
  for (const Group& group : groups) {
    add(group.phrase);
    add(group.right);
    for (const std::size_t other : group.others) add(other);
  }
  return asked.fingerprint();
}

std::size_t draw_other(const Phrases& phrases, std::size_t right, std::uint64_t seed, std::uint64_t number) {
  Random random(seed_for(seed, "negative", number));
  std::size_t other = right;
  while (!may_be_other(phrases.all[other], phrases.all[right])) other = random.below(phrases.all.size());
  return other;
}

std::vector<std::int64_t> ranks_of(std::span<const GroupScores> scores) {
  std::vector<std::int64_t> ranks;
  for (const GroupScores& group : scores) ranks.push_back(metrics::pessimistic_rank(group.front(), std::span(group).subspan(1)));
  return ranks;
}

void write_scores(const std::filesystem::path& file, const Phrases& phrases, std::span<const Group> groups,
                  std::span<const GroupScores> scores) {
  AtomicFile lines(file);
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const auto write = [&](std::size_t candidate, bool is_right, double score) {
      lines.write(json_line({{"group", phrases.all[groups[i].phrase].id},
                             {"candidate", phrases.all[candidate].id},
                             {"positive", is_right},
                             {"score", score}}));
    };
    write(groups[i].right, true, scores[i].front());
    for (std::size_t other = 0; other < groups[i].others.size(); ++other) write(groups[i].others[other], false, scores[i][other + 1]);
  }
  lines.commit();
}

}  // namespace midillama::melody
