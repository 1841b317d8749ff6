// Text files whose words end up in questions, prompts and records.
#pragma once

#include <filesystem>
#include <string>

namespace midillama {

// read_text(). InputError naming the line where the file is not valid UTF-8: a parser that replaces such bytes says nothing of it.
std::string read_utf8(const std::filesystem::path& file);

// read_text(), of ISO 8859-1 where it is not valid UTF-8.
std::string read_utf8_or_latin1(const std::filesystem::path& file);

}  // namespace midillama
