// Rounds of work asked for on standard input, one a line, each answered with one JSON object.
#pragma once

#include "midillama/core/file.h"

#include <time.h>

#include <chrono>
#include <iostream>
#include <sstream>
#include <string>

namespace midillama::bench {

inline double cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

inline double clock_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// {"cpu_seconds": of all threads, "seconds": by the clock}
template <typename Work>
Json timed(const Work& work) {
  const double started = clock_seconds(), cpu_started = cpu_seconds();
  work();
  const double cpu = cpu_seconds() - cpu_started;
  return {{"cpu_seconds", cpu}, {"seconds", clock_seconds() - started}};
}

// Calls round(first word, the rest as a stream) for every line of standard input and prints what it returns.
template <typename Round>
void serve(const Round& round) {
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string name;
    words >> name;
    std::cout << round(name, words).dump() << std::endl;
  }
}

}  // namespace midillama::bench
