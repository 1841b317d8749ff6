// A checkpoint knows what it was trained with, and is used with nothing else.
//
// trainer_state.json holds the settings that decide what the stage learnt and the fingerprints of the models that it started from. What
// nobody chose (config::Config::assumed) is then as the checkpoint says; what somebody chose must agree. Two paths agree where the models
// in them are the same. Checkpoints of versions without fingerprints are used with a warning where the path is another one; directories
// without trainer_state.json are used as they are.
#pragma once

#include "midillama/config/schema.h"

#include <filesystem>
#include <string>

namespace midillama::runs {

// Of config.json and the weight files, by content: the same model gives the same fingerprint wherever it lies.
std::string model_fingerprint(const std::filesystem::path& directory);

// Of the files that say how a text becomes token ids, and of the chat template where `prompt.template` is chat.
std::string text_fingerprint(const std::filesystem::path& directory, const std::string& prompt_template);
// Its name among a state's fingerprints.
inline constexpr const char* kTextFingerprint = "llm.tokenizer";

// Of the pieces of the test split, which no stage hears (records::pieces_fingerprint): its name among a state's fingerprints.
inline constexpr const char* kHeldOutFingerprint = "data.test_split";
// Warns where the test split holds other pieces than at the training of the checkpoint, or of the models of the configuration that were
// pre-trained here: they may then have been trained on. Nothing where either does not say, or there is no checkpoint.
void warn_of_other_pieces(const config::Config& config, const std::filesystem::path& checkpoint, const std::string& held_out);

// Gives what nobody chose the checkpoint's values, where it has a state.
void adopt(config::Config& config, const std::filesystem::path& checkpoint);

// The configuration to use the checkpoint with. InputError that names both values of everything that contradicts it: encoder, decoder,
// prompt template, musical tokens, the adapter's shape.
config::Config as_trained(config::Config config, const std::filesystem::path& checkpoint);

// find_checkpoint() and as_trained().
struct Used {
  std::filesystem::path checkpoint;
  config::Config config;
};
Used use_checkpoint(const config::Config& config, const std::filesystem::path& given);

}  // namespace midillama::runs
