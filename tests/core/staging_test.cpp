#include "midillama/core/directory.h"
#include "midillama/core/file.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>

namespace midillama {
namespace {

namespace fs = std::filesystem;

class Staging : public testing::Test {
 protected:
  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const auto& entry : fs::directory_iterator(root_.path())) result.push_back(entry.path().filename().string());
    return result;
  }
  fs::path target() const { return root_.path() / "data"; }

  TemporaryDirectory root_;
};

TEST_F(Staging, AppearsWhenPutInPlace) {
  StagedDirectory staged(target());
  write_atomically(staged.path() / "dataset.json", "new");
  EXPECT_FALSE(fs::exists(target()));
  staged.put_in_place();
  EXPECT_EQ(read_text(target() / "dataset.json"), "new");
}

TEST_F(Staging, ReplacesADatasetWhole) {
  write_atomically(target() / "dataset.json", "old");
  write_atomically(target() / "old.jsonl", "old");
  {
    StagedDirectory staged(target());
    write_atomically(staged.path() / "dataset.json", "new");
    EXPECT_EQ(read_text(target() / "dataset.json"), "old");
    staged.put_in_place();
  }
  EXPECT_EQ(read_text(target() / "dataset.json"), "new");
  EXPECT_FALSE(fs::exists(target() / "old.jsonl"));
  EXPECT_THAT(names(), testing::ElementsAre("data"));
}

TEST_F(Staging, IsGoneWhereItIsNotPutInPlace) {
  { const StagedDirectory staged(target()); }
  EXPECT_THAT(names(), testing::IsEmpty());
}

TEST_F(Staging, RemovesWhatAKilledProcessLeft) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto* staged = new StagedDirectory(target());
    write_atomically(staged->path() / "half", "made");
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(names().size(), 1u) << "the killed process left its folder";
  { const StagedDirectory staged(target()); }
  EXPECT_THAT(names(), testing::IsEmpty());
}

TEST_F(Staging, LeavesARunningBuildAndOtherNamesAlone) {
  fs::create_directories(root_.path() / (".data.building-" + std::to_string(::getppid())));
  fs::create_directories(root_.path() / ".data.building-notes");
  { const StagedDirectory staged(target()); }
  EXPECT_EQ(names().size(), 2u);
}

TEST_F(Staging, TakesTheTargetWithASlash) {
  StagedDirectory staged(target() / "");
  staged.put_in_place();
  EXPECT_TRUE(fs::is_directory(target()));
}

TEST_F(Staging, LeavesWhatAnotherProcessIsWritingAlone) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const StagedDirectory staged(target());
    const bool told = ::write(ready[1], "x", 1) == 1;
    ::sleep(told ? 60 : 0);
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  { const StagedDirectory staged(target()); }
  EXPECT_EQ(names().size(), 1u);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  remove_leftovers(root_.path());
  EXPECT_THAT(names(), testing::IsEmpty());
}

TEST_F(Staging, AFolderThatWasNeverLockedIsALeftoverAfterAMoment) {
  fs::create_directory(root_.path() / ".unlocked.unfinished-data-1-2");
  remove_leftovers(root_.path());
  EXPECT_EQ(names().size(), 1u) << "somebody may be about to lock it";
  fs::last_write_time(root_.path() / ".unlocked.unfinished-data-1-2", fs::file_time_type::clock::now() - std::chrono::minutes(2));
  remove_leftovers(root_.path());
  EXPECT_THAT(names(), testing::IsEmpty());
}

TEST_F(Staging, AMountPointIsRefusedBeforeAnythingIsWritten) {
  struct stat within = {}, around = {};
  if (::stat("/dev/shm", &within) != 0 || ::stat("/dev", &around) != 0 || within.st_dev == around.st_dev || ::access("/dev/shm", W_OK) != 0)
    GTEST_SKIP() << "nothing is mounted at /dev/shm";
  EXPECT_THAT(testing_support::error_of([] { const StagedDirectory staged("/dev/shm"); }),
              testing::HasSubstr("/dev/shm: is a mount point, whose place no new folder can take"));
}

TEST_F(Staging, WritesThroughASymbolicLink) {
  fs::create_directories(root_.path() / "disk/real");
  fs::create_symlink("disk/real", target());
  write_directory(target(), [](const fs::path& path) { write_atomically(path / "dataset.json", "new"); });
  EXPECT_TRUE(fs::is_symlink(target()));
  EXPECT_EQ(read_text(root_.path() / "disk/real/dataset.json"), "new");
}

}  // namespace
}  // namespace midillama
