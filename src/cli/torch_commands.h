// The commands that need LibTorch live in a shared library of their own, loaded when one of them is called: the others start in
// milliseconds. This header is all that both sides know of each other.
#pragma once

#include "midillama/config/schema.h"

#include <string>
#include <vector>

namespace midillama::cli {

struct TrainCommand {
  std::string stage;
  bool resume = false;
  bool overwrite = false;
  std::string init;
};

struct EvalCommand {
  std::string task;
  std::string checkpoint;
  std::string music = "true";
};

struct GenerateCommand {
  std::string midi;
  std::string prompt;
  std::string checkpoint;
  double start = 0;
  double duration = 0;  // 0: to the end
  bool json = false;
};

struct InspectCommand {
  std::string split = "train";
  std::string checkpoint;
  std::int64_t examples = 0;  // 0: all
  bool loss = false;
  bool colour = false;
};

struct EmbedCommand {
  std::vector<std::string> files;
  std::string out;
};

struct ScoreCommand {
  std::string predictions;
};

struct DoctorCommand {
  bool json = false;
};

struct ConvertCommand {
  std::string in;
  std::string out;
};

struct MergeCommand {
  std::string checkpoint;
  std::string out;
  std::string prompt = "What key is this tune in?";
};

struct ExportCommand {
  std::string checkpoint;
  std::string out;
};

struct TorchCommands {
  void (*train)(const config::Config&, const TrainCommand&);
  void (*eval)(const config::Config&, const EvalCommand&);
  void (*generate)(const config::Config&, const GenerateCommand&);
  void (*inspect)(const config::Config&, const InspectCommand&);
  void (*embed)(const config::Config&, const EmbedCommand&);
  void (*score)(const config::Config&, const ScoreCommand&);
  void (*convert_musicbert)(const ConvertCommand&);
  void (*merge)(const config::Config&, const MergeCommand&);
  void (*export_checkpoint)(const config::Config&, const ExportCommand&);
  void (*doctor)(const config::Config&, const DoctorCommand&);
};

// Loads the library on the first call. Error where this installation has none.
const TorchCommands& torch_commands();

}  // namespace midillama::cli
