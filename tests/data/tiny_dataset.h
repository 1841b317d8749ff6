// A few clips and questions in a temporary folder.
#pragma once

#include "midillama/core/file.h"
#include "midillama/core/json_text.h"
#include "midillama/midi/file.h"
#include "midillama/model/musicbert.h"
#include "midillama/records/question_file.h"

#include <filesystem>
#include <span>
#include <string>

namespace midillama::data {

// `notes` notes in quarters, upwards from `pitch` and down again.
inline void write_clip(const std::filesystem::path& file, int notes, int pitch = 60) {
  midi::Score score;
  midi::Instrument instrument;
  for (int i = 0; i < notes; ++i) {
    const midi::Tick start{i * 480};
    instrument.notes.push_back({start, start + midi::Tick{400}, static_cast<std::uint8_t>(pitch + i % 12), 80});
  }
  score.instruments.push_back(instrument);
  std::filesystem::create_directories(file.parent_path());
  midi::write_midi(score, file);
}

inline records::Question question(const std::string& id, const std::filesystem::path& clip, const std::string& text,
                                  const std::string& answer) {
  records::Question question;
  question.id = id;
  question.piece = "piece";
  question.clip = clip;
  question.task = "qa";
  question.tag = "key";
  question.question = text;
  question.answer = answer;
  question.end = 1;
  return question;
}

// The questions as FOLDER/train.jsonl; their clips are below the folder.
inline records::QuestionFile file_of(std::span<const records::Question> questions, const std::filesystem::path& folder) {
  std::string lines;
  for (auto question : questions) {
    question.clip = question.clip.lexically_relative(folder);
    lines += json_line(records::to_json(question, {}));
  }
  write_atomically(folder / "train.jsonl", lines);
  return records::open_questions(folder, "train");
}

inline void write_encoder(const std::filesystem::path& directory, std::uint64_t seed) {
  model::MusicBertConfig shape;
  shape.hidden_size = 16;
  shape.num_hidden_layers = 1;
  shape.num_attention_heads = 2;
  shape.intermediate_size = 32;
  shape.max_position_embeddings = 1004;
  model::MusicBert encoder(shape);
  model::initialize_weights(encoder, seed);
  std::filesystem::create_directories(directory);
  model::save_musicbert(encoder, directory);
}

}  // namespace midillama::data
