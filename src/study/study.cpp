#include "midillama/study/study.h"

#include "study/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace midillama::study {
namespace fs = std::filesystem;
namespace {

constexpr int kVersion = 1;

OrderedJson to_json(const Criterion& criterion) {
  OrderedJson json = {{"name", criterion.name}, {"label", criterion.label}, {"question", criterion.question}};
  const Published& published = criterion.published;
  if (published.is_stated())
    json["published"] = {
        {"first", published.first}, {"second", published.second}, {"undecided", published.undecided}, {"clips", published.clips}};
  return json;
}

OrderedJson to_json(const Clip& clip, const Study& study) {
  OrderedJson texts = OrderedJson::object();
  for (std::size_t i = 0; i < clip.texts.size(); ++i) texts[study.systems[i].name] = clip.texts[i];
  return {{"name", clip.name},         {"id", clip.id}, {"piece", clip.piece}, {"source", clip.source},
          {"duration", clip.duration}, {"texts", texts}};
}

OrderedJson to_json(const Item& item, const Study& study) {
  OrderedJson criteria = OrderedJson::array();
  for (const std::size_t index : item.criteria) criteria.push_back(study.criteria[index].name);
  return {{"name", item.name}, {"clip", study.clips[item.clip].name}, {"left", item.left}, {"right", item.right}, {"criteria", criteria}};
}

// Reads what to_json() has written, with the place of what is missing.
class Reader {
 public:
  explicit Reader(const std::string& file) : file_(file) {}

  template <typename T>
  T get(const Json& object, const std::string& key, const std::string& place) const {
    return json_get<T>(object, key, file_, place);
  }
  [[noreturn]] void fail(const std::string& place, const std::string& what) const { throw InputError(file_, place, what); }

  std::string plain_name(const Json& object, const std::string& key, const std::string& place) const {
    auto name = get<std::string>(object, key, place);
    if (!is_plain_name(name)) fail(place, fmt::format("\"{}\" is no name of letters, digits, - and _", key));
    return name;
  }

  Criterion criterion(const Json& json, const std::string& place) const {
    Criterion criterion = {.name = plain_name(json, "name", place),
                           .label = get<std::string>(json, "label", place),
                           .question = get<std::string>(json, "question", place)};
    if (json.contains("published")) {
      const Json& published = json.at("published");
      criterion.published = {get<std::int64_t>(published, "first", place), get<std::int64_t>(published, "second", place),
                             get<std::int64_t>(published, "undecided", place), get<std::int64_t>(published, "clips", place)};
    }
    return criterion;
  }

  Clip clip(const Json& json, const Study& study, const std::string& place) const {
    Clip clip = {.name = plain_name(json, "name", place),
                 .id = get<std::string>(json, "id", place),
                 .piece = get<std::string>(json, "piece", place),
                 .source = get<std::string>(json, "source", place),
                 .duration = get<double>(json, "duration", place),
                 .texts = {}};
    const auto texts = get<Json>(json, "texts", place);
    for (std::size_t i = 0; i < clip.texts.size(); ++i) clip.texts[i] = get<std::string>(texts, study.systems[i].name, place + ": texts");
    return clip;
  }

  Item item(const Json& json, const Study& study, const std::string& place) const {
    Item item = {.name = plain_name(json, "name", place),
                 .clip = index_of(study.clips, plain_name(json, "clip", place), place),
                 .left = side(json, "left", study, place),
                 .right = side(json, "right", study, place),
                 .criteria = {}};
    if (item.left == item.right) fail(place, "both sides are the same");
    for (const auto& name : get<std::vector<std::string>>(json, "criteria", place))
      item.criteria.push_back(index_of(study.criteria, name, place));
    if (item.criteria.empty()) fail(place, "nothing is asked");
    return item;
  }

  template <typename T>
  std::size_t index_of(const std::vector<T>& named, const std::string& name, const std::string& place) const {
    const auto found = std::ranges::find(named, name, &T::name);
    if (found == named.end()) fail(place, fmt::format("there is no \"{}\"", name));
    return static_cast<std::size_t>(found - named.begin());
  }

