// One function a subcommand.
#pragma once

#include <CLI/CLI.hpp>

namespace midillama::cli {

void add_train(CLI::App& app);
void add_eval(CLI::App& app);
void add_generate(CLI::App& app);
void add_score(CLI::App& app);
void add_tokenize(CLI::App& app);
void add_text_tokenize(CLI::App& app);
void add_inspect(CLI::App& app);
void add_data(CLI::App& app);
void add_config(CLI::App& app);
void add_embed(CLI::App& app);
void add_convert(CLI::App& app);
void add_merge(CLI::App& app);
void add_export(CLI::App& app);
void add_plan(CLI::App& app);
void add_doctor(CLI::App& app);

// Parses and runs; returns the exit status: 0 done, 1 failed, 2 wrong usage or configuration. The only place that catches.
int run(int argc, char** argv);

}  // namespace midillama::cli
