// What the program does when it is asked to end: SIGINT (Ctrl-C), SIGTERM (a launcher, a batch system before its time limit) or SIGHUP (the
// terminal is closed; not where it is ignored, as by nohup).
//
// A signal ends the program at once, and what was only half made goes with it (core/temporary.h). Work that can be brought to a good end
// holds an InterruptDelay: then the first signal is only noted, and the second ends the program. What a person at a terminal can break off
// while the program goes on delays SIGINT only: the others end the program all the same.
#pragma once

#include "midillama/core/error.h"

#include <string>

namespace midillama {

// Begins to watch for the signals. Called once, by the program's first thread before there are others: all inherit that they do not take
// the signals themselves. Without it signals do what they do in any program.
void watch_interrupts();

// The signal that was noted during an InterruptDelay; 0 for none.
int noted_interrupt();

class InterruptDelay {
 public:
  enum class Of { all, ctrl_c };

  // `announcement` is logged when the first signal comes: what is still done, which may take a while. Nothing is where it is empty.
  explicit InterruptDelay(const std::string& announcement, Of signals = Of::all);
  ~InterruptDelay();  // forgets the signal
  InterruptDelay(const InterruptDelay&) = delete;
  InterruptDelay& operator=(const InterruptDelay&) = delete;
};

// Thrown where work was brought to an end because of a signal. The command line maps it to exit status 128 + signal.
class Interrupted : public Error {
 public:
  Interrupted(int signal, const std::string& what) : Error(what), signal_(signal) {}
  int signal() const { return signal_; }

 private:
  int signal_;
};

// "SIGTERM"
std::string signal_name(int signal);

}  // namespace midillama
