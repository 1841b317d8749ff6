#include "midillama/core/machine.h"

#include "midillama/core/file.h"
#include "midillama/core/numbers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace midillama {
namespace {

TEST(Machine, HasMemoryOfWhichSomeIsFree) {
  const Memory memory = machine_memory();
  EXPECT_GT(memory.total, 64LL << 20);
  EXPECT_GT(memory.free, 0);
  EXPECT_LE(memory.free, memory.total);
}

// An nvidia-smi in front of the path that prints what the real one would.
TEST(Machine, ListsTheGpusThatAreVisible) {
  const TemporaryDirectory folder;
  const auto program = folder.path() / "nvidia-smi";
  write_atomically(program,
                   "#!/bin/sh\necho '0, GPU-aaaa-1, NVIDIA RTX A6000, 49140, 48000'\necho '1, GPU-bbbb-2, NVIDIA H100, 81559, 81000'\n");
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", (folder.path().string() + ":" + path).c_str(), 1);
  ::unsetenv("CUDA_VISIBLE_DEVICES");
  const auto all = gpus();
  ::setenv("CUDA_VISIBLE_DEVICES", "1", 1);
  const auto second = gpus();
  ::setenv("CUDA_VISIBLE_DEVICES", "GPU-aaaa", 1);
  const auto first = gpus();
  ::setenv("CUDA_VISIBLE_DEVICES", "", 1);
  const auto none = gpus();
  ::unsetenv("CUDA_VISIBLE_DEVICES");
  ::setenv("PATH", path.c_str(), 1);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].name, "NVIDIA RTX A6000");
  EXPECT_EQ(all[0].memory.total, 49140LL << 20);
  EXPECT_EQ(all[0].memory.free, 48000LL << 20);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].name, "NVIDIA H100");
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].name, "NVIDIA RTX A6000");
  EXPECT_TRUE(none.empty());
}

TEST(Machine, KnowsTheDiskOfAFolderThatIsNotThereYet) {
  const TemporaryDirectory folder;
  EXPECT_GT(free_disk(folder.path() / "a/b/c"), 0);
  EXPECT_GT(free_disk("not/there"), 0);
}

TEST(Numbers, AreReadable) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(20'971'520), "20,971,520");
  EXPECT_EQ(with_commas(1'000'007), "1,000,007");
  EXPECT_EQ(gibibytes(3LL << 29), "1.50 GiB");
}

}  // namespace
}  // namespace midillama
