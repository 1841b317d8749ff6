#include "midillama/core/hash.h"
#include "midillama/core/json_text.h"
#include "midillama/core/random.h"
#include "midillama/works/evidence.h"
#include "midillama/works/review.h"
#include "midillama/works/work_id.h"
#include "works/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <set>

namespace midillama::works {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kDataMark = "/*DATA*/";
constexpr const char* kUnknown = "unknown";

// The first number of three or four digits: "1810.0", "c. 1685", "31 March 1810". None before our era.
std::optional<int> year_in(std::string_view text) {
  constexpr const char* kDigits = "0123456789";
  if (text.starts_with('-')) return std::nullopt;
  for (auto begin = text.find_first_of(kDigits); begin != std::string_view::npos;) {
    const auto end = std::min(text.find_first_not_of(kDigits, begin), text.size());
    if (end - begin == 3 || end - begin == 4) return std::stoi(std::string(text.substr(begin, end - begin)));
    begin = text.find_first_of(kDigits, end);
  }
  return std::nullopt;
}

// How many of each stratum, by its share of all; what rounding leaves goes to the largest remainders.
std::vector<std::size_t> shares(const std::vector<std::size_t>& sizes, std::size_t count) {
  const std::size_t all = std::accumulate(sizes.begin(), sizes.end(), std::size_t{0});
  std::vector<std::size_t> parts, order(sizes.size());
  for (const std::size_t size : sizes) parts.push_back(size * count / all);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater<>(), [&](std::size_t i) { return sizes[i] * count % all; });
  for (std::size_t left = count - std::accumulate(parts.begin(), parts.end(), std::size_t{0}), i = 0; left > 0; --left, ++i)
    ++parts[order[i]];
  return parts;
}

// Members in the order in which they are drawn: the composers in turns.
std::vector<std::size_t> drawing_order(std::map<std::string, std::vector<std::size_t>>& composers, Random& random) {
  std::vector<std::vector<std::size_t>*> queues;
  std::size_t all = 0;
  for (auto& [composer, members] : composers) {
    random.shuffle(std::span(members));
    queues.push_back(&members);
    all += members.size();
  }
  random.shuffle(std::span(queues));
  std::vector<std::size_t> order;
  for (std::size_t turn = 0; order.size() < all; ++turn) {
    for (const auto* queue : queues) {
      if (turn < queue->size()) order.push_back((*queue)[turn]);
    }
  }
  return order;
}

// A text in pieces, each with the names of the fields whose evidence it belongs to.
OrderedJson pieces_of(const Text& text, const OrderedJson& fields) {
  const FoldedText folded(text.text);
  std::vector<std::pair<std::string, Place>> marks;
  std::set<std::size_t> cuts = {0, text.text.size()};
  for (const auto& [name, field] : fields.items()) {
    if (field.at("url") != text.url) continue;
    const auto place = folded.find(field.at("evidence").get_ref<const std::string&>());
    if (!place) continue;
    marks.emplace_back(name, *place);
    cuts.insert({place->begin, place->end});
  }
  OrderedJson pieces = OrderedJson::array();
  for (auto cut = cuts.begin(); std::next(cut) != cuts.end(); ++cut) {
    const Place piece{*cut, *std::next(cut)};
    std::vector<std::string> names;
    for (const auto& [name, mark] : marks) {
      if (mark.begin <= piece.begin && piece.end <= mark.end) names.push_back(name);
    }
    pieces.push_back({{"text", text.text.substr(piece.begin, piece.end - piece.begin)}, {"fields", names}});
  }
  return pieces;
}

}  // namespace

std::string period_of(const Json& labels) {
  for (const char* key : {"period", "music_period"}) {
    const auto found = labels.is_object() ? labels.find(key) : labels.end();
    if (found != labels.end() && found->is_string() && !found->get_ref<const std::string&>().empty()) return *found;
  }
  const auto birth = labels.is_object() ? labels.find("birth") : labels.end();
  if (birth == labels.end()) return kUnknown;
  const auto year = year_in(birth->is_string() ? birth->get<std::string>() : birth->dump());
  return year ? fmt::format("born {}-{}", *year / 50 * 50, *year / 50 * 50 + 49) : kUnknown;
}

