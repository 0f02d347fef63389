// SPDX-License-Identifier: Apache-2.0
// `holdfast restart` and `holdfast stop`: a person's orders to an actor, each with its reason.
#include "tools/commands/commands.hpp"

#include "runtime/inspection/explain.hpp"
#include "runtime/upstream/door_client.hpp"
#include "tools/actor_source.hpp"
#include "tools/connection.hpp"

namespace holdfast::tools {
namespace {

struct order_words {
  std::string name;
  std::string reason;
  bool dry_run = false;
};

/// The actor as it is.
result<value> would_be_ordered(const session& told, const std::string& name) {
  const auto at = find_place(told);
  if (!at)
    return at.error();
  if (at->socket.empty())
    return no_daemon(*at);
  const upstream::door_client client{{.socket = at->socket, .deadline = told.request_timeout()}};
  auto found = client.get_value("/v1/actors/" + upstream::percent(name));
  if (!found && found.error().code == fault_code::unreachable)
    return no_daemon(*at);
  return found;
}

result<exit_code> order(actor_order what, const order_words& typed, session& told) {
  if (typed.reason.empty())
    return fault{fault_code::invalid, "an order to an actor needs a reason",
                 "It is kept in the actor's history: --reason \"...\"."};
  const auto verb = std::string{to_string(what)};
  const auto done = typed.dry_run ? would_be_ordered(told, typed.name)
                                  : give_order(told, what, typed.name, typed.reason);
  if (!done)
    return done.error();
  const auto* actor = typed.dry_run ? done->find("actor") : &*done;
  const auto name = actor == nullptr ? typed.name : actor->text_at("name");
  if (told.json()) {
    object shown{{"name", name}, {"order", verb}, {"dry_run", typed.dry_run}};
    if (!typed.dry_run)
      shown.emplace("incarnation", done->integer_at("incarnation"));
    told.document("order", std::move(shown));
  } else if (typed.dry_run) {
    told.line("Would " + verb + " " + printable(name) + ", which is " + actor->text_at("state")
              + ".");
  } else if (what == actor_order::restart) {
    told.line("Restarted " + printable(name) + ", incarnation "
              + std::to_string(done->integer_at("incarnation")) + ".");
  } else {
    told.line("Stopped " + printable(name) + ". It stays so until `holdfast restart "
              + printable(inspection::typed(name)) + "`.");
  }
  return exit_code::done;
}

command_spec spec_of(actor_order what, const char* brief, const char* details) {
  auto typed = std::make_shared<order_words>();
  return {
      .name = std::string{to_string(what)},
      .brief = brief,
      .details = details,
      .options = {{"NAME", "", "The actor, or the last word of its name.", &typed->name, true},
                  {"--reason", "TEXT", "Why; kept in its history and in the audit log.",
                   &typed->reason},
                  {"--dry-run", "", "Say what would happen, and change nothing.", &typed->dry_run}},
      .run = [what, typed](session& told) { return order(what, *typed, told); }};
}

} // namespace

command_spec restart_spec() {
  return spec_of(actor_order::restart, "Restarts an actor of a running daemon.",
                 "It is asked to end, killed if it does not, and started again; its budget is not\n"
                 "touched. One that was stopped, or has given up, is started.\n"
                 "For example: holdfast restart learning --reason \"its counts look odd\"\n");
}

command_spec stop_spec() {
  return spec_of(
      actor_order::stop, "Stops an actor of a running daemon.",
      "It stays stopped until it is restarted, or the daemon is. The actors of the store\n"
      "are not stopped by themselves: stop the daemon.\n"
      "For example: holdfast stop learning --reason \"not needed here\"\n");
}

} // namespace holdfast::tools
