// SPDX-License-Identifier: Apache-2.0
// Walks through the journal record by record, each verified, the chain link by link.
#pragma once

#include "persistence/record.hpp"
#include "persistence/rocks.hpp"
#include "persistence/superblock.hpp"
#include "persistence/values.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace holdfast::persistence {

/// The database's own head. `corrupt` when there is none.
result<head_value> head_of(const rocks& db);

/// Records in order, from wherever they come. Text stays valid until `next`.
class record_source {
public:
  virtual ~record_source() = default;
  virtual void seek(sequence from) = 0;
  virtual bool valid() const = 0;
  virtual void next() = 0;
  virtual result<sequence> at() const = 0;
  virtual std::string_view stored() const = 0;

  /// Why it is not valid, unless that is the end.
  virtual result<void> status() const = 0;
};

/// The journal of a database.
std::unique_ptr<record_source> source_of(const rocks& db);

/// Called with every record; false ends the walk.
using on_record = std::function<result<bool>(sequence at, const record_view& record)>;

/// Visits the records `from` to `to`, every one verified. `before`, where given, is the chain
/// before `from`; between neighbours it is always checked. A missing record is `corrupt`, naming
/// the range, unless the record behind the hole states that exactly this range was given up.
result<void> walk(record_source& records, sequence from, sequence to,
                  const std::optional<chain_digest>& before, const on_record& take);
result<void> walk(const rocks& db, sequence from, sequence to,
                  const std::optional<chain_digest>& before, const on_record& take);

/// The range that a `gap` record says was given up; nothing for other records. The record stands
/// behind the range, or in the place of its last number.
std::optional<std::pair<sequence, sequence>> given_up(const record_view& record);

/// `corrupt`, naming the records and the commands that help.
fault missing(sequence from, sequence to, std::string_view why);

} // namespace holdfast::persistence
