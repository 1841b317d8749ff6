// A small dataset with two systems' captions, and a study of it.
#pragma once

#include "midillama/core/file.h"
#include "midillama/core/json_text.h"
#include "midillama/midi/file.h"
#include "midillama/study/build.h"
#include "midillama/study/keys.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <string>

namespace midillama::study {

struct StudyWorld {
  static constexpr double kClipSeconds = 0.25;

  // Four notes, one after the other.
  static midi::Score tune(int number) {
    midi::Score score;
    score.instruments.push_back({});
    for (int i = 0; i < 4; ++i) {
      const auto pitch = static_cast<std::uint8_t>(60 + (number + 2 * i) % 12);
      score.instruments[0].notes.push_back({{60 * i}, {60 * (i + 1)}, pitch, 90});
    }
    return score;
  }

  static std::string id_of(int clip) { return fmt::format("test-{}-caption", clip); }

  // Two clips a piece. Captions end in the system's name.
  void write_dataset(int clips) const {
    std::string questions;
    std::array<std::string, 2> captions;
    for (int i = 0; i < clips; ++i) {
      midi::write_midi(tune(i), data() / fmt::format("clips/test-{}.mid", i));
      questions += json_line({{"id", id_of(i)},
                              {"piece", fmt::format("piece-{}", i / 2)},
                              {"clip", fmt::format("clips/test-{}.mid", i)},
                              {"task", "caption"},
                              {"tag", "caption"},
                              {"question", "Describe this music."},
                              {"answer", "A tune."}});
      for (std::size_t system = 0; system < 2; ++system) {
        const std::string text = fmt::format("Tune {} <b>as</b> & \"told\" by {}", i, systems()[system].name);
        captions[system] += json_line({{"id", id_of(i)}, {"task", "caption"}, {"prediction", text}, {"references", {"A tune."}}});
      }
    }
    write_atomically(data() / "test.jsonl", questions);
    for (std::size_t system = 0; system < 2; ++system) write_atomically(systems()[system].predictions, captions[system]);
  }

  Design design(std::int64_t clips, std::int64_t judges, std::int64_t participants, std::int64_t checks = 1) const {
    write_atomically(folder.path() / "consent.md", "# Welcome\n\nPlease *read* this.\n\n<script>alert(1)</script>\n");
    Design made = {.title = "A study",
                   .consent = (folder.path() / "consent.md").string(),
                   .seed = 3,
                   .clips = clips,
                   .judges = judges,
                   .participants = participants,
                   .checks = checks,
                   .check_text = "Please choose this one.",
                   .heard = 0.5,
                   .criteria = {},
                   .published_by = "another study"};
    for (const char* name : {"understanding", "emotion", "creativity", "fluency", "overall"})
      made.criteria.push_back({.name = name, .label = std::string("The ") + name, .question = fmt::format("Which has more {}?", name)});
    made.criteria[0].published = {.first = 63, .second = 25, .clips = 100};
    return made;
  }

  Study build(const Design& design) const {
    write_dataset(static_cast<int>(design.clips));
    return build_study(design, systems(), data(), "test", study());
  }

  std::filesystem::path data() const { return folder.path() / "data"; }
  std::filesystem::path study() const { return folder.path() / "study"; }
  std::array<System, 2> systems() const {
    return {System{"music", (folder.path() / "music.jsonl").string()}, System{"text", (folder.path() / "text.jsonl").string()}};
  }

  TemporaryDirectory folder;
};

}  // namespace midillama::study
