// A piece on its way from a source into a dataset.
#pragma once

#include "midillama/corpus/melody.h"
#include "midillama/midi/score.h"
#include "midillama/records/question.h"

#include <cstddef>
#include <map>
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

// Where a label of a piece is from.
struct Origin {
  std::string file;           // the step's that says it: "annotations.jsonl"
  std::string evidence = {};  // the sentence of a text, where one says it
  std::string url = {};       // of that text
};

// What a source's file says of itself, in its own words.
struct Stated {
  std::string title = {};
  std::string composer = {};
};

struct Piece {
  std::size_t number = 0;  // in the order of the source, skipped ones counted too
  std::string id;          // unique in the corpus, fit for a file name
  std::string collection;  // the tune book or folder that it stands in
  std::string place;       // "file:line" or "file", for messages
  std::string work;        // pieces of one work are one family; empty where the source knows no works
  std::string composer;    // as the catalog spells it
  Stated stated = {};
  Facts labels;                           // what holds for the whole piece, in the words of the tags
  std::map<std::string, Origin> origins;  // of the labels, by the name that a tag's `from` gives; empty where all are the source's

  midi::Score score;
  std::vector<midi::Tick> bar_lines;  // where bars start, as far as known; sorted
  // Files that state meters or tempos: a clip's are those in force throughout the clip, whatever holds for the piece.
  bool states_meter = false;
  bool states_tempo = false;

  // Made while the score is there.
  Melody melody;
  double seconds = 0;  // to the end of its last note
  std::vector<Clip> clips;
  std::string why_without_clips;  // empty where there are some
};

}  // namespace midillama::corpus
