// The whole program.
#pragma once

namespace midillama::cli {

// Parses and runs; returns the exit status: 0 done, 1 failed, 2 wrong usage or configuration. The only place that makes an exit status of
// an error.
int run(int argc, char** argv);

}  // namespace midillama::cli
