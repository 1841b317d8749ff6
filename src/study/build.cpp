#include "midillama/study/build.h"

#include "midillama/core/directory.h"
#include "midillama/core/json_text.h"
#include "midillama/core/log.h"
#include "midillama/core/random.h"
#include "midillama/core/utf8_file.h"
#include "midillama/midi/file.h"
#include "midillama/study/keys.h"
#include "midillama/text/utf8.h"
#include "midillama/web/clip_view.h"
#include "midillama/web/http_server.h"
#include "study/consent.h"
#include "study/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace midillama::study {
namespace fs = std::filesystem;
namespace {

constexpr const char* kCaption = "caption";

// One question of each clip: the first that both have answered.
std::vector<const records::Question*> candidates(std::span<const records::Question> questions, const std::array<Captions, 2>& captions) {
  std::vector<const records::Question*> found;
  std::set<fs::path> clips;
  for (const records::Question& question : questions) {
    const bool is_answered = captions[0].contains(question.id) && captions[1].contains(question.id);
    if (question.task == kCaption && is_answered && clips.insert(question.clip).second) found.push_back(&question);
  }
  return found;
}

// In random order, but the n-th clip of a piece comes after every piece's clips before it.
void spread_over_pieces(std::vector<const records::Question*>& questions, std::uint64_t seed) {
  Random random(seed_for(seed, "clips"));
  random.shuffle(std::span(questions));
  std::map<std::string, std::size_t> seen;
  std::map<const records::Question*, std::size_t> turn;
  for (const auto* question : questions) turn[question] = seen[question->piece]++;
  std::ranges::stable_sort(questions, {}, [&](const auto* question) { return turn.at(question); });
}

void require_two_systems(const std::array<System, 2>& systems) {
  for (const System& system : systems) {
    if (!is_plain_name(system.name) || system.name == kCheck || system.name == kUndecided || system.name == "left" ||
        system.name == "right")
      throw UsageError(fmt::format("a system cannot be called \"{}\": letters, digits, - and _ are expected", system.name));
  }
  if (systems[0].name == systems[1].name) throw UsageError(fmt::format("both systems are called \"{}\"", systems[0].name));
}

// The clip's file as it is, and how the page shows it; returns how long it lasts.
double write_clip(const Clip& clip, const fs::path& folder) {
  OrderedJson view;
  try {
    view = web::view_of(midi::read_midi(clip.source));
  } catch (const web::HttpError& error) {
    throw InputError(clip.source, "", error.what());
  }
  if (view.at("notes").empty()) throw InputError(clip.source, "", "a clip without notes cannot be judged");
  write_atomically(view_file(folder, clip), json_text(view) + "\n");
  fs::copy_file(clip.source, view_file(folder, clip).replace_extension(".mid"));
  return view.at("duration");
}

// Where the line says what the caption was compared with.
void require_reference(const Json& line, const records::Question& question, const std::string& file, const std::string& place) {
  if (!line.contains("references")) return;
  const auto references = json_get<std::vector<std::string>>(line, "references", file, place);
  if (references == std::vector{question.answer}) return;
  throw InputError(file, place,
                   fmt::format("the captions were made of another dataset: the reference of {} is not the answer that it has in {}",
                               question.id, question.place));
}

std::size_t same_texts(const Study& study) {
  return static_cast<std::size_t>(std::ranges::count_if(study.clips, [](const Clip& clip) { return clip.texts[0] == clip.texts[1]; }));
}

}  // namespace

Captions read_captions(const fs::path& predictions, std::span<const records::Question> questions) {
  std::map<std::string, const records::Question*> asked;
  for (const records::Question& question : questions) asked.emplace(question.id, &question);
  Captions captions;
  std::set<std::string> ids;
  std::vector<std::string> empty;
  const std::string file = predictions.string();
  for_each_json_line(predictions, [&](const Json& line, std::size_t number) {
    const std::string place = fmt::format("line {}", number);
    if (line.is_object() && line.contains("task") && json_get<std::string>(line, "task", file, place) != kCaption) return;
    const auto id = json_get<std::string>(line, "id", file, place);
    auto caption = json_get<std::string>(line, "prediction", file, place);
    if (!ids.insert(id).second) throw InputError(file, place, fmt::format("the id \"{}\" is there twice", id));
    const auto question = asked.find(id);
    if (question == asked.end()) return;
    require_reference(line, *question->second, file, place);
    if (text::strip(caption).empty())
      empty.push_back(id);
    else
      captions.emplace(id, std::move(caption));
  });
  if (ids.empty()) throw InputError(file, "", "holds no captions: midillama eval --task caption writes them");
  if (!empty.empty())
    log::warning("{}: {} of {} captions are empty (the first is {}) and their clips left out", file, empty.size(), ids.size(), empty[0]);
  return captions;
}

std::vector<Clip> draw_clips(const Design& design, std::span<const records::Question> questions, const std::array<Captions, 2>& captions) {
  auto found = candidates(questions, captions);
  const auto wanted = static_cast<std::size_t>(design.clips);
  if (found.size() < wanted)
    throw Error(
        fmt::format("{} clips have a caption of both systems, and the design asks for {}: lower clips there", found.size(), wanted));
  spread_over_pieces(found, design.seed);
  found.resize(wanted);
  std::vector<Clip> clips;
  for (const auto* question : found) {
    clips.push_back({.name = fmt::format("c{:03}", clips.size() + 1),
                     .id = question->id,
                     .piece = question->piece,
                     .source = question->clip.string(),
                     .duration = 0,
                     .texts = {captions[0].at(question->id), captions[1].at(question->id)}});
  }
  return clips;
}

Study build_study(const Design& design, const std::array<System, 2>& systems, const fs::path& data_dir, const std::string& split,
                  const fs::path& folder) {
  require_two_systems(systems);
  require_new_directory(folder);
  const std::string consent = read_utf8(design.consent);
  html_of_markdown(consent);
  const std::vector<records::Question> questions = records::read_questions(data_dir, split);
  Study study = {.title = design.title,
                 .seed = design.seed,
                 .heard = design.heard,
                 .check_text = design.check_text,
                 .criteria = design.criteria,
                 .published_by = design.published_by,
                 .systems = systems,
                 .clips = draw_clips(design, questions,
                                     {read_captions(systems[0].predictions, questions), read_captions(systems[1].predictions, questions)}),
                 .participants = {}};
  study.participants = assign(design, systems, study.clips.size());
  write_new_directory(folder, [&](const fs::path& working) {
    fs::create_directories(working / "clips");
    for (Clip& clip : study.clips) clip.duration = write_clip(clip, working);
    write_atomically(working / kStudyFile, json_text(to_json(study), 1) + "\n");
    write_atomically(working / kConsentFile, consent);
    write_keys(draw_keys(study), working);
  });
  if (const std::size_t same = same_texts(study); same > 0)
    log::warning("{} of {} clips have the same text of both systems", same, study.clips.size());
  return study;
}

}  // namespace midillama::study
