// The commands that need LibTorch live in a shared library of their own, loaded when one of them is called: the others start in
// milliseconds.
#pragma once

#include "midillama/config/schema.h"

namespace midillama::cli {

// Runs a command; `options` is of the command's type (command.h).
using TorchFunction = void (*)(const config::Config& config, const void* options);

// An Error where the working folder is gone: LibTorch's libraries would end the program in words of their own.
void require_working_folder();

// The function of a command's kName. Loads the library on the first call; Error where this installation has none, or one of another
// version.
TorchFunction torch_function(const char* name);

}  // namespace midillama::cli
