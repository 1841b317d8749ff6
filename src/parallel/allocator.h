// How LibTorch takes memory from a GPU.
#pragma once

namespace midillama::parallel {

// Segments that grow (expandable_segments:True): batches of unequal length break up those that do not. Nothing changes where
// PYTORCH_ALLOC_CONF or PYTORCH_CUDA_ALLOC_CONF is set. To be called before the first allocation.
void let_segments_grow();

}  // namespace midillama::parallel