 private:
  std::string side(const Json& json, const std::string& key, const Study& study, const std::string& place) const {
    auto side = plain_name(json, key, place);
    if (side != kCheck && side != study.systems[0].name && side != study.systems[1].name)
      fail(place, fmt::format("\"{}\" is no system, and not \"{}\"", side, kCheck));
    return side;
  }

  const std::string& file_;
};

}  // namespace

bool Item::is_check() const {
  return left == kCheck || right == kCheck;
}

const Participant* Study::find(const std::string& participant) const {
  const auto found = std::ranges::find(participants, participant, &Participant::name);
  return found == participants.end() ? nullptr : &*found;
}

const std::string& Study::text_of(const Item& item, const std::string& side) const {
  if (side == kCheck) return check_text;
  return clips[item.clip].texts[side == systems[0].name ? 0 : 1];
}

std::size_t Study::questions() const {
  std::size_t count = 0;
  for (const Participant& participant : participants) {
    for (const Item& item : participant.items) count += item.criteria.size();
  }
  return count;
}

OrderedJson to_json(const Study& study) {
  OrderedJson json = {{"version", kVersion},  {"title", study.title},           {"seed", study.seed},
                      {"heard", study.heard}, {"check_text", study.check_text}, {"published_by", study.published_by}};
  for (const Criterion& criterion : study.criteria) json["criteria"].push_back(to_json(criterion));
  for (const System& system : study.systems) json["systems"].push_back({{"name", system.name}, {"predictions", system.predictions}});
  for (const Clip& clip : study.clips) json["clips"].push_back(to_json(clip, study));
  for (const Participant& participant : study.participants) {
    OrderedJson items = OrderedJson::array();
    for (const Item& item : participant.items) items.push_back(to_json(item, study));
    json["participants"].push_back({{"name", participant.name}, {"items", items}});
  }
  return json;
}

Study study_from_json(const Json& json, const std::string& file) {
  const Reader reader(file);
  if (reader.get<int>(json, "version", "") != kVersion) reader.fail("version", fmt::format("{} is expected", kVersion));
  Study study = {.title = reader.get<std::string>(json, "title", ""),
                 .seed = reader.get<std::uint64_t>(json, "seed", ""),
                 .heard = reader.get<double>(json, "heard", ""),
                 .check_text = reader.get<std::string>(json, "check_text", ""),
                 .published_by = reader.get<std::string>(json, "published_by", "")};
  const auto criteria = reader.get<std::vector<Json>>(json, "criteria", "");
  for (std::size_t i = 0; i < criteria.size(); ++i) study.criteria.push_back(reader.criterion(criteria[i], fmt::format("criteria[{}]", i)));
  const auto systems = reader.get<std::vector<Json>>(json, "systems", "");
  if (systems.size() != study.systems.size()) reader.fail("systems", "two are expected");
  for (std::size_t i = 0; i < systems.size(); ++i) {
    const std::string place = fmt::format("systems[{}]", i);
    study.systems[i] = {reader.plain_name(systems[i], "name", place), reader.get<std::string>(systems[i], "predictions", place)};
  }
  const auto clips = reader.get<std::vector<Json>>(json, "clips", "");
  for (std::size_t i = 0; i < clips.size(); ++i) study.clips.push_back(reader.clip(clips[i], study, fmt::format("clips[{}]", i)));
  for (const Json& part : reader.get<std::vector<Json>>(json, "participants", "")) {
    Participant participant = {.name = reader.plain_name(part, "name", "participants"), .items = {}};
    const auto items = reader.get<std::vector<Json>>(part, "items", participant.name);
    for (std::size_t i = 0; i < items.size(); ++i)
      participant.items.push_back(reader.item(items[i], study, fmt::format("{}: items[{}]", participant.name, i)));
    study.participants.push_back(std::move(participant));
  }
  return study;
}

Study read_study(const fs::path& folder) {
  const fs::path file = folder / kStudyFile;
  if (!fs::exists(file))
    throw InputError(folder.string(), "", fmt::format("holds no study ({}): midillama study build makes one", kStudyFile));
  return study_from_json(read_json(file), file.string());
}

fs::path view_file(const fs::path& folder, const Clip& clip) {
  return folder / "clips" / (clip.name + ".json");
}

}  // namespace midillama::study
