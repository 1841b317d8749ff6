// A step of the dataset pipeline in a dataset's folder: the file that it makes, and beside it STEP.json, the record of what it was made of.
// A step whose file is there and was made of the same need not run again.
#pragma once

#include "midillama/core/atomic_file.h"
#include "midillama/core/file.h"
#include "midillama/core/hash.h"

#include <array>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::records {

struct Step {
  const char* name;  // "features": its record is features.json
  const char* file;  // "features.jsonl"
};

// In the order in which they run. The first one's record has a form of its own (catalog/import.h).
inline constexpr Step kImportStep = {"import", "pieces.jsonl"};
inline constexpr Step kRetrieveStep = {"retrieve", "texts.jsonl"};
inline constexpr Step kAnnotateStep = {"annotate", "annotations.jsonl"};
inline constexpr Step kFeaturesStep = {"features", "features.jsonl"};
inline constexpr Step kSegmentStep = {"segment", "clips.jsonl"};
inline constexpr std::array kSteps = {kImportStep, kRetrieveStep, kAnnotateStep, kFeaturesStep, kSegmentStep};

std::filesystem::path record_file(const std::filesystem::path& directory, const Step& step);

// The step's record, an object; empty where there is none. InputError where the file holds something else.
OrderedJson record_of(const std::filesystem::path& directory, const Step& step);

// The fingerprint that such a record holds of the step's file; null where it holds none.
OrderedJson recorded_fingerprint(const OrderedJson& record, const Step& step);

// What a step makes its file of.
struct MadeOf {
  OrderedJson settings = OrderedJson::object();
  OrderedJson files = OrderedJson::object();  // fingerprints by name; null for one that is not there
};

// The fingerprint of DIRECTORY/FILE; null where there is no such file.
OrderedJson fingerprint_of(const std::filesystem::path& directory, const std::string& file);

// What two records of settings say differently, of what both have, for a message: " (compose.pieces: 50, now 20; model: \"a\", now \"b\")";
// empty where nothing.
std::string difference_text(const OrderedJson& before, const OrderedJson& now);

enum class StepState {
  missing,     // there is no file
  current,     // it was made of the same
  incomplete,  // ... by a run that left something to do
  outdated,    // it was made of something else, or changed since
  given,       // it has no record: another program's
};
StepState state_of(const std::filesystem::path& directory, const Step& step, const MadeOf& made_of);

// The same by the record's word alone, for a command that is not told the step's settings: whether the step's file, and those of the folder
// that it was made of and are still there, are what the record was written for.
StepState state_by_record(const std::filesystem::path& directory, const Step& step);

// InputError where the step's file is there and another program's: a run would take it away.
void require_own(const std::filesystem::path& directory, const Step& step);

// InputError where `folder`, which `midillama COMMAND` fills beside its file, is there and `record`, that of the run that filled it, is
// empty: it would take the place of another's files.
void require_own_folder(const std::filesystem::path& folder, const OrderedJson& record, const std::string& command);

// The file of a step while it is written. It appears whole, and with its record.
class StepFile {
 public:
  // Removes what killed runs of the step left.
  StepFile(const std::filesystem::path& directory, const Step& step);

  void write(std::string_view bytes);
  // `report` is added to the record. A step that has something left to do is not `complete`: the next run does it. A folder that belongs to
  // the file is put in place by `before_file`, when the record says whose it is.
  void commit(const MadeOf& made_of, const OrderedJson& report = OrderedJson::object(), bool complete = true,
              const std::function<void()>& before_file = nullptr);

 private:
  std::filesystem::path directory_;
  Step step_;
  AtomicFile file_;
  Fingerprinter written_;
};

}  // namespace midillama::records
