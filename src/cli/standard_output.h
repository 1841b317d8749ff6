// Standard output whose failures count.
#pragma once

#include "midillama/core/error.h"

#include <array>
#include <streambuf>

namespace midillama::cli {

// Nobody reads any more (`| head -1`): the program ends without a word.
class NobodyReads : public Error {
 public:
  NobodyReads() : Error("standard output is closed") {}
};

// std::cout writes through this object while it lives. A write that fails throws at once, from the output operator that it happens in:
// NobodyReads, or an Error that says why.
class StandardOutput : public std::streambuf {
 public:
  StandardOutput();
  // Writes what is left; whoever wants to hear of a failure calls finish() before.
  ~StandardOutput() override;
  StandardOutput(const StandardOutput&) = delete;
  StandardOutput& operator=(const StandardOutput&) = delete;

  // Writes what is left. Throws as above, also for a failure that somebody caught on its way.
  void finish();

 protected:
  int_type overflow(int_type character) override;
  std::streamsize xsputn(const char* text, std::streamsize size) override;
  int sync() override;

 private:
  static void take_descriptor();
  void write_buffer();
  void write_or_fail();

  std::array<char, 1 << 16> buffer_;
  std::streambuf* before_;
  bool closed_;  // when the program began
  bool terminal_;
  int failure_ = 0;  // errno of the first one
};

}  // namespace midillama::cli
