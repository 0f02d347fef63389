// SPDX-License-Identifier: Apache-2.0
// An operator gives up what is lost: everything sound goes into a new database, gaps are stated.
#include "persistence/copy.hpp"
#include "persistence/live.hpp"
#include "persistence/quarantine.hpp"
#include "persistence/read_states.hpp"
#include "persistence/recovery.hpp"
#include "persistence/verify.hpp"
#include "persistence/walk.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::persistence {
namespace {

using range_given_up = std::pair<sequence, sequence>;

record_view view_of(const draft& one, wall_time now) {
  return {.kind = one.kind,
          .level = one.level,
          .schema = one.schema,
          .stream = one.stream,
          .type = one.type,
          .key = one.key,
          .time = now,
          .recorded = now,
          .content = one.content,
          .body = one.body};
}

/// Where the sound records come from: whatever still opens, and the mirror.
struct remains {
  std::unique_ptr<rocks> db;
  overlay added;
};

result<remains> gather(const store_options& options, const instance_id& instance,
                       const mirror_survey& survey) {
  remains left;
  auto settings = settings_of(options);
  const auto mended = mend_catalog(*options.files, settings.directory);
  if (mended && *mended)
    settings.mended = &**mended;
  // As many logs as verify; else the tables alone, although some of them are damaged.
  auto db = rocks::open(opening::salvage, settings);
  if (!db || !head_of(**db))
    db = rocks::open(opening::diagnose, settings);
  if (!db)
    return fault{fault_code::corrupt, "nothing can be kept: " + db.error().what,
                 "restore a backup, or a copy of `db/CURRENT` and `db/MANIFEST-*`"};
  left.db = std::move(*db);
  if (!survey.runs.empty())
    if (auto read =
            read_overlay(*options.files, mirror_of(options, instance), survey.runs.back().first))
      left.added = std::move(*read);
  return left;
}

class salvage {
public:
  salvage(const remains& left, copier& into, const std::string& reason, wall_time now)
      : left_{left}, into_{into}, reason_{reason}, now_{now} {}

  /// Takes what was seen of the retired; what a damaged table hides of it is stated as lost.
  result<void> take_retired(sequence floor) {
    result<void> written;
    const auto read =
        read_retired(*left_.db, floor, [&](const digest& identity, const seen_value& entry) {
          return written = into_.take_retired(identity, entry);
        });
    seen_whole_ = static_cast<bool>(read);
    return written;
  }

  /// Takes every sound record after `floor`; `acknowledged` is how far there should be some.
  result<range_given_up> run(sequence floor, sequence acknowledged) {
    last_ = floor;
    if (const auto taken = take_sound(); !taken)
      return taken.error();
    if (last_ < acknowledged)
      if (const auto stated = state_gap(last_ + 1, acknowledged, acknowledged + 1); !stated)
        return stated.error();
    object body{{"from", lost_.first.value}, {"reason", reason_}, {"to", lost_.second.value}};
    if (!seen_whole_)
      body.emplace("retired_may_repeat", true);
    const auto audited = make_audit("loss_accepted", body, now_);
    if (const auto taken = into_.take(last_ + 1, view_of(audited, now_)); !taken)
      return taken.error();
    return lost_;
  }

private:
  /// A record that is damaged, and those that an iterator cannot reach, are passed over; what is
  /// missing between two sound ones is stated in the place of the last that is missing.
  result<void> take_sound() {
    const auto records = merged(*left_.db, left_.added);
    auto from_record = last_ + 1;
    const auto end = end_of_records();
    while (from_record <= end) {
      for (records->seek(from_record); records->valid(); records->next()) {
        const auto at = records->at();
        if (!at)
          break;
        from_record = *at + 1;
        const auto view = view_record(records->stored());
        if (*at <= last_ || !view || !verify_content(*view, *at))
          continue;
        if (const auto taken = take(*at, *view); !taken)
          return taken;
      }
      // A damaged block ends the iterator: go on behind it, number by number.
      ++from_record;
      if (records->status() && !records->valid())
        break;
    }
    return {};
  }

