// What a terminal shows besides text.
#pragma once

#include <functional>
#include <string>

namespace midillama {

// The descriptor (STDOUT_FILENO, STDERR_FILENO) is a terminal, and nobody asked for no colours (https://no-color.org).
bool shows_colours(int descriptor);

// The last line of standard error where that is a terminal: progress rewrites it in place, and what else is printed goes above it.
// May be called from several threads.
namespace status_line {

void show(const std::string& text);
// What is shown stays; whatever comes next begins a new line.
void end();
// Takes the line away while `print` writes to standard error.
void step_over(const std::function<void()>& print);

}  // namespace status_line

}  // namespace midillama
