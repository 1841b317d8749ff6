#include "midillama/core/lock.h"

#include "midillama/core/file.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace midillama {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing_support::error_of;

// Runs `body` in a process of its own.
template <typename Body>
pid_t in_child(Body&& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    body();
    ::_exit(0);
  }
  return child;
}

TEST(WriterLock, NamesWhoHasIt) {
  const TemporaryDirectory parent;
  const fs::path folder = parent.path() / "run/sft";
  {
    const WriterLock lock(folder);
    EXPECT_THAT(error_of([&] { WriterLock second(folder / ""); }),
                AllOf(HasSubstr("run/sft"), HasSubstr("is being written by process " + std::to_string(::getpid())), HasSubstr("since 20")));
    EXPECT_EQ(error_of([&] { WriterLock other(parent.path() / "run/align"); }), "no error");
  }
  EXPECT_EQ(error_of([&] { WriterLock again(folder); }), "no error");
  EXPECT_TRUE(fs::is_empty(parent.path() / "run"));
}

TEST(WriterLock, AFolderIsOneByWhateverLink) {
  const TemporaryDirectory parent;
  fs::create_directories(parent.path() / "data/mine");
  fs::create_directory_symlink(parent.path() / "data/mine", parent.path() / "link");
  fs::create_directory_symlink(parent.path() / "data", parent.path() / "all");
  const WriterLock lock(parent.path() / "data/mine");
  for (const char* name : {"link", "link/", "all/mine", "data/../data/mine/"})
    EXPECT_THAT(error_of([&] { WriterLock second(parent.path() / name); }), HasSubstr("is being written by process")) << name;
}

TEST(WriterLock, ADeadProcessHasNone) {
  const TemporaryDirectory parent;
  const fs::path folder = parent.path() / "data";
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = in_child([&] {
    const WriterLock lock(folder);
    std::ignore = ::write(ready[1], "x", 1);
    ::pause();
  });
  char byte;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_THAT(error_of([&] { WriterLock lock(folder); }), HasSubstr("process " + std::to_string(child)));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(fs::exists(parent.path() / ".data.lock")) << "what the killed process left";
  EXPECT_EQ(error_of([&] { WriterLock lock(folder); }), "no error");
  EXPECT_FALSE(fs::exists(parent.path() / ".data.lock"));
}

// Every one that has the lock finds nobody else inside.
TEST(WriterLock, OneOfManyAtATime) {
  const TemporaryDirectory parent;
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    children.push_back(in_child([&] {
      for (int round = 0; round < 200; ++round) {
        try {
          const WriterLock lock(parent.path() / "folder");
          if (!fs::create_directory(parent.path() / "inside")) ::_exit(1);
          fs::remove(parent.path() / "inside");
        } catch (const Error&) {
        }
      }
    }));
  }
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
}

}  // namespace
}  // namespace midillama
