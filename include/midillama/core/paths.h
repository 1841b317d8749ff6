// Paths as users write them.
#pragma once

#include <string>

namespace midillama {

// "~" and "~/x" with the user's home folder, "~name/x" with that user's; every other path as it is. A shell does this only for a word that
// begins so, not in --set data.dir=~/x.
std::string expand_home(const std::string& path);

}  // namespace midillama