  result<void> take(sequence at, const record_view& view) {
    if (at != last_ + 1) {
      const auto hole = given_up(view);
      if (!hole || hole->first > last_ + 1)
        if (const auto stated = state_gap(last_ + 1, sequence{at.value - 1}, {}); !stated)
          return stated;
    }
    last_ = at;
    return into_.take(at, view);
  }

  result<void> state_gap(sequence first, sequence last, sequence place) {
    if (place.value == 0)
      place = last;
    if (lost_.first > lost_.second)
      lost_.first = first;
    lost_.second = last;
    last_ = place;
    return into_.take(place, view_of(make_gap(first, last, reason_, now_), now_));
  }

  sequence end_of_records() const {
    auto end = left_.added.last;
    if (const auto tables = left_.db->tables(family::events))
      for (const auto& one : *tables)
        if (const auto last = decode_event_key(one.largest))
          end = std::max(end, *last);
    if (const auto head = head_of(*left_.db))
      end = std::max(end, head->last);
    return end;
  }

  const remains& left_;
  copier& into_;
  const std::string& reason_;
  wall_time now_;
  sequence last_;
  bool seen_whole_ = true;
  range_given_up lost_{sequence{1}, sequence{0}};
};

/// What a superblock must at least say, taken from the database and not from the damaged one.
result<superblock> block_from_database(const store_options& options, wall_time now) {
  auto problem = fault{fault_code::corrupt, "neither superblock nor database says whose this is",
                       std::string{damage_help}};
  for (const auto how : {opening::read, opening::diagnose}) {
    const auto db = rocks::open(how, settings_of(options));
    if (!db)
      continue;
    const auto stored = (*db)->get(family::meta, identity_key);
    const auto identity = stored ? decode_identity(*stored) : stored.error();
    if (!identity)
      continue;
    superblock made{.instance = identity->instance, .clean = false, .written = now};
    made.anchor.chain = chain_start(identity->instance);
    made.frontier = made.anchor;
    made.process = made.anchor;
    return made;
  }
  return problem;
}

/// The superblock; one that cannot be read is made again from database and mirror.
result<superblock_state> block_or_new(const store_options& options, const store_paths& paths,
                                      wall_time now) {
  auto found = read_superblock(*options.files, paths.superblock);
  if (found || found.error().code == fault_code::unsupported)
    return found;
  auto made = block_from_database(options, now);
  if (!made)
    return made.error();
  // No earlier writer may have had the epoch of the next one.
  if (const auto survey = survey_mirror(*options.files, mirror_of(options, made->instance)))
    made->epoch = survey->generation_max >> 32U;
  if (const auto there = options.files->exists(paths.superblock); there && *there)
    if (const auto kept = keep_evidence(*options.files, {.store = options.directory},
                                        {"superblock"}, found.error().what, now);
        !kept)
      return kept.error();
  if (const auto created = create_superblock(*options.files, paths.superblock, *made); !created)
    return created.error();
  return read_superblock(*options.files, paths.superblock);
}

/// Fills `into`, an empty directory, with a database of everything sound.
result<std::pair<range_given_up, head_value>>
rebuild(const store_options& options, const std::filesystem::path& into, const remains& left,
        const superblock& block, sequence acknowledged, const std::string& reason, wall_time now) {
  auto settings = settings_of(options);
  settings.directory = into;
  const auto db = rocks::open(opening::create, settings);
  if (!db)
    return db.error();
  rocksdb::WriteBatch first;
  auto put =
      first.Put((*db)->of(family::meta), rocksdb::Slice{identity_key.data(), identity_key.size()},
                encode_identity({.instance = block.instance, .created = now}));
  if (put.ok())
    put = (*db)->db().Write({}, &first);
  if (!put.ok())
    return from(put, "write the store's identity");
  head_value head;
  head.chain = chain_start(block.instance);
  const auto begin = head.chain;
  auto checkpoints = read_checkpoints(*left.db, {});
  copier::checkpoint_source source{checkpoints ? std::move(*checkpoints)
                                               : std::vector<checkpoint_info>{},
                                   [&left](const checkpoint_info& wanted) {
                                     return read_state(*left.db, wanted.owner, wanted.covered);
                                   }};
  // A superblock that was made again does not know the floor; the database's head may.
  auto floor = block.floor;
  if (const auto known = head_of(*left.db))
    floor = std::max(floor, known->floor);
  copier copy{**db, options, head, floor, std::move(source)};
  salvage sound{left, copy, reason, now};
  if (const auto taken = sound.take_retired(floor); !taken)
    return taken.error();
  const auto lost = sound.run(floor, acknowledged);
  if (!lost)
    return lost.error();
  if (const auto written = copy.flush(); !written)
    return written.error();
  if (const auto flushed = (*db)->flush(); !flushed)
    return flushed.error();
  if (const auto whole = prove(**db, {block.instance, {floor, begin}, {}, {}}); !whole)
    return whole.error();
  return std::pair{*lost, head};
}

/// The new database takes the place of the old one, which is kept.
result<void> take_place(const store_options& options, const store_paths& paths,
                        const std::filesystem::path& rebuilt, const std::string& reason,
                        wall_time now) {
  auto& files = *options.files;
  const auto kept = keep_evidence(files, {.store = options.directory},
                                  {"superblock", "tail/0", "tail/1"}, reason, now);
  if (!kept)
    return kept.error();
  if (const auto moved = files.rename(paths.db, *kept / "db"); !moved)
    return moved;
  if (const auto moved = files.rename(rebuilt, paths.db); !moved)
    return moved;
  if (const auto synced = files.sync_directory(*kept); !synced)
    return synced;
  return files.sync_directory(paths.root);
}

} // namespace

