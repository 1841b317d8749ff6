#include "corpus/settle_facts.h"

#include "corpus/clip_labels.h"
#include "corpus/segments.h"
#include "midillama/core/log.h"
#include "midillama/records/stated_value.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace midillama::corpus {
namespace {

using ClipFactsOfPieces = std::vector<std::vector<Facts>>;

Facts facts_of(const Piece& piece, const Clip& clip, const TagFacts& tag_facts) {
  auto facts = tag_facts.of_labels(clip.labels);
  for (const auto& [tag, value] : piece.labels) {
    const auto& source = tag_facts.tags().at(tag).source();
    const bool by_clip = (source == "meter" && piece.states_meter) || (source == "beats_per_minute" && piece.states_tempo);
    if (!by_clip) facts.emplace(tag, value);
  }
  return facts;
}

// What lies between the classes of measures is drawn from the clips where the tags say so.
void draw_quantiles(const std::vector<Piece>& pieces, TagFacts& tag_facts) {
  std::map<std::string, std::vector<double>> values;
  for (const auto& piece : pieces) {
    for (const auto& clip : piece.clips) tag_facts.add_quantile_values(clip.labels, values);
  }
  tag_facts.set_quantiles(values);
}

// A class of too few pieces can be neither learnt nor measured: it is no fact.
void drop_rare_values(const config::Corpus& config, const TagFacts& tag_facts, ClipFactsOfPieces& facts, std::vector<RareValue>& rare) {
  const auto can_be_rare = [&](const std::string& name) {
    const auto& tag = tag_facts.tags().at(name);
    return tag.is_closed() && !is_measured_number(tag.source());
  };
  std::map<std::pair<std::string, std::string>, std::size_t> pieces;
  for (const auto& of_piece : facts) {
    std::set<std::pair<std::string, std::string>> seen;
    for (const auto& of_clip : of_piece) seen.insert(of_clip.begin(), of_clip.end());
    for (const auto& fact : seen) ++pieces[fact];
  }
  const auto enough = static_cast<std::size_t>(config.min_label_pieces);
  for (auto& of_piece : facts) {
    for (auto& of_clip : of_piece)
      std::erase_if(of_clip, [&](const auto& fact) { return can_be_rare(fact.first) && pieces.at(fact) < enough; });
  }
  for (const auto& [fact, count] : pieces) {
    if (can_be_rare(fact.first) && count < enough) rare.push_back({fact.first, fact.second, count});
  }
}

// What texts say of a work holds for the work: a sentence that names another key than the clip is in says nothing of the clip.
void drop_contradictions(const records::Tags& tags, ClipFactsOfPieces& facts) {
  std::size_t dropped = 0;
  for (auto& of_piece : facts) {
    for (auto& of_clip : of_piece) {
      dropped += std::erase_if(of_clip, [&](const auto& fact) {
        if (tags.at(fact.first).is_checkable()) return false;
        return std::ranges::any_of(tags.tags, [&](const records::Tag& tag) {
          if (!tag.unmistakable || !of_clip.contains(tag.name)) return false;
          const auto stated = records::stated_value(tag, fact.second);
          return stated && !records::same_value(tag, *stated, of_clip.at(tag.name));
        });
      });
    }
  }
  if (dropped > 0) log::info("{} times a text about the work contradicts what is known of a clip, and is no fact of it", dropped);
}

}  // namespace

ClipFactsOfPieces settle_facts(const config::Corpus& config, const std::vector<Piece>& pieces, TagFacts& tag_facts,
                               std::vector<RareValue>& rare) {
  if (tag_facts.wants_quantiles()) draw_quantiles(pieces, tag_facts);
  ClipFactsOfPieces facts(pieces.size());
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    for (const auto& clip : pieces[i].clips) facts[i].push_back(facts_of(pieces[i], clip, tag_facts));
  }
  drop_rare_values(config, tag_facts, facts, rare);
  for (auto& of_piece : facts) {
    for (auto& of_clip : of_piece) {
      std::erase_if(of_clip, [&](const auto& fact) { return std::ranges::find(tag_facts.asked(), fact.first) == tag_facts.asked().end(); });
    }
  }
  drop_contradictions(tag_facts.tags(), facts);
  return facts;
}

std::vector<ClipFacts> clip_facts(const std::vector<Piece>& pieces, const std::vector<std::vector<Facts>>& facts) {
  std::vector<ClipFacts> clips;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    for (std::size_t clip = 0; clip < facts[i].size(); ++clip)
      clips.push_back({clip_id(pieces[i], clip), facts[i][clip], pieces[i].composer});
  }
  return clips;
}

}  // namespace midillama::corpus
