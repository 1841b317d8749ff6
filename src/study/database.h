// SQLite: a connection, and statements whose errors are the program's.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace midillama::study {

class Database {
 public:
  // Opens or makes the file, in WAL mode: readers and one writer at once, and what was committed is on disk. InputError where it cannot be.
  explicit Database(const std::filesystem::path& file);

  void run(const char* sql);
  sqlite3* handle() const { return connection_.get(); }
  // InputError naming the file with what SQLite says.
  [[noreturn]] void fail() const;

 private:
  struct Close {
    void operator()(sqlite3* connection) const { sqlite3_close(connection); }
  };

  std::string file_;
  std::unique_ptr<sqlite3, Close> connection_;
};

// Prepared anew each time: a judgment takes far longer to make.
class Statement {
 public:
  Statement(const Database& database, const char* sql);

  // Values for ?1, ?2, … in their order; texts are copied.
  template <typename... Values>
  Statement& bind(const Values&... values) {
    (bind_next(values), ...);
    return *this;
  }
  // Whether there is a row, then the next one.
  bool step();
  // Runs to the end; returns the number of rows that were changed.
  int finish();

  std::string text(int column) const;
  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  double real(int column) const { return sqlite3_column_double(statement_.get(), column); }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };

  void bind_next(std::string_view text);
  void bind_next(std::int64_t number);
  void bind_next(double number);

  const Database& database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bound_ = 0;
};

// All or nothing: what is not committed is taken back.
class Transaction {
 public:
  explicit Transaction(Database& database) : database_(database) { database_.run("BEGIN IMMEDIATE"); }
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  void commit();

 private:
  Database& database_;
  bool is_open_ = true;
};

}  // namespace midillama::study
