#include "parallel/allocator.h"

#include <c10/core/AllocatorConfig.h>

namespace midillama::parallel {

void let_segments_grow() {
  using namespace c10::CachingAllocator;
  if (getAllocatorSettings().empty()) setAllocatorSettings("expandable_segments:True");  // those of the environment are read by now
}

}  // namespace midillama::parallel
