// SPDX-License-Identifier: Apache-2.0
// Looks at a table's footer, finds its properties and holds them against their checksum.
#include "persistence/table_check.hpp"

#include "persistence/crc32c.hpp"
#include "persistence/layout.hpp"

#include <rocksdb/file_system.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace holdfast::persistence {
namespace {

// RocksDB's block-based table, format versions 1 to 5: blocks, then the footer. Behind each block
// stand its compression (one byte) and the checksum of both.
constexpr std::uint64_t magic = 0x88e241b785f4cff7;
constexpr std::size_t footer_bytes = 53;
constexpr std::size_t trailer_bytes = 5;
constexpr std::uint8_t footer_crc32c = 1;
constexpr std::uint32_t format_written = 5;
constexpr std::size_t block_max = 1U << 20U; ///< Of the two kinds read here; more is not ours.

/// Where a block is.
struct place {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

/// A number in groups of seven bits, the least significant first.
std::uint64_t take_number(byte_cursor& from) {
  std::uint64_t number = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const auto group = from.little<std::uint8_t>();
    number |= static_cast<std::uint64_t>(group & 0x7FU) << shift;
    if (group < 0x80U)
      break;
  }
  return number;
}

place take_place(byte_cursor& from) {
  const auto offset = take_number(from);
  return {offset, take_number(from)};
}

std::optional<std::string> read(const rocksdb::FSRandomAccessFile& file, place at) {
  if (at.size > block_max)
    return std::nullopt;
  std::string bytes(at.size, '\0');
  rocksdb::Slice got;
  if (!file.Read(at.offset, bytes.size(), {}, &got, bytes.data(), nullptr).ok()
      || got.size() != bytes.size())
    return std::nullopt;
  if (got.data() != bytes.data())
    bytes.assign(got.data(), got.size());
  return bytes;
}

bool fits(std::string_view block_and_trailer) {
  const auto checksum_at = block_and_trailer.size() - 4;
  return masked_crc32c(block_and_trailer.substr(0, checksum_at))
         == load_little<std::uint32_t>(block_and_trailer.data() + checksum_at);
}

/// The block of the list of blocks that is called so. Its entries share no beginnings.
std::optional<place> find(std::string_view list, std::string_view name) {
  byte_cursor rest{list};
  while (rest.good() && !rest.rest().empty()) {
    const auto shared = take_number(rest);
    const auto name_bytes = take_number(rest);
    const auto value_bytes = take_number(rest);
    const auto key = rest.text(name_bytes);
    byte_cursor found{rest.text(value_bytes)};
    if (rest.good() && shared == 0 && key == name) {
      const auto at = take_place(found);
      return found.good() ? std::optional{at} : std::nullopt;
    }
  }
  return std::nullopt;
}

/// What is wrong with a table that RocksDB would not find by itself, or too late; null: nothing.
const char* problem_of(const rocksdb::FSRandomAccessFile& file, std::uint64_t size) {
  const auto footer =
      size < footer_bytes ? std::nullopt : read(file, {size - footer_bytes, footer_bytes});
  if (!footer || load_little<std::uint64_t>(footer->data() + footer_bytes - 8) != magic)
    return nullptr;
  if (load_little<std::uint32_t>(footer->data() + footer_bytes - 12) != format_written)
    return "the footer names a format that was never written";
  byte_cursor in{*footer};
  if (in.little<std::uint8_t>() != footer_crc32c)
    return nullptr;
  const auto with_trailer = [](place block) {
    block.size += trailer_bytes;
    return block;
  };
  const auto list = read(file, with_trailer(take_place(in)));
  if (!list || !fits(*list))
    return nullptr;
  const auto properties =
      find(std::string_view{*list}.substr(0, list->size() - trailer_bytes), "rocksdb.properties");
  const auto block = properties ? read(file, with_trailer(*properties)) : std::nullopt;
  return !block || fits(*block) ? nullptr : "the properties do not fit their checksum";
}

class checked_tables final : public rocksdb::FileSystemWrapper {
public:
  using FileSystemWrapper::FileSystemWrapper;

  const char* Name() const override { return "checked_tables"; }

  rocksdb::IOStatus NewRandomAccessFile(const std::string& name,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* opened,
                                        rocksdb::IODebugContext* context) override {
    auto done = FileSystemWrapper::NewRandomAccessFile(name, options, opened, context);
    if (!done.ok() || !name.ends_with(".sst"))
      return done;
    std::uint64_t size = 0;
    if (const auto sized = GetFileSize(name, {}, &size, context); !sized.ok())
      return done;
    const auto* problem = problem_of(**opened, size);
    if (problem == nullptr)
      return done;
    opened->reset();
    return rocksdb::IOStatus::Corruption(problem, name);
  }
};

} // namespace

std::shared_ptr<rocksdb::FileSystem>
with_checked_tables(std::shared_ptr<rocksdb::FileSystem> under) {
  return std::make_shared<checked_tables>(std::move(under));
}

} // namespace holdfast::persistence
