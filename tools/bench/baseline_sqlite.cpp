// SPDX-License-Identifier: Apache-2.0
// The SQLite loop that Holdfast is compared with.
#include "tools/bench/baseline.hpp"
#include "tools/bench/workload.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <stdexcept>

namespace bench {

namespace {

/// A connection that throws where SQLite says no: the benchmark then ends.
class database {
public:
  explicit database(const std::filesystem::path& path) {
    if (sqlite3_open(path.c_str(), &held_) != SQLITE_OK)
      throw std::runtime_error(sqlite3_errmsg(held_));
  }
  ~database() { sqlite3_close_v2(held_); }
  database(const database&) = delete;
  database& operator=(const database&) = delete;

  void run(const char* sql) {
    if (sqlite3_exec(held_, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
      throw std::runtime_error(sqlite3_errmsg(held_));
  }

  sqlite3_stmt* prepare(const char* sql) {
    sqlite3_stmt* made = nullptr;
    if (sqlite3_prepare_v2(held_, sql, -1, &made, nullptr) != SQLITE_OK)
      throw std::runtime_error(sqlite3_errmsg(held_));
    return made;
  }

private:
  sqlite3* held_ = nullptr;
};

void bind(sqlite3_stmt* statement, int at, const void* data, std::size_t size) {
  sqlite3_bind_blob(statement, at, data, static_cast<int>(size), SQLITE_STATIC);
}

} // namespace

double measure_sqlite(const std::filesystem::path& directory,
                      const std::vector<holdfast::event>& events, std::size_t batch) {
  using namespace holdfast::persistence;
  database store{directory / "events.sqlite"};
  store.run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536;"
            "CREATE TABLE events(seq INTEGER PRIMARY KEY, record BLOB);"
            "CREATE TABLE seen(identity BLOB PRIMARY KEY, seq INTEGER, first INTEGER)"
            " WITHOUT ROWID;"
            "CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB);");
  auto* find = store.prepare("SELECT seq FROM seen WHERE identity=?");
  auto* put = store.prepare("INSERT INTO events VALUES(?,?)");
  auto* mark = store.prepare("INSERT INTO seen VALUES(?,?,?)");
  auto* head = store.prepare("INSERT OR REPLACE INTO meta VALUES('head',?)");
  place journal;
  const auto begun = std::chrono::steady_clock::now();
  for (std::size_t first = 0; first < events.size(); first += batch) {
    store.run("BEGIN");
    for (std::size_t at = first; at < std::min(first + batch, events.size()); ++at) {
      auto made = make_draft(events[at], holdfast::durability::power, {}, {});
      bind(find, 1, made.identity.data(), made.identity.size());
      const bool seen = sqlite3_step(find) == SQLITE_ROW;
      sqlite3_reset(find);
      if (seen)
        continue;
      const auto record = journal.next(made);
      const auto last = static_cast<std::int64_t>(journal.head.last.value);
      sqlite3_bind_int64(put, 1, last);
      bind(put, 2, record.data(), record.size());
      bind(mark, 1, made.identity.data(), made.identity.size());
      sqlite3_bind_int64(mark, 2, last);
      sqlite3_bind_int64(mark, 3, made.time.us);
      if (sqlite3_step(put) != SQLITE_DONE || sqlite3_step(mark) != SQLITE_DONE)
        throw std::runtime_error("SQLite refused an insert");
      sqlite3_reset(put);
      sqlite3_reset(mark);
    }
    const auto bytes = encode_head(journal.head);
    bind(head, 1, bytes.data(), bytes.size());
    sqlite3_step(head);
    sqlite3_reset(head);
    store.run("COMMIT");
  }
  const auto rate = static_cast<double>(events.size()) / seconds_since(begun);
  for (auto* statement : {find, put, mark, head})
    sqlite3_finalize(statement);
  return rate;
}

} // namespace bench
