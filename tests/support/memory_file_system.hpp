// SPDX-License-Identifier: Apache-2.0
// RocksDB's file system on one of our disks, so that both live and die in one world.
#pragma once

#include "persistence/disk.hpp"

#include <memory>

namespace rocksdb {
class Env;
class FileSystem;
} // namespace rocksdb

namespace holdfast::testing {

/// `files` must outlive it and everything opened through it.
std::shared_ptr<rocksdb::FileSystem> make_file_system(persistence::disk& files);

/// The same as an environment; threads and clocks are the machine's.
std::unique_ptr<rocksdb::Env> make_env(persistence::disk& files);

} // namespace holdfast::testing
