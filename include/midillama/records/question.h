// A dataset's lines, DATASET/{train,valid,test,unseen}.jsonl: one record, one parser, one rule for what is valid (docs/formats.md has
// it in words). Training, evaluation, `inspect`, `doctor` and `data check` all read through here.
#pragma once

#include "midillama/core/file.h"
#include "midillama/records/tags.h"
#include "midillama/text/conversation.h"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace midillama::records {

// Tag → value; a tag that is not known is absent.
using Facts = std::map<std::string, std::string>;

// What was asked and answered before.
struct Turn {
  std::string question;
  std::string answer;
  bool operator==(const Turn&) const = default;
};

// One question about one clip, or one request for a caption of it.
struct Question {
  std::string id;     // occurs once in a dataset
  std::string piece;  // what the clip is cut from: all of its clips are in one split
  // The MIDI file, below the dataset's folder as the line has it; read_questions() puts the folder in front.
  std::filesystem::path clip;
  double start = 0;  // seconds in the piece; both 0 where the line does not say
  double end = 0;
  std::string task;  // "qa" or "caption"
  std::string tag;   // what is asked about
  std::string question;
  std::string answer;
  Facts facts;        // what is known of the clip
  std::string place;  // "data/folk/train.jsonl: line 17", for errors

  std::vector<std::string> also = {};  // further tags that are asked about at once
  std::string yes_if = {};             // answered with yes or no: yes where the fact's words contain these
  std::vector<Turn> earlier = {};      // the turns of the conversation before the question
};

// The question after its earlier turns, with its answer or waiting for one.
text::Conversation conversation_of(const Question& question, bool with_answer);

// The line of a .jsonl file, with its facts in the order of `tags`, those of other tags after them.
OrderedJson to_json(const Question& question, std::span<const std::string> tags);

using OnQuestion = std::function<void(Question question)>;
// Questions that need not be in memory: calls `record` with each in turn.
using EachQuestion = std::function<void(const OnQuestion& record)>;

// Every file of questions goes through this. `record` is called with each line that has the form of a question, in order, `problem` with
// the place ("line 3") and the mistake of each line that has not, or whose facts and answer do not fit the tags. InputError where the file
// cannot be read.
using OnProblem = std::function<void(const std::string& place, const std::string& mistake)>;
void read_lines(const std::filesystem::path& file, const Tags& tags, const OnQuestion& record, const OnProblem& problem);

// Whether this value of a tag is known: it is the tag's fact, or the tag has none and a fact in free text states it.
bool is_known(const Tags& tags, const Tag& tag, const std::string& value, const Facts& facts);

// What does not fit the tags: a fact of no tag; a question about a tag that is not among the facts; an answer that does not state its
// facts, or says yes where no is right; a caption that states a value of an unmistakable tag that is not known. Nothing where the dataset
// does not declare its tags.
std::vector<std::string> mistakes_in_facts(const Question& question, const Tags& tags);

// The questions of a split, in file order. InputError naming file, line and key where a line is not valid or the file has none.
std::vector<Question> read_questions(const std::filesystem::path& data_dir, const std::string& split);

// Of the names of a split's pieces, in any order; empty where there is no such split.
std::string pieces_fingerprint(const std::filesystem::path& data_dir, const std::string& split);

// The clips of the questions, each once, in the order in which they first come.
std::vector<std::filesystem::path> clips_of(std::span<const Question> questions);

// In a dataset's folder: how it was made, and what is in it.
inline constexpr const char* kDatasetFile = "dataset.json";

// DATA_DIR/SPLIT.jsonl
std::filesystem::path split_file(const std::filesystem::path& data_dir, const std::string& split);

}  // namespace midillama::records
