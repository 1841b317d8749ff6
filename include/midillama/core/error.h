// Typed errors. Every message is one sentence that a user can act on; it names the file and the place in it.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace midillama {

// Anything the program refuses or fails to do. The command line maps it to exit status 1.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Bad input: `file: place: what`. The place is a byte offset, a line, a key or a tensor name; it may be empty.
class InputError : public Error {
 public:
  InputError(const std::string& file, const std::string& place, const std::string& what)
      : Error(file + ": " + (place.empty() ? "" : place + ": ") + what) {}
};

// Wrong usage of the command line (exit status 2).
class UsageError : public Error {
 public:
  using Error::Error;
};

// Every mistake of a configuration, shown together (exit status 2).
class ConfigError : public UsageError {
 public:
  explicit ConfigError(std::vector<std::string> mistakes);
  const std::vector<std::string>& mistakes() const { return mistakes_; }

 private:
  std::vector<std::string> mistakes_;
};

}  // namespace midillama
