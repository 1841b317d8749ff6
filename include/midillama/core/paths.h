// Paths as users write them, and where they lead.
#pragma once

#include <filesystem>
#include <string>

namespace midillama {

// "~" and "~/x" with the user's home folder, "~name/x" with that user's; every other path as it is. A shell does this only for a word that
// begins so, not in --set data.dir=~/x.
std::string expand_home(const std::string& path);

// Whether `path` is `folder` or lies below it, through links too; neither need exist.
bool is_within(const std::filesystem::path& path, const std::filesystem::path& folder);

}  // namespace midillama
