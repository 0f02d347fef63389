// SPDX-License-Identifier: Apache-2.0
// Chains, writes and syncs audit lines.
#include "persistence/telemetry_audit.hpp"

#include "persistence/telemetry_reader.hpp"

#include <algorithm>

namespace holdfast::persistence {

telemetry_audit::telemetry_audit(std::string directory, telemetry_origin origin,
                                 telemetry_redaction redaction, const telemetry_limits& limits,
                                 telemetry_write write)
    : directory_{std::move(directory)}, limits_{limits}, printer_{std::move(origin),
                                                                  std::move(redaction), limits},
      file_{{directory_, std::string{audit_stream}, printer_.origin().pid, false},
            limits,
            std::move(write),
            [this](const telemetry_opened& opened) { return first_line(opened); }} {}

// The chain goes on from the file before, whoever wrote it.
std::string telemetry_audit::first_line(const telemetry_opened& opened) {
  next_chain_ = {};
  if (!opened.after.empty())
    next_chain_ = last_telemetry_chain(directory_, opened.after).value_or(digest{});
  if (!first_line_seq_)
    first_line_seq_ = ++seq_;
  telemetry_record record{.seq = *first_line_seq_,
                          .level = severity::audit,
                          .time = now_,
                          .logger = "telemetry",
                          .message = "file opened"};
  record.fields.push_back({"file", std::string_view{opened.file}});
  for (const auto& torn : opened.torn)
    record.fields.push_back({"torn", std::string_view{torn.file}});
  std::string line;
  printer_.print_audit(line, record, next_chain_, opened.after);
  return line;
}

telemetry_audit::outcome
telemetry_audit::write(wall_time now, bool synced,
                       const std::function<void(std::string&, digest&)>& print) {
  now_ = now;
  next_chain_ = chain_;
  if (!file_.prepare(limits_.line_bytes, now))
    return outcome::refused;
  chain_ = next_chain_; // a first line that prepare wrote is in the file
  first_line_seq_.reset();
  text_.clear();
  print(text_, next_chain_);
  const std::size_t ends[] = {text_.size()};
  if (file_.append_prepared(text_, ends) != 1)
    return outcome::refused;
  chain_ = next_chain_;
  return !synced || file_.sync() ? outcome::on_disk : outcome::unsynced;
}

void telemetry_audit::tell_shed(wall_time now) {
  const auto seq = ++seq_;
  const auto told = write(now, true, [&](std::string& out, digest& chain) {
    printer_.print(out, seq, severity::audit, shed_, now, &chain);
  });
  if (told == outcome::refused)
    shed_.add(seq);
  else
    shed_ = {};
}

bool telemetry_audit::append(const telemetry_call& call, wall_time now, bool synced) {
  const auto fields = call.fields.first(std::min(call.fields.size(), limits_.fields));
  const auto message = call.message.substr(0, limits_.message_bytes);
  telemetry_record record{.level = severity::audit,
                          .time = call.time.us == 0 ? now : call.time,
                          .logger = call.logger.substr(0, 100),
                          .message = message,
                          .fields = {fields.begin(), fields.end()},
                          .cut = call.message.size() - message.size(),
                          .unlisted =
                              static_cast<std::uint32_t>(call.fields.size() - fields.size())};
  if (shed_.count != 0)
    tell_shed(now);
  for (int attempt = 0; attempt < 2; ++attempt) {
    // A line whose sync failed may be on disk or not, so it is written again as another one.
    record.seq = ++seq_;
    const auto what = write(now, synced, [&](std::string& out, digest& chain) {
      printer_.print_audit(out, record, chain, {});
    });
    if (what == outcome::on_disk)
      return true;
    shed_.add(record.seq);
    if (what == outcome::refused)
      file_.release_reserve();
  }
  return false;
}

} // namespace holdfast::persistence
