// A listening study as `study build` leaves it: which clips are judged by whom, in which order, with which text on which side. Its folder
// holds all that `study serve` shows:
//
//   study.json            everything below; no keys, so that it can be published
//   keys.json             the admin's key, each participant's key and finish code; for its owner alone
//   clips/c001.mid, .json the clips, and how the page shows them (web/clip_view.h)
//   consent.md            what participants agree to
//   study.sqlite          the judgments (study/store.h)
#pragma once

#include "midillama/core/file.h"
#include "midillama/study/design.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace midillama::study {

// Where the texts of one side of the comparison come from.
struct System {
  std::string name = {};
  std::string predictions = {};  // the file
};

struct Clip {
  std::string name = {};                  // "c001"
  std::string id = {};                    // of its question in the dataset
  std::string piece = {};                 // that it was cut from
  std::string source = {};                // the MIDI file
  double duration = 0;                    // seconds
  std::array<std::string, 2> texts = {};  // by system
};

// What one participant judges at a time.
struct Item {
  std::string name = {};  // "p01-007"
  std::size_t clip = 0;
  std::string left = {}, right = {};       // a system's name, or "check"
  std::vector<std::size_t> criteria = {};  // in the order in which they are asked
  bool is_check() const;                   // whether one side is a check of attention
  const std::string& on(bool is_left) const { return is_left ? left : right; }
};

struct Participant {
  std::string name = {};  // "p01"
  std::vector<Item> items = {};
};

struct Study {
  std::string title = {};
  std::uint64_t seed = 0;
  double heard = 0;  // part of a clip that must be heard
  std::string check_text = {};
  std::vector<Criterion> criteria = {};
  std::string published_by = {};
  std::array<System, 2> systems = {};
  std::vector<Clip> clips = {};
  std::vector<Participant> participants = {};

  const Participant* find(const std::string& participant) const;  // nullptr where there is none
  const std::string& text_of(const Item& item, const std::string& side) const;
  // Of the judgments that are asked for, checks included.
  std::size_t questions() const;
};

OrderedJson to_json(const Study& study);
// InputError naming file and key.
Study study_from_json(const Json& json, const std::string& file);

inline constexpr const char* kStudyFile = "study.json";
inline constexpr const char* kConsentFile = "consent.md";

// InputError where the folder holds no study.
Study read_study(const std::filesystem::path& folder);
// clips/c001.json
std::filesystem::path view_file(const std::filesystem::path& folder, const Clip& clip);

}  // namespace midillama::study
