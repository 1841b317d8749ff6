// A file of lines that are only ever added, for what is costly to get: what was added before a kill is there in the next run.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace midillama {

class LineLog {
 public:
  // Of a line in the file, without its end.
  struct Place {
    std::size_t begin = 0, size = 0;  // bytes
  };
  using OnLine = std::function<void(std::string_view line, std::size_t number, Place place)>;

  // Calls `line` with each line that is there, numbered from 1, but empty ones; it throws InputError where a line is none. A last line
  // without an end that is none, as a kill leaves it, is passed over with a warning. The file is not touched before the first line is
  // added or room asked for: then that one goes. Error where another line is none.
  LineLog(std::filesystem::path file, const OnLine& line);
  ~LineLog();
  LineLog(const LineLog&) = delete;
  LineLog& operator=(const LineLog&) = delete;

  // InputError where a line of so many bytes could not be added, as tried once: for whoever pays for what the lines will hold. One thread
  // at a time.
  void require_room(std::size_t bytes);

  // Adds a line, given without its end, and says where it is. It is handed to the operating system before this returns, so that a killed
  // program has it; of a line that does not fit on the disk nothing stays. InputError. One thread at a time.
  Place add(std::string line);
  // The line at a place. InputError where the file was shortened meanwhile. Any thread.
  std::string at(Place place) const;

  const std::filesystem::path& file() const { return file_; }

 private:
  void open();
  void cut();
  void write(std::string_view bytes);

  std::filesystem::path file_;
  std::size_t size_ = 0;  // of the whole lines
  // What the last line that was read is: without its end, or no whole line.
  bool lacks_line_end_ = false, is_cut_ = false;
  bool has_room_ = false;  // as require_room() has found
  int descriptor_ = -1;
};

}  // namespace midillama
