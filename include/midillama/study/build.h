// Making a study: which clips, who judges them, in which order and with which text on which side. All of it follows from the seed, but the
// keys, which nobody may foresee.
#pragma once

#include "midillama/records/question.h"
#include "midillama/study/study.h"

#include <array>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace midillama::study {

// A system's captions by the id of their question.
using Captions = std::map<std::string, std::string>;

// Those of a predictions.jsonl to the questions of a split, all others left out. InputError naming file and line, also where a caption's
// reference is not the question's answer; a file without captions is one too. Empty captions, which cannot be judged, are left out and
// counted in a warning.
Captions read_captions(const std::filesystem::path& predictions, std::span<const records::Question> questions);

// Clips that both systems have a caption of, each once, drawn from as many pieces as there are. Error where there are too few.
std::vector<Clip> draw_clips(const Design& design, std::span<const records::Question> questions, const std::array<Captions, 2>& captions);

// Each clip gets its judges from those who have the fewest so far, so that two participants' numbers of clips differ by one at most. The
// sides of a clip's judges are as even as they can be, and each participant's order is random. Checks of attention are between the items,
// none of them first; their clips are not among the participant's own where there are others, and they ask one criterion.
std::vector<Participant> assign(const Design& design, const std::array<System, 2>& systems, std::size_t clips);

// Writes a study's folder, which must not be there. InputError, ConfigError or Error for what is wrong with any of its parts.
Study build_study(const Design& design, const std::array<System, 2>& systems, const std::filesystem::path& data_dir,
                  const std::string& split, const std::filesystem::path& folder);

}  // namespace midillama::study
