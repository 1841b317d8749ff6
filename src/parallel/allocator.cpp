#include "parallel/allocator.h"

#if __has_include(<c10/core/AllocatorConfig.h>)  // LibTorch 2.9
#include <c10/core/AllocatorConfig.h>
#else
#include <cstdlib>
#endif

namespace midillama::parallel {

void let_segments_grow() {
#if __has_include(<c10/core/AllocatorConfig.h>)
  using namespace c10::CachingAllocator;
  if (getAllocatorSettings().empty()) setAllocatorSettings("expandable_segments:True");  // those of the environment are read by now
#else
  setenv("PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True", /*overwrite=*/0);  // read at the first allocation
#endif
}

}  // namespace midillama::parallel