result<std::pair<sequence, sequence>> store::accept_loss(const store_options& options,
                                                         const std::string& reason, wall_time now) {
  auto& files = *options.files;
  const store_paths paths{options.directory};
  const auto rebuilt = paths.root / "db.new";
  const auto there = files.exists(paths.db);
  const auto half_swapped = files.exists(rebuilt);
  if (!there || !half_swapped)
    return there ? half_swapped.error() : there.error();
  if (!*there && !*half_swapped)
    return fault{fault_code::not_found, "there is no store in " + paths.root.string(), {}};
  const auto lock = files.lock(paths.lock, options.owner);
  if (!lock)
    return lock.error();
  if (!*there) // an earlier call was cut short between the two renames
    if (const auto moved = files.rename(rebuilt, paths.db); !moved)
      return moved.error();
  const auto block = block_or_new(options, paths, now);
  if (!block)
    return block.error();
  recovery_report unread;
  if (const auto found = examine(options, unread))
    return range_given_up{sequence{1}, sequence{0}};

  const auto mirror = mirror_of(options, block->newest.instance);
  const auto survey = survey_mirror(files, mirror);
  if (!survey)
    return survey.error();
  auto acknowledged = std::max(block->newest.frontier.at, block->newest.process.at);
  if (!survey->runs.empty())
    acknowledged = std::max(acknowledged, survey->runs.back().last);
  if (survey->beyond.epoch != 0 && survey->beyond.epoch >= block->newest.epoch)
    acknowledged = std::max(acknowledged, survey->beyond.last);
  auto left = gather(options, block->newest.instance, *survey);
  if (!left)
    return left.error();
  if (const auto removed = files.remove_all(rebuilt); !removed)
    return removed.error();
  if (const auto made = files.make_directories(rebuilt); !made)
    return made.error();
  const auto filled = rebuild(options, rebuilt, *left, block->newest, acknowledged, reason, now);
  if (!filled)
    return filled.error();
  left->db.reset();
  if (const auto taken = take_place(options, paths, rebuilt, reason, now); !taken)
    return taken.error();
  if (const auto cleared = clear_mirror(files, mirror); !cleared)
    return cleared.error();
  auto open = superblock_file::open(files, paths.superblock, *block);
  if (!open)
    return open.error();
  if (const auto written = open->write(vouched(block->newest, filled->second, now)); !written)
    return written.error();
  return filled->first;
}

} // namespace holdfast::persistence
