// A language model of a server that is told a piece as text and says what it is of: nothing is learnt.
//
// A piece is one call: the system message, then the piece (prompt.notes; whole measures within prompt.notes_tokens, four characters a
// token), an empty line, the question. The answer is closed: a JSON schema lists the classes. Every call is in
// <run.dir>/eval/requests.jsonl, and one that was answered is never made again.
#pragma once

#include "midillama/chat/call.h"
#include "midillama/classes/task.h"
#include "midillama/config/schema.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace midillama::classes {

struct PieceText {
  std::string text;
  std::size_t measures = 0;
  std::size_t left_out = 0;  // measures at its end, for prompt.notes_tokens
};

// InputError where the file cannot be read, has no notes, or not even its first measure fits.
PieceText write_piece(const std::filesystem::path& file, const config::Prompt& config);

// {"genre": one of them}, and with several labels {"genres": any number of them}.
chat::Call question_about(const std::string& piece, const Task& task, const config::Config& config);

// Which of the task's classes an answer names, in any case where none is spelt so; nothing where it is no such JSON or names another one.
std::optional<std::vector<std::size_t>> read_answer(const std::string& answer, const Task& task);

struct ZeroShot {
  Scores scores;                             // 1 for what was told, 0 else
  std::vector<std::string> unanswered = {};  // "piece: why", in the order of the pieces
  double tokens = 0;                         // of a piece's text, four characters each, the mean
  std::int64_t cut_pieces = 0;
  std::int64_t measures_left_out = 0;
};

// Of the task's test pieces. What chat::ask_all() throws.
ZeroShot ask_classes(const Task& task, const config::Config& config);

}  // namespace midillama::classes
