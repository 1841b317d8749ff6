// Adapters in PEFT's layout: adapter_config.json and adapter_model.safetensors.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/model/llama.h"
#include "midillama/weights/safetensors.h"

#include <filesystem>
#include <string>

namespace midillama::model {

// adapter_config.json; an InputError lists every setting that is not implemented here.
config::Lora read_peft_config(const std::filesystem::path& directory);

// Before the decoder's parameter names, in an adapter's file.
inline constexpr const char* kPeftPrefix = "base_model.model.";

// The file of a decoder's adapters: it holds all of them and no others, in their shapes, or an InputError gives the whole list. A decoder
// on the meta device costs no memory.
weights::SafetensorsFile open_peft_weights(LlamaImpl& llama, const std::filesystem::path& directory);
// Copies them into the decoder.
void load_peft_weights(LlamaImpl& llama, const std::filesystem::path& directory);

// Both files. The decoder has adapters as `lora` says.
void save_peft(LlamaImpl& llama, const config::Lora& lora, const std::filesystem::path& directory, const std::string& llm_path);

}  // namespace midillama::model
