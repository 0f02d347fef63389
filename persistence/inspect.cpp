// SPDX-License-Identifier: Apache-2.0
// The scrub: blocks, records, links, and what can be derived from them.
#include "persistence/inspect.hpp"

#include "persistence/canonical.hpp"
#include "persistence/read_states.hpp"
#include "persistence/sha256.hpp"
#include "persistence/small_states.hpp"
#include "persistence/walk.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace holdfast::persistence {
namespace {

/// What the journal's own records say the small states must be.
struct derived {
  std::map<std::string, sequence> cursors; ///< Consumer to position, by its newest record.
  std::map<std::string, std::string> controls;
};

class inspector {
public:
  inspector(const rocks& db, bool deep, integrity_report& report)
      : db_{db}, deep_{deep}, report_{report} {
    if (const auto loaded = small_states::load(db_); deep && loaded)
      indexes_ = loaded->indexes(); // else `states` says what is wrong
  }

  void tables() {
    for (std::size_t i = 0; i < family_names.size(); ++i) {
      const auto which = static_cast<family>(i);
      const auto listed = db_.tables(which);
      if (!listed) {
        note(listed.error());
        continue;
      }
      for (const auto& one : *listed)
        if (const auto sound = db_.verify_table(one.path); !sound)
          if (sound.error().code == fault_code::corrupt) // else compaction has just removed it
            note(about(which, one, sound.error()));
    }
    if (!report_.damage.empty())
      return;
    // What stands between and behind the blocks has no checksum but the whole file's.
    if (const auto whole = db_.db().VerifyFileChecksums({}); whole.IsCorruption())
      note(from(whole, "verify the table files"));
  }

  void records(sequence from, sequence to) {
    auto next = from;
    while (next <= to) {
      auto last_good = sequence{next.value - 1};
      const auto walked = walk(db_, next, to, {}, [&](sequence at, const record_view& record) {
        last_good = at;
        ++report_.records;
        return deep_ ? derive(at, record) : result<bool>{true};
      });
      if (walked)
        return;
      const auto sound = next_sound(last_good + 1, to);
      note(missing(last_good + 1, sequence{sound.value - 1}, walked.error().what));
      next = sound;
    }
  }

  void states() {
    auto loaded = small_states::load(db_);
    if (!loaded)
      return note(loaded.error());
    for (const auto& [consumer, position] : derived_.cursors) {
      const auto kept = loaded->cursor(consumer);
      if (!kept || kept->position != position)
        note({fault_code::corrupt,
              "the place of the consumer " + consumer + " is not what the journal says",
              {}});
    }
    for (const auto& [name, stated] : derived_.controls) {
      const auto kept = read_control(db_, name);
      const auto encoded = kept ? encode_canonical(*kept) : result<std::string>{kept.error()};
      if (!encoded || *encoded != stated)
        note({fault_code::corrupt,
              "the control value " + name + " is not what the journal says",
              {}});
    }
    const auto checkpoints = read_checkpoints(db_, {});
    if (!checkpoints)
      return note(checkpoints.error());
    for (const auto& one : *checkpoints)
      if (const auto state = read_state(db_, one.owner, one.covered); !state)
        note(state.error());
  }

private:
  void note(fault found) {
    found.code = fault_code::corrupt;
    if (found.help.empty())
      found.help = damage_help;
    report_.damage.push_back(std::move(found));
  }

  static fault about(family which, const table_file& table, const fault& problem) {
    const auto first = decode_event_key(table.smallest);
    const auto last = decode_event_key(table.largest);
    if (which == family::events && first && last)
      return missing(*first, *last, "some are in a damaged table file: " + problem.what);
    return {fault_code::corrupt,
            std::string{family_names[static_cast<std::size_t>(which)]} + ": " + problem.what,
            "holdfast store verify --deep"};
  }

  /// The first record after `bad` that can be read, or the one behind `to`.
  sequence next_sound(sequence bad, sequence to) const {
    auto at = bad + 1;
    for (; at <= to; ++at) {
      const auto walked =
          walk(db_, at, at, {}, [](sequence, const record_view&) -> result<bool> { return true; });
      if (walked)
        break;
    }
    return at;
  }

  result<bool> derive(sequence at, const record_view& record) {
    check_index(at, record);
    if (record.kind == record_kind::event)
      return check_seen(at, record);
    if (record.kind != record_kind::cursor && record.kind != record_kind::control)
      return true;
    const auto body = decode_canonical(record.body);
    if (!body)
      return body.error();
    if (record.kind == record_kind::cursor) {
      derived_.cursors[body->text_at("consumer")] =
          sequence{static_cast<std::uint64_t>(body->integer_at("position"))};
      return true;
    }
    const auto* stated = body->find("value");
    const auto encoded = encode_canonical(stated != nullptr ? *stated : value{});
    if (!encoded)
      return encoded.error();
    derived_.controls[body->text_at("name")] = *encoded;
    return true;
  }

  void check_index(sequence at, const record_view& record) {
    for (const auto& [streams, kept] : indexes_)
      if (kept.since.value != 0 && at >= kept.since && takes_stream(streams, record.stream)) {
        if (const auto there = db_.get(family::streams, stream_key(record.stream, at)); !there)
          note({fault_code::corrupt,
                "record " + std::to_string(at.value)
                    + " is not in the index of its stream: " + there.error().what,
                {}});
        return;
      }
  }

  result<bool> check_seen(sequence at, const record_view& record) {
    const auto identity = seen_identity(record);
    const auto stored = db_.get(family::seen, as_chars(identity));
    const auto entry = stored ? decode_seen(*stored) : result<seen_value>{stored.error()};
    seen_value expected{at, record.recorded, {}};
    if (!record.key.empty())
      expected.payload = record.payload_identity;
    if (!entry || !(*entry == expected))
      note({fault_code::corrupt,
            "the `seen` entry of record " + std::to_string(at.value) + " is not what it should be",
            {}});
    return true;
  }

  const rocks& db_;
  const bool deep_;
  integrity_report& report_;
  std::map<std::string, index_value> indexes_;
  derived derived_;
};

} // namespace

result<integrity_report> inspect(const rocks& db, sequence from, sequence to, bool deep) {
  const auto head = head_of(db);
  if (!head)
    return head.error();
  integrity_report report;
  report.from = std::max(from, head->floor + 1);
  report.to = std::min(to, head->last);
  inspector look{db, deep, report};
  look.tables();
  look.records(report.from, report.to);
  if (deep)
    look.states();
  return report;
}

} // namespace holdfast::persistence
