// What participants have done so far, in the study's SQLite file. Whatever a call has returned is on disk: a server that is killed loses
// none of it. Any thread may call; several servers of one study may run.
#pragma once

#include "midillama/study/judgment.h"
#include "midillama/study/study.h"

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace midillama::study {

inline constexpr const char* kStoreFile = "study.sqlite";

// Of a participant.
struct Progress {
  Time consented = 0;  // 0: not yet
  Time last = 0;       // the last judgment; 0: none
  // Item and criterion.
  std::set<std::pair<std::string, std::string>> judged = {};
};

// Of a participant and an item.
struct Hearing {
  Time opened = 0;     // when the item was shown first; 0: not yet
  double seconds = 0;  // of the clip
};

class Store {
 public:
  // Makes the file where there is none. InputError where it is of another study.
  Store(const std::filesystem::path& folder, const Study& study);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  Progress progress(const std::string& participant) const;
  std::map<std::string, Progress> progress() const;  // of all who have begun
  Hearing hearing(const std::string& participant, const std::string& item) const;

  // Each of these counts the first time only.
  void consent(const std::string& participant, Time now);
  Hearing open(const std::string& participant, const std::string& item, Time now);
  Time show(const std::string& participant, const std::string& item, const std::string& criterion, Time now);
  // Returns the judgment that is kept: an earlier one where there is one.
  Judgment judge(const Judgment& judgment);

  // The most that was heard at once.
  void hear(const std::string& participant, const std::string& item, double seconds);

  // In the order in which they were made.
  std::vector<Judgment> judgments() const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace midillama::study
