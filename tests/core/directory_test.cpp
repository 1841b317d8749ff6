#include "midillama/core/directory.h"

#include "midillama/core/file.h"
#include "support/error_of.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace midillama {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing_support::error_of;

std::size_t entries(const fs::path& directory) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
}

TEST(WriteDirectory, ReplacesTheOldContent) {
  const TemporaryDirectory folder;
  write_directory(folder.path() / "out", [](const fs::path& path) { write_atomically(path / "old", "1"); });
  write_directory(folder.path() / "out/", [](const fs::path& path) { write_atomically(path / "deep/new", "2"); });
  EXPECT_FALSE(fs::exists(folder.path() / "out/old"));
  EXPECT_EQ(read_text(folder.path() / "out/deep/new"), "2");
  EXPECT_EQ(entries(folder.path()), 1u);
}

// Root may write everywhere.
class AsNobody {
 public:
  AsNobody() : user_(::geteuid()) {
    if (user_ == 0 && ::seteuid(65534) != 0) throw Error("the user cannot be changed");
  }
  ~AsNobody() { EXPECT_EQ(::seteuid(user_), 0); }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;

 private:
  uid_t user_;
};

TEST(WriteDirectory, AFolderThatIsReadOnlyStays) {
  const TemporaryDirectory folder;
  const fs::path out = folder.path() / "out";
  write_directory(out, [](const fs::path& path) { write_atomically(path / "old", "1"); });
  fs::permissions(folder.path(), fs::perms::all);
  fs::permissions(out, fs::perms(0555));
  std::string error;
  {
    const AsNobody nobody;
    error = error_of([&] { write_directory(out, [](const fs::path& path) { write_atomically(path / "new", "2"); }); });
  }
  fs::permissions(out, fs::perms::owner_all);
  EXPECT_THAT(error, HasSubstr("out: cannot be written"));
  EXPECT_TRUE(fs::exists(out / "old"));
  EXPECT_EQ(entries(folder.path()), 1u);
}

TEST(WriteDirectory, LeavesNothingWhereFillingFails) {
  const TemporaryDirectory folder;
  const auto fail = [](const fs::path& path) {
    write_atomically(path / "half", "1");
    throw Error("the disk is full");
  };
  EXPECT_THROW(write_directory(folder.path() / "out", fail), Error);
  EXPECT_EQ(entries(folder.path()), 0u);
}

TEST(WriteDirectory, WritesThroughALink) {
  const TemporaryDirectory folder;
  fs::create_directory(folder.path() / "real");
  fs::create_symlink("real", folder.path() / "link");
  write_directory(folder.path() / "link", [](const fs::path& path) { write_atomically(path / "file", "1"); });
  EXPECT_TRUE(fs::is_symlink(folder.path() / "link"));
  EXPECT_EQ(read_text(folder.path() / "real/file"), "1");
}

TEST(StagedDirectory, TwoForTheSameTargetDoNotMeet) {
  const TemporaryDirectory folder;
  StagedDirectory one(folder.path() / "out"), two(folder.path() / "out");
  write_atomically(one.path() / "file", "1");
  write_atomically(two.path() / "file", "2");
  two.put_in_place();
  one.put_in_place();
  EXPECT_EQ(read_text(folder.path() / "out/file"), "1");
  EXPECT_EQ(entries(folder.path()), 1u);
}

TEST(WriteNewDirectory, TakesAFreeNameOrAnEmptyFolder) {
  const TemporaryDirectory folder;
  fs::create_directory(folder.path() / "empty");
  fs::create_symlink("far/new", folder.path() / "link");
  fs::create_directory(folder.path() / "far");
  for (const char* name : {"new/", "empty", "link"}) {
    write_new_directory(folder.path() / name, [&](const fs::path& path) { write_atomically(path / "file", name); });
    EXPECT_EQ(read_text(folder.path() / name / "file"), name);
  }
  EXPECT_TRUE(fs::is_symlink(folder.path() / "link"));
}

TEST(WriteNewDirectory, SaysWhereNoFolderCanBeMade) {
  const auto fill = [](const fs::path&) {};
  EXPECT_THAT([&] { write_new_directory("/proc/x", fill); },
              testing::ThrowsMessage<InputError>(testing::StartsWith("/proc: no folder can be made in it (")));
}

// What came while it was filled stays, whoever made it and whatever it is.
TEST(WriteNewDirectory, ReplacesNothingThatCameInBetween) {
  const TemporaryDirectory folder;
  const fs::path target = folder.path() / "out";
  const std::vector<std::function<void()>> others = {
      [&] { write_new_directory(target, [](const fs::path& path) { write_atomically(path / "file", "theirs"); }); },
      [&] { write_atomically(target / "file", "theirs"); },
      [&] { write_atomically(target, "theirs"); },
  };
  for (const auto& other : others) {
    const auto fill = [&](const fs::path& path) {
      write_atomically(path / "file", "ours");
      other();
    };
    EXPECT_THAT([&] { write_new_directory(target, fill); },
                testing::ThrowsMessage<InputError>(HasSubstr(target.string() + ": is there already")));
    EXPECT_EQ(read_text(fs::is_directory(target) ? target / "file" : target), "theirs");
    EXPECT_EQ(entries(folder.path()), 1u);
    fs::remove_all(target);
  }
}

TEST(WriteNewDirectory, OfManyAtOnceOneHasMadeIt) {
  const TemporaryDirectory folder;
  for (int round = 0; round < 20; ++round) {
    const fs::path target = folder.path() / fmt::format("out{}", round);
    std::vector<std::thread> threads;
    std::mutex mutex;
    std::vector<std::string> done;
    for (const char* who : {"a", "b", "c", "d"}) {
      threads.emplace_back([&, who] {
        try {
          write_new_directory(target, [&](const fs::path& path) { write_atomically(path / "file", who); });
          const std::lock_guard lock(mutex);
          done.emplace_back(who);
        } catch (const InputError&) {
        }
      });
    }
    for (auto& thread : threads) thread.join();
    ASSERT_EQ(done.size(), 1u);
    EXPECT_EQ(read_text(target / "file"), done.front());
  }
}

TEST(RemoveLeftovers, LeavesFoldersThatAreBeingFilled) {
  const TemporaryDirectory folder;
  fs::create_directories(folder.path() / ".unfinished-out");
  fs::create_directories(folder.path() / ".deleted-out/deep");
  const StagedDirectory filling(folder.path() / "out");
  remove_leftovers(folder.path());
  EXPECT_TRUE(fs::exists(filling.path()));
  EXPECT_EQ(entries(folder.path()), 1u);
}

TEST(RequireNewDirectory, AllowsOnlyWhatHoldsNothing) {
  const TemporaryDirectory folder;
  require_new_directory(folder.path() / "new");
  require_new_directory(folder.path());
  write_atomically(folder.path() / "file", "1");
  for (const fs::path& path : {folder.path(), folder.path() / "file"}) {
    try {
      require_new_directory(path);
      ADD_FAILURE() << path;
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr(path.string() + ": is there already"));
    }
  }
}

}  // namespace
}  // namespace midillama
