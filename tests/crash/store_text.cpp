#include "tests/crash/store_text.h"

#include <fmt/format.h>
#include <memory>
#include <sqlite3.h>
#include <string_view>
#include <vector>

#include "tests/crash/workload.h"

namespace memsync::crash {

namespace {

struct Closer {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, Closer>;
using Statement = std::unique_ptr<sqlite3_stmt, Closer>;

Database open(const std::string& vfs, const std::string& path) {
  sqlite3* database = nullptr;
  sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE, vfs.c_str());
  // Closing must not checkpoint: that would be a write of the test's own.
  if (database) sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  return Database(database);
}

Statement prepare(const Database& database, const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  sqlite3_prepare_v2(database.get(), sql.c_str(), -1, &statement, nullptr);
  return Statement(statement);
}

void append_column(std::string& text, sqlite3_stmt* row, int column) {
  const int type = sqlite3_column_type(row, column);
  if (type == SQLITE_NULL) return text.append("|-").push_back('\0');
  const bool is_blob = type == SQLITE_BLOB;
  const void* bytes = is_blob ? sqlite3_column_blob(row, column) : sqlite3_column_text(row, column);
  const std::string_view value(static_cast<const char*>(bytes),
                               static_cast<std::size_t>(sqlite3_column_bytes(row, column)));
  text += '|';
  for (const char each : value) {
    if (is_blob || each == '\n')
      text += fmt::format("{:02x}", static_cast<unsigned char>(each));
    else
      text += each;
  }
}

/// Null at the end of the rows; else what went wrong.
const char* append_rows(std::string& text, const Database& database, const std::string& table) {
  const Statement rows = prepare(database, fmt::format("SELECT * FROM \"{}\"", table));
  int result = SQLITE_ERROR;
  while (rows && (result = sqlite3_step(rows.get())) == SQLITE_ROW) {
    text += table;
    for (int i = 0; i < sqlite3_column_count(rows.get()); ++i) append_column(text, rows.get(), i);
    text += '\n';
  }
  return result == SQLITE_DONE ? nullptr : sqlite3_errmsg(database.get());
}

} // namespace

std::string store_text(const std::string& vfs, const std::string& path) {
  const Database database = open(vfs, path);
  std::string text;
  std::vector<std::string> tables;
  // The shadow tables of a full-text index are in the list; the index itself is a view of them.
  const Statement names =
      prepare(database,
              "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' "
              "ORDER BY name");
  while (names && sqlite3_step(names.get()) == SQLITE_ROW)
    tables.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(names.get(), 0)));
  if (tables.empty()) return fmt::format("no tables: {}", sqlite3_errmsg(database.get()));
  for (const std::string& table : tables)
    if (const char* failure = append_rows(text, database, table))
      return fmt::format("{} cannot be read: {}", table, failure);
  return text;
}

void execute(const std::string& vfs, const std::string& path, const std::string& sql) {
  const Database database = open(vfs, path);
  if (sqlite3_exec(database.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    give_up(fmt::format("{}: {}", sql, sqlite3_errmsg(database.get())));
  if (sqlite3_total_changes(database.get()) == 0) give_up(sql + ": changed nothing");
}

std::string first_difference(const std::string& one, const std::string& other) {
  std::size_t at = 0;
  while (at < one.size() && at < other.size() && one[at] == other[at]) ++at;
  const std::size_t line = at == 0 ? 0 : one.rfind('\n', at - 1) + 1; // npos + 1 is 0
  const auto excerpt = [&](const std::string& text) {
    return text.substr(std::min(line, text.size()), 300).substr(0, text.find('\n', line) - line);
  };
  return fmt::format("\n  {}\n  {}", excerpt(one), excerpt(other));
}

} // namespace memsync::crash
