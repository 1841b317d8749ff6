// Adapters in PEFT's layout: adapter_config.json and adapter_model.safetensors.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/model/llama.h"

#include <filesystem>
#include <string>

namespace midillama::model {

// adapter_config.json; an InputError lists every setting that is not implemented here.
config::Lora read_peft_config(const std::filesystem::path& directory);

// The weights of a decoder's adapters: all of them and no others, or an InputError with the whole list.
void load_peft_weights(LlamaImpl& llama, const std::filesystem::path& directory);

// Both files. The decoder has adapters as `lora` says.
void save_peft(LlamaImpl& llama, const config::Lora& lora, const std::filesystem::path& directory, const std::string& llm_path);

}  // namespace midillama::model