std::vector<std::size_t> stratified_sample(std::span<const SampledWork> candidates, std::size_t count, std::uint64_t seed) {
  std::map<std::string, std::map<std::string, std::vector<std::size_t>>> periods;
  for (std::size_t i = 0; i < candidates.size(); ++i)
    periods[folded_name(candidates[i].period)][folded_composer(candidates[i].composer)].push_back(i);
  count = std::min(count, candidates.size());
  if (count == 0) return {};
  std::vector<std::size_t> sizes;
  std::vector<std::vector<std::size_t>> orders;
  Random random(seed_for(seed, "review"));
  for (auto& [period, composers] : periods) {
    orders.push_back(drawing_order(composers, random));
    sizes.push_back(orders.back().size());
  }
  const std::vector<std::size_t> parts = shares(sizes, count);
  std::vector<std::size_t> drawn;
  for (std::size_t i = 0; i < parts.size(); ++i)
    drawn.insert(drawn.end(), orders[i].begin(), orders[i].begin() + static_cast<std::ptrdiff_t>(parts[i]));
  std::ranges::sort(drawn);
  return drawn;
}

ReviewSample draw_review(const fs::path& directory, std::size_t works, std::uint64_t seed) {
  const std::vector<Work> known = read_works(directory);
  std::map<std::string, std::string> periods;  // by work
  for_each_json_line(directory / kPiecesFile, [&](const Json& row, std::size_t) {
    std::string& period = periods.try_emplace(row.at("work"), kUnknown).first->second;
    if (period == kUnknown) period = period_of(row.value("labels", Json()));
  });

  std::map<std::string, OrderedJson> annotated;  // fields with a value, by work
  for (const auto& [work, fields] : read_supported_fields(directory)) {
    for (const std::string& name : field_names()) {
      const auto field = fields.find(name);
      if (field == fields.end()) continue;
      const auto& [value, evidence, url] = field->second;
      annotated[work][name] = {{"value", value}, {"evidence", evidence}, {"url", url}};
    }
  }

  std::vector<const Work*> candidates;
  std::vector<SampledWork> strata;
  for (const Work& work : known) {
    if (!annotated.contains(work.id)) continue;
    candidates.push_back(&work);
    strata.push_back({work.composer, periods[work.id]});
  }
  if (candidates.empty())
    throw InputError((directory / kAnnotationsFile).string(), "",
                     "no work has a field with a value and its evidence: there is nothing to review");

  ReviewSample sample;
  std::map<std::string, OrderedJson> rows;  // by work
  OrderedJson shown = OrderedJson::array();
  std::map<std::string, std::size_t> places;
  for (const std::size_t i : stratified_sample(strata, works, seed)) {
    const Work& work = *candidates[i];
    places[work.id] = shown.size();
    sample.fields += annotated[work.id].size();
    shown.push_back({{"work", work.id},
                     {"composer", work.composer},
                     {"title", work.title},
                     {"period", strata[i].period},
                     {"fields", annotated[work.id]},
                     {"texts", OrderedJson::array()}});
  }
  sample.works = shown.size();
  for_each_text(directory, [&](const Text& text) {
    if (const auto place = places.find(text.work); place != places.end())
      shown[place->second]["texts"].push_back(
          {{"url", text.url}, {"title", text.title}, {"retrieved", text.retrieved}, {"pieces", pieces_of(text, annotated[text.work])}});
  });

  OrderedJson data = {{"sample", fingerprint(shown.dump())}, {"works", std::move(shown)}};
  std::string json = json_text(data);
  // Nothing in it may end the element that holds it.
  for (std::size_t at = 0; (at = json.find('<', at)) != std::string::npos; at += 6) json.replace(at, 1, "\\u003c");
  const std::string_view page = page_files().front().content;
  const std::size_t mark = page.find(kDataMark);
  sample.page = fmt::format("{}{}{}", page.substr(0, mark), json, page.substr(mark + kDataMark.size()));
  return sample;
}

}  // namespace midillama::works
