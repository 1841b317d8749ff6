#include "midillama/study/store.h"

#include "midillama/core/hash.h"
#include "midillama/core/json_text.h"
#include "study/database.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <utility>

namespace midillama::study {
namespace {

constexpr const char* kSchema = R"sql(
  CREATE TABLE IF NOT EXISTS study (fingerprint TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS consents (participant TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS items (
    participant TEXT, item TEXT, opened INTEGER NOT NULL, heard REAL NOT NULL DEFAULT 0, PRIMARY KEY (participant, item)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS shown (
    participant TEXT, item TEXT, criterion TEXT, at INTEGER NOT NULL, PRIMARY KEY (participant, item, criterion)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS judgments (
    number INTEGER PRIMARY KEY, participant TEXT NOT NULL, item TEXT NOT NULL, clip TEXT NOT NULL, criterion TEXT NOT NULL,
    left_side TEXT NOT NULL, right_side TEXT NOT NULL, choice TEXT NOT NULL, shown INTEGER NOT NULL, judged INTEGER NOT NULL,
    heard REAL NOT NULL, note TEXT NOT NULL, UNIQUE (participant, item, criterion));
)sql";

constexpr const char* kColumns = "participant, item, clip, criterion, left_side, right_side, choice, shown, judged, heard, note";

Judgment judgment_in(const Statement& row) {
  return {.participant = row.text(0),
          .item = row.text(1),
          .clip = row.text(2),
          .criterion = row.text(3),
          .left = row.text(4),
          .right = row.text(5),
          .choice = row.text(6),
          .shown = row.integer(7),
          .judged = row.integer(8),
          .heard_seconds = row.real(9),
          .note = row.text(10)};
}

// Empty where the file is new.
std::string kept_fingerprint(const Database& database) {
  Statement row(database, "SELECT fingerprint FROM study");
  return row.step() ? row.text(0) : "";
}

}  // namespace

struct Store::Implementation {
  explicit Implementation(const std::filesystem::path& file) : database(file) {}

  Database database;
  std::mutex mutex;  // one statement at a time: which rows were changed is a property of the connection

  Hearing hearing(const std::string& participant, const std::string& item) {
    Statement row(database, "SELECT opened, heard FROM items WHERE participant = ?1 AND item = ?2");
    return row.bind(participant, item).step() ? Hearing{row.integer(0), row.real(1)} : Hearing{};
  }

  std::map<std::string, Progress> progress(const std::string& where, const std::string& participant) {
    std::map<std::string, Progress> all;
    Statement consents(database, ("SELECT participant, at FROM consents " + where).c_str());
    for (consents.bind(participant); consents.step();) all[consents.text(0)].consented = consents.integer(1);
    Statement judgments(database, ("SELECT participant, item, criterion, judged FROM judgments " + where).c_str());
    for (judgments.bind(participant); judgments.step();) {
      Progress& progress = all[judgments.text(0)];
      progress.judged.emplace(judgments.text(1), judgments.text(2));
      progress.last = std::max<Time>(progress.last, judgments.integer(3));
    }
    return all;
  }
};

Store::Store(const std::filesystem::path& folder, const Study& study)
    : implementation_(std::make_unique<Implementation>(folder / kStoreFile)) {
  Database& database = implementation_->database;
  const std::string own = fingerprint(json_text(to_json(study)));
  Transaction transaction(database);
  database.run(kSchema);
  const std::string kept = kept_fingerprint(database);
  if (kept.empty()) {
    Statement(database, "INSERT INTO study VALUES (?1)").bind(own).finish();
  } else if (kept != own) {
    throw InputError((folder / kStoreFile).string(), "", fmt::format("holds the judgments of another study than {}", kStudyFile));
  }
  transaction.commit();
}

Store::~Store() = default;

Progress Store::progress(const std::string& participant) const {
  const std::lock_guard lock(implementation_->mutex);
  auto found = implementation_->progress("WHERE participant = ?1", participant);
  return found.empty() ? Progress{} : std::move(found.begin()->second);
}

std::map<std::string, Progress> Store::progress() const {
  const std::lock_guard lock(implementation_->mutex);
  return implementation_->progress("WHERE ?1 = ''", "");
}

Hearing Store::hearing(const std::string& participant, const std::string& item) const {
  const std::lock_guard lock(implementation_->mutex);
  return implementation_->hearing(participant, item);
}

void Store::consent(const std::string& participant, Time now) {
  const std::lock_guard lock(implementation_->mutex);
  Statement(implementation_->database, "INSERT INTO consents VALUES (?1, ?2) ON CONFLICT DO NOTHING").bind(participant, now).finish();
}

Hearing Store::open(const std::string& participant, const std::string& item, Time now) {
  const std::lock_guard lock(implementation_->mutex);
  if (const Hearing before = implementation_->hearing(participant, item); before.opened != 0) return before;
  Statement(implementation_->database, "INSERT INTO items (participant, item, opened) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")
      .bind(participant, item, now)
      .finish();
  return implementation_->hearing(participant, item);
}

Time Store::show(const std::string& participant, const std::string& item, const std::string& criterion, Time now) {
  const std::lock_guard lock(implementation_->mutex);
  Statement row(implementation_->database, "SELECT at FROM shown WHERE participant = ?1 AND item = ?2 AND criterion = ?3");
  if (row.bind(participant, item, criterion).step()) return row.integer(0);
  Statement(implementation_->database, "INSERT INTO shown VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING")
      .bind(participant, item, criterion, now)
      .finish();
  return now;
}

void Store::hear(const std::string& participant, const std::string& item, double seconds) {
  const std::lock_guard lock(implementation_->mutex);
  Statement(implementation_->database, "UPDATE items SET heard = ?3 WHERE participant = ?1 AND item = ?2 AND heard < ?3")
      .bind(participant, item, seconds)
      .finish();
}

Judgment Store::judge(const Judgment& judgment) {
  const std::lock_guard lock(implementation_->mutex);
  const auto& [participant, item, clip, criterion, left, right, choice, shown, judged, heard, note] = judgment;
  const std::string insert =
      fmt::format("INSERT INTO judgments ({}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO NOTHING", kColumns);
  Statement(implementation_->database, insert.c_str())
      .bind(participant, item, clip, criterion, left, right, choice, shown, judged, heard, note)
      .finish();
  const std::string select = fmt::format("SELECT {} FROM judgments WHERE participant = ?1 AND item = ?2 AND criterion = ?3", kColumns);
  Statement row(implementation_->database, select.c_str());
  if (!row.bind(participant, item, criterion).step()) throw Error("a judgment was not kept");
  return judgment_in(row);
}

std::vector<Judgment> Store::judgments() const {
  const std::lock_guard lock(implementation_->mutex);
  std::vector<Judgment> all;
  const std::string select = fmt::format("SELECT {} FROM judgments ORDER BY number", kColumns);
  Statement row(implementation_->database, select.c_str());
  while (row.step()) all.push_back(judgment_in(row));
  return all;
}

}  // namespace midillama::study
