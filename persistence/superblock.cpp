// SPDX-License-Identifier: Apache-2.0
// Encodes and decodes superblock slots, and writes them in turn.
#include "persistence/superblock.hpp"

#include "persistence/crc32c.hpp"
#include "persistence/layout.hpp"

#include <cassert>
#include <utility>

namespace holdfast::persistence {
namespace {

// On disk: never change. Magic, format, reader_min and the checksum's place are the same in every
// format, so that an old program can say that a slot is newer instead of damaged.
constexpr std::string_view magic = "HFSUPER\x01";
constexpr std::size_t checksum_offset = slot_bytes - 4;
constexpr std::size_t boot_id_bytes_max = 63;

void append_mark(std::string& out, const chain_mark& mark) {
  append_little(out, mark.at.value);
  append_raw(out, mark.chain);
}

chain_mark take_mark(byte_cursor& bytes) {
  chain_mark mark;
  mark.at.value = bytes.little<std::uint64_t>();
  mark.chain = bytes.raw<16>();
  return mark;
}

fault damaged(std::string_view how) {
  return {fault_code::corrupt, "the superblock slot " + std::string{how}};
}

} // namespace

std::string encode_slot(const superblock& given) {
  assert(given.boot_id.size() <= boot_id_bytes_max && given.reopened.size() <= reopened_max);
  std::string out;
  out.reserve(slot_bytes);
  out += magic;
  append_little(out, given.format);
  append_little(out, given.reader_min);
  append_little(out, static_cast<std::uint32_t>(given.clean ? 1 : 0));
  append_raw(out, given.instance);
  append_little(out, given.counter);
  append_little(out, given.epoch);
  append_mark(out, given.frontier);
  append_little(out, given.frontier_events);
  append_mark(out, given.process);
  append_mark(out, given.anchor);
  append_little(out, given.anchor_events);
  append_little(out, given.anchor_seen);
  append_little(out, given.floor.value);
  append_little(out, given.written.us);
  append_little(out, static_cast<std::uint8_t>(given.boot_id.size()));
  out += given.boot_id;
  out.append(boot_id_bytes_max - given.boot_id.size(), '\0');
  append_little(out, static_cast<std::uint64_t>(given.reopened.size()));
  for (const auto when : given.reopened)
    append_little(out, when.us);
  out.resize(checksum_offset, '\0');
  append_little(out, crc32c(out));
  return out;
}

result<superblock> decode_slot(std::string_view slot) {
  if (slot.size() != slot_bytes)
    return damaged("is cut short");
  if (slot.substr(0, magic.size()) != magic)
    return damaged("does not begin like one");
  if (load_little<std::uint32_t>(slot.data() + checksum_offset)
      != crc32c(slot.substr(0, checksum_offset)))
    return damaged("does not fit its checksum");
  byte_cursor bytes{slot.substr(magic.size(), checksum_offset - magic.size())};
  superblock taken;
  taken.format = bytes.little<std::uint16_t>();
  taken.reader_min = bytes.little<std::uint16_t>();
  if (taken.reader_min > format_version)
    return fault{fault_code::unsupported,
                 "the store has format " + std::to_string(taken.format) + " and needs a reader of "
                     + std::to_string(taken.reader_min) + ", this program has "
                     + std::to_string(format_version),
                 "use the program version that wrote it, or a newer one"};
  const auto clean = bytes.little<std::uint32_t>();
  taken.clean = clean == 1;
  taken.instance = bytes.raw<16>();
  taken.counter = bytes.little<std::uint64_t>();
  taken.epoch = bytes.little<std::uint64_t>();
  taken.frontier = take_mark(bytes);
  taken.frontier_events = bytes.little<std::uint64_t>();
  taken.process = take_mark(bytes);
  taken.anchor = take_mark(bytes);
  taken.anchor_events = bytes.little<std::uint64_t>();
  taken.anchor_seen = bytes.little<std::uint64_t>();
  taken.floor.value = bytes.little<std::uint64_t>();
  taken.written.us = bytes.little<std::int64_t>();
  const auto boot_id_bytes = bytes.little<std::uint8_t>();
  taken.boot_id = bytes.text(boot_id_bytes_max).substr(0, boot_id_bytes);
  const auto reopened = bytes.little<std::uint64_t>();
  if (boot_id_bytes > boot_id_bytes_max || reopened > reopened_max)
    return damaged("states an impossible length");
  for (std::uint64_t i = 0; i < reopened; ++i)
    taken.reopened.push_back(wall_time{bytes.little<std::int64_t>()});
  // A newer format may use what is zero here; ours must be exactly what we would write.
  if (taken.format == format_version && encode_slot(taken) != slot)
    return damaged("holds what no writer of its format writes");
  return taken;
}

result<superblock_state> choose(std::string_view first, std::string_view second) {
  const std::array slots{decode_slot(first), decode_slot(second)};
  for (const auto& slot : slots)
    if (!slot && slot.error().code == fault_code::unsupported)
      return slot.error();
  if (!slots[0] && !slots[1])
    return fault{fault_code::corrupt,
                 "both slots of the superblock are damaged: the first " + slots[0].error().what
                     + ", the second " + slots[1].error().what,
                 "`holdfast store accept-loss` rebuilds it from the journal and the mirror"};
  if (slots[0] && slots[1] && slots[0]->instance != slots[1]->instance)
    return fault{fault_code::corrupt, "the slots of the superblock belong to two different stores",
                 "put back the superblock that belongs to this directory"};
  const std::size_t newer =
      !slots[0] || (slots[1] && slots[1]->counter > slots[0]->counter) ? 1 : 0;
  return superblock_state{
      .newest = *slots[newer], .damaged = {!slots[0], !slots[1]}, .slot = newer};
}

result<superblock_state> read_superblock(disk& files, const std::filesystem::path& path) {
  auto opened = files.open(path, open_mode::read);
  if (!opened)
    return opened.error();
  std::string both(2 * slot_bytes, '\0');
  const auto got = (*opened)->read(0, both);
  if (!got)
    return got.error();
  const auto there = std::string_view{both}.substr(0, *got);
  auto chosen = choose(there.substr(0, slot_bytes),
                       there.size() > slot_bytes ? there.substr(slot_bytes) : std::string_view{});
  if (chosen)
    return chosen;
  auto problem = chosen.error();
  problem.what = path.string() + ": " + problem.what;
  return problem;
}

result<void> create_superblock(disk& files, const std::filesystem::path& path,
                               const superblock& first) {
  auto older = first;
  older.counter = 1;
  auto newer = first;
  newer.counter = 2;
  auto temporary = path;
  temporary += ".new";
  auto opened = files.open(temporary, open_mode::create);
  if (!opened)
    return opened.error();
  if (auto emptied = (*opened)->truncate(0); !emptied)
    return emptied;
  if (auto put = (*opened)->write(0, encode_slot(older) + encode_slot(newer)); !put)
    return put;
  if (auto synced = (*opened)->sync(); !synced)
    return synced;
  if (auto moved = files.rename(temporary, path); !moved)
    return moved;
  return files.sync_directory(path.parent_path());
}

superblock_file::superblock_file(std::unique_ptr<file> opened, const superblock_state& found)
    : file_{std::move(opened)}, current_{found.newest}, slot_{found.slot} {}

result<superblock_file> superblock_file::open(disk& files, const std::filesystem::path& path,
                                              const superblock_state& found) {
  auto opened = files.open(path, open_mode::read_write);
  if (!opened)
    return opened.error();
  return superblock_file{*std::move(opened), found};
}

result<void> superblock_file::write(superblock next) {
  const auto target = 1 - slot_;
  next.counter = current_.counter + 1;
  if (auto put = file_->write(target * slot_bytes, encode_slot(next)); !put)
    return put;
  if (auto synced = file_->sync(); !synced)
    return synced;
  current_ = std::move(next);
  slot_ = target;
  return {};
}

} // namespace holdfast::persistence
