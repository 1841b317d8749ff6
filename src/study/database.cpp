#include "study/database.h"

#include "midillama/core/error.h"

#include <fmt/format.h>

namespace midillama::study {
namespace {

constexpr int kPatience = 10'000;  // milliseconds for another writer

}  // namespace

Database::Database(const std::filesystem::path& file) : file_(file.string()) {
  sqlite3* connection = nullptr;
  const int status =
      sqlite3_open_v2(file_.c_str(), &connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, nullptr);
  connection_.reset(connection);
  if (connection == nullptr) throw std::bad_alloc();
  if (status != SQLITE_OK) fail();
  sqlite3_busy_timeout(connection, kPatience);
  run("PRAGMA journal_mode = WAL");
  run("PRAGMA synchronous = FULL");
}

void Database::run(const char* sql) {
  if (sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail();
}

void Database::fail() const {
  throw InputError(file_, "", sqlite3_errmsg(connection_.get()));
}

Statement::Statement(const Database& database, const char* sql) : database_(database) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database.handle(), sql, -1, &statement, nullptr) != SQLITE_OK) database.fail();
  statement_.reset(statement);
}

bool Statement::step() {
  const int status = sqlite3_step(statement_.get());
  if (status != SQLITE_ROW && status != SQLITE_DONE) database_.fail();
  return status == SQLITE_ROW;
}

int Statement::finish() {
  while (step()) {
  }
  return sqlite3_changes(database_.handle());
}

std::string Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  return bytes == nullptr ? "" : std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column)));
}

void Statement::bind_next(std::string_view text) {
  if (sqlite3_bind_text64(statement_.get(), ++bound_, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8) != SQLITE_OK)
    database_.fail();
}

void Statement::bind_next(std::int64_t number) {
  if (sqlite3_bind_int64(statement_.get(), ++bound_, number) != SQLITE_OK) database_.fail();
}

void Statement::bind_next(double number) {
  if (sqlite3_bind_double(statement_.get(), ++bound_, number) != SQLITE_OK) database_.fail();
}

Transaction::~Transaction() {
  if (is_open_) sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  database_.run("COMMIT");
  is_open_ = false;
}

}  // namespace midillama::study
