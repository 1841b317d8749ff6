// A loop over all cores for work that knows nothing of LibTorch.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace midillama {

// Calls body(i) for every i in [0, count) on `threads` threads (0: one a core). The first exception ends the loop and is thrown again here.
// `what` names the work ("reading clips") in the progress line that is shown where it takes long; a loop without a name is never long.
void parallel_for(const std::string& what, std::size_t count, const std::function<void(std::size_t)>& body, unsigned threads = 0);
void parallel_for(std::size_t count, const std::function<void(std::size_t)>& body, unsigned threads = 0);

}  // namespace midillama
