#include "midillama/records/step.h"

#include "midillama/core/file.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::records {
namespace {

namespace fs = std::filesystem;

constexpr Step kStep = {"count", "counts.jsonl"};

class StepTest : public testing::Test {
 protected:
  StepTest() { write_atomically(folder() / "pieces.jsonl", "one\n"); }

  fs::path folder() const { return folder_.path(); }
  MadeOf made_of(int size = 1) const { return {{{"size", size}}, {{"pieces.jsonl", fingerprint_of(folder(), "pieces.jsonl")}}}; }
  void run(bool complete = true) const {
    StepFile file(folder(), kStep);
    file.write("1\n");
    file.write("2\n");
    file.commit(made_of(), {{"counted", 2}}, complete);
  }
  StepState state(int size = 1) const { return state_of(folder(), kStep, made_of(size)); }

 private:
  TemporaryDirectory folder_;
};

TEST_F(StepTest, IsCurrentUntilWhatItWasMadeOfChanges) {
  EXPECT_EQ(state(), StepState::missing);
  run();
  EXPECT_EQ(read_text(folder() / kStep.file), "1\n2\n");
  EXPECT_EQ(record_of(folder(), kStep)["counted"], 2);
  EXPECT_EQ(state(), StepState::current);
  EXPECT_EQ(state(2), StepState::outdated) << "another setting";
  write_atomically(folder() / "pieces.jsonl", "other\n");
  EXPECT_EQ(state(), StepState::outdated) << "another source";
  fs::remove(folder() / "pieces.jsonl");
  EXPECT_EQ(state(), StepState::outdated) << "no source";
}

TEST_F(StepTest, AFileThatWasChangedIsNotItsOwn) {
  run();
  write_atomically(folder() / kStep.file, "1\n");
  EXPECT_EQ(state(), StepState::outdated);
  fs::remove(record_file(folder(), kStep));
  EXPECT_EQ(state(), StepState::given);
}

TEST_F(StepTest, TheRecordTellsWithoutTheSettings) {
  EXPECT_EQ(state_by_record(folder(), kStep), StepState::missing);
  run(false);
  EXPECT_EQ(state_by_record(folder(), kStep), StepState::incomplete);
  run();
  EXPECT_EQ(state_by_record(folder(), kStep), StepState::current);
  write_atomically(folder() / "pieces.jsonl", "other\n");
  EXPECT_EQ(state_by_record(folder(), kStep), StepState::outdated) << "another source";
  fs::remove(folder() / "pieces.jsonl");
  EXPECT_EQ(state_by_record(folder(), kStep), StepState::current) << "nothing to compare with";
  write_atomically(folder() / kStep.file, "1\n");
  EXPECT_EQ(state_by_record(folder(), kStep), StepState::outdated);
  write_atomically(record_file(folder(), kStep), R"({"format": 1})");
  EXPECT_EQ(state_by_record(folder(), kStep), StepState::outdated);
}

TEST_F(StepTest, AnotherProgramsFileStays) {
  EXPECT_NO_THROW(require_own(folder(), kStep));
  run();
  EXPECT_NO_THROW(require_own(folder(), kStep));
  fs::remove(record_file(folder(), kStep));
  EXPECT_THAT(testing_support::error_of([&] { require_own(folder(), kStep); }),
              testing::HasSubstr("counts.jsonl: is not `midillama data count`'s (no count.json beside it)"));
}

TEST_F(StepTest, ARecordIsAnObject) {
  EXPECT_EQ(record_of(folder(), kStep), OrderedJson::object());
  run();
  write_atomically(record_file(folder(), kStep), "[1]\n");
  EXPECT_THROW(state(), InputError);
}

TEST_F(StepTest, WhatIsLeftToDoIsDoneByTheNextRun) {
  run(false);
  EXPECT_EQ(state(), StepState::incomplete);
  run();
  EXPECT_EQ(state(), StepState::current);
}

TEST_F(StepTest, WithoutACommitNothingChanges) {
  run();
  { StepFile(folder(), kStep).write("3\n"); }
  EXPECT_EQ(state(), StepState::current);
}

TEST_F(StepTest, WhatAKilledRunLeftGoes) {
  write_atomically(folder() / "counts.jsonl.tmp-12-34", "1");
  write_atomically(folder() / "count.json.tmp-12-34", "{");
  write_atomically(folder() / "notes.tmp-1", "mine");
  run();
  EXPECT_FALSE(fs::exists(folder() / "counts.jsonl.tmp-12-34"));
  EXPECT_FALSE(fs::exists(folder() / "count.json.tmp-12-34"));
  EXPECT_TRUE(fs::exists(folder() / "notes.tmp-1"));
}

}  // namespace
}  // namespace midillama::records
