#include "corpus/staging.h"

#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "tunes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace midillama::corpus {
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
  write_text(staged.path() / "dataset.json", "new");
  EXPECT_FALSE(fs::exists(target()));
  staged.put_in_place();
  EXPECT_EQ(read_text(target() / "dataset.json"), "new");
}

TEST_F(Staging, ReplacesADatasetWhole) {
  write_text(target() / "dataset.json", "old");
  write_text(target() / "old.jsonl", "old");
  {
    StagedDirectory staged(target());
    write_text(staged.path() / "dataset.json", "new");
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
    write_text(staged->path() / "half", "made");
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

TEST_F(Staging, RefusesFoldersThatAreNoDatasets) {
  write_text(target() / "thesis.txt", "mine");
  EXPECT_THROW(StagedDirectory{target()}, InputError);
  EXPECT_THAT(names(), testing::ElementsAre("data"));
}

}  // namespace
}  // namespace midillama::corpus
