#pragma once

#include "cli/command.h"
#include "cli/commands/outputs.h"

namespace midillama::cli {

struct ConvertGgufCommand : TorchCommand {
  static constexpr const char* kName = "convert gguf";
  static constexpr const char* kDescription =
      "A language model in Hugging Face layout, with its tokenizer and chat template, from a GGUF file of the architecture llama";
  static constexpr const char* kExample = "midillama convert gguf --in Llama-3-8B.Q4_K_M.gguf --out models/llama3-8b --dtype bfloat16";

  void declare(CLI::App& app) {
    app.add_option("--in", in, "The GGUF file")->required()->type_name("FILE");
    app.add_option("--out", out, "A new folder")->required()->check(not_standard_output())->type_name("DIR");
    app.add_option("--dtype", dtype, "float32: what the file says to the last bit; bfloat16: half the size")
        ->check(CLI::IsMember({"float32", "bfloat16"}))
        ->capture_default_str();
  }

  // Needs no experiment.
  config::Config load() const { return {}; }

  std::string in;
  std::string out;
  std::string dtype = "float32";
};

void run(const config::Config& config, const ConvertGgufCommand& command);

}  // namespace midillama::cli
