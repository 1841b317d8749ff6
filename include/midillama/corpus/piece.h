// A piece on its way from a source into a dataset.
#pragma once

#include "midillama/corpus/melody.h"
#include "midillama/midi/score.h"
#include "midillama/records/question.h"

#include <cstddef>
#include <string>
#include <vector>

namespace midillama::corpus {

using records::Facts;

struct ClipSpan {
  midi::Tick from;
  midi::Tick to;
  midi::Seconds start;  // in the piece
  midi::Seconds end;
};

struct Clip {
  ClipSpan span;
  Facts labels;  // what is measured on the clip, by the names that a tag's `from` gives (clip_labels.h)
};

struct Piece {
  std::size_t number = 0;  // in the order of the source, skipped ones counted too
  std::string id;          // unique in the corpus, fit for a file name
  std::string collection;  // the tune book or folder that it stands in
  std::string place;       // "file:line" or "file", for messages
  Facts labels;            // what holds for the whole piece, in the words of the tags

  midi::Score score;
  std::vector<midi::Tick> bar_lines;  // where bars start, as far as known; sorted
  // Files that state meters or tempos: a clip's are those in force throughout the clip, whatever holds for the piece.
  bool states_meter = false;
  bool states_tempo = false;

  // Made while the score is there.
  Melody melody;
  std::vector<Clip> clips;
  std::string why_without_clips;  // empty where there are some
};

}  // namespace midillama::corpus
