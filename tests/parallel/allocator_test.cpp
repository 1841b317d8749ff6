#include "parallel/allocator.h"

#if __has_include(<c10/core/AllocatorConfig.h>)  // settings cannot be read back from an older LibTorch
#include "midillama/core/file.h"
#include "parallel/child_process.h"

#include <c10/core/AllocatorConfig.h>

#include <gtest/gtest.h>

namespace midillama::parallel {
namespace {

namespace allocator = c10::CachingAllocator;
constexpr const char* kOwn = "max_split_size_mb:100";

TEST(Allocator, SegmentsGrowByDefault) {
  let_segments_grow();
  EXPECT_TRUE(allocator::AcceleratorAllocatorConfig::use_expandable_segments());
}

// In a process with settings of its own.
TEST(Allocator, DISABLED_KeepsOwnSettings) {
  let_segments_grow();
  EXPECT_FALSE(allocator::AcceleratorAllocatorConfig::use_expandable_segments());
  EXPECT_EQ(allocator::getAllocatorSettings(), kOwn);
}

TEST(Allocator, SettingsOfTheEnvironmentAreKept) {
  const TemporaryDirectory folder;
  for (const char* variable : {"PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF"}) {
    testing_support::ChildProcess child("Allocator.DISABLED_KeepsOwnSettings", {{variable, kOwn}}, folder.path() / variable);
    EXPECT_EQ(child.wait(), 0) << child.output();
  }
}

}  // namespace
}  // namespace midillama::parallel

#endif
