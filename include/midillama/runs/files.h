// The names of what a run leaves on disk, each once. docs/formats.md says what the files hold.
#pragma once

namespace midillama::runs {

// Of a run's directory <run.dir>/<stage>.
inline constexpr const char* kConfigFile = "config.yaml";
inline constexpr const char* kMetricsFile = "metrics.jsonl";
inline constexpr const char* kLogFile = "log.txt";
inline constexpr const char* kLossCurveFile = "loss.svg";
inline constexpr const char* kCheckpointsFolder = "checkpoints";
inline constexpr const char* kLastLink = "last";
inline constexpr const char* kModelFolder = "model";

// Of a checkpoint.
inline constexpr const char* kStateFile = "trainer_state.json";
inline constexpr const char* kOptimizerFile = "optimizer.safetensors";
inline constexpr const char* kProjectorFile = "projector.safetensors";
inline constexpr const char* kWhitenedProjectorFile = "projector_whitened.safetensors";
inline constexpr const char* kAdapterFolder = "adapter";

// Of an adapter's folder, which is PEFT's.
inline constexpr const char* kAdapterConfigFile = "adapter_config.json";
inline constexpr const char* kAdapterWeightsFile = "adapter_model.safetensors";

// Of a model directory, which is Hugging Face's.
inline constexpr const char* kModelConfigFile = "config.json";
inline constexpr const char* kSentencepieceFile = "tokenizer.model";

}  // namespace midillama::runs
