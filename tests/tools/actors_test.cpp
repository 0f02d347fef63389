// SPDX-License-Identifier: Apache-2.0
// `holdfast actors`, `inspect`, `why` and `health`: of a daemon that runs, that was killed, that
// was stopped.
#include "runtime/json.hpp"
#include "tests/tools/run_command.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using command::run;
using holdfast::value;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

struct on_store {
  command::directory around;
  std::string data = around.path("data");

  command::ended with(std::vector<std::string> words) const {
    words.insert(words.begin(), {"--data", data});
    return run(words);
  }
};

value document(const command::ended& from) {
  const auto parsed = holdfast::json::parse(from.out);
  BOOST_TEST_REQUIRE(static_cast<bool>(parsed), from.out + from.err);
  return *parsed;
}

std::string state_in(const value& told, const std::string& name) {
  for (const auto& one : *told.find("actors")->as<holdfast::array>())
    if (one.text_at("name") == name)
      return one.text_at("state");
  return "not there";
}

} // namespace

BOOST_AUTO_TEST_SUITE(inspector)

BOOST_FIXTURE_TEST_CASE(shows_the_tree_of_a_daemon, on_store) {
  const command::daemon serving{data, {"--init"}};
  const auto shown = with({"actors"});
  BOOST_TEST(shown.code == 0, shown.err);
  for (const auto* part : {"root (one_for_one)", "folds (one_for_one)", "ACTOR", "  journal",
                           "  pressure", "fold learning", "running", "0 of 10 in 10 min 00 s"})
    BOOST_TEST(has(shown.out, part), part << "\n" << shown.out);
  const auto told = document(with({"actors", "--json", "--name", "fold"}));
  BOOST_TEST(told.text_at("schema") == "holdfast.actors");
  BOOST_TEST(told.text_at("source") == "daemon");
  BOOST_TEST(state_in(told, "fold learning") == "running");
  BOOST_TEST(state_in(told, "journal") == "not there");
  BOOST_TEST(has(with({"actors", "--state", "backoff"}).err, "No actor is like that."));
  const auto misspelt = with({"actors", "--state", "runing"});
  BOOST_TEST(misspelt.code == 2);
  BOOST_TEST(has(misspelt.err, "Did you mean \"running\"?"));
}

BOOST_FIXTURE_TEST_CASE(shows_one_actor_of_a_daemon_and_why, on_store) {
  const command::daemon serving{data, {"--init"}};
  const auto one = with({"inspect", "learning"});
  BOOST_TEST(one.code == 0, one.err);
  for (const auto* part : {"Overview", "Mailbox", "Timing", "Waits", "History", "State", "Lints",
                           "fold learning", "started, incarnation 1"})
    BOOST_TEST(has(one.out, part), part << "\n" << one.out);
  const auto why = with({"why", "journal"});
  BOOST_TEST(why.code == 0, why.err);
  for (const auto* part : {"running for", "none in its history", "transient: it is started again",
                           "0 of 10 restarts", "it goes on", "holdfast restart journal"})
    BOOST_TEST(has(why.out, part), part << "\n" << why.out);
  const auto told = document(with({"why", "journal", "--json"}));
  BOOST_TEST(told.find("answers")->as<holdfast::array>()->front().text_at("name") == "state");
  const auto none = with({"why", "jurnal"});
  BOOST_TEST(none.code == 4);
  BOOST_TEST(has(none.err, "journal"));
}

/// The same commands when nobody lives any more; each says where it knows it from.
BOOST_FIXTURE_TEST_CASE(knows_a_dead_process_by_its_journal, on_store) {
  {
    command::daemon serving{data, {"--init"}};
    serving.kill();
  }
  const auto killed = with({"actors"});
  BOOST_TEST(killed.code == 0, killed.err);
  BOOST_TEST(
      has(killed.out, "From the journal alone: its process is gone, and did not stop cleanly"),
      killed.out);
  auto told = document(with({"actors", "--json"}));
  BOOST_TEST(told.text_at("source") == "journal");
  BOOST_TEST(state_in(told, "journal") == "running"); // by its last record
  BOOST_TEST(has(with({"why", "journal"}).out, "by its last record: running"));
  BOOST_TEST(has(with({"inspect", "journal"}).out, "the journal alone: its process is gone"));
  BOOST_TEST(with({"health"}).code == 3);

  command::daemon again{data};
  BOOST_TEST(again.stop() == 0);
  BOOST_TEST(has(with({"actors"}).out, "its process was stopped cleanly"));
  told = document(with({"actors", "--json"}));
  BOOST_TEST(state_in(told, "fold learning") == "stopped");
  BOOST_TEST(has(with({"inspect", "learning", "--json"}).out, "incarnation 2"));
}

BOOST_FIXTURE_TEST_CASE(traces_only_within_limits_and_only_what_runs, on_store) {
  {
    const command::daemon serving{data, {"--init"}};
    BOOST_TEST(with({"trace", "journal", "--rate", "10"}).code == 2);
    const auto none = with({"trace", "journal", "--max", "10", "--rate", "0"});
    BOOST_TEST(none.code == 2);
    BOOST_TEST(has(none.err, "a trace needs both of its limits"), none.err);
    BOOST_TEST(with({"trace", "jurnal", "--max", "1", "--rate", "1"}).code == 4);
    BOOST_TEST(with({"trace", "journal", "--max", "1", "--rate", "1", "--for", "2h"}).code == 2);
  }
  const auto dead = with({"trace", "journal", "--max", "1", "--rate", "1"});
  BOOST_TEST(dead.code == 3);
  BOOST_TEST(has(dead.err, "only what runs can be traced"), dead.err);
}

BOOST_FIXTURE_TEST_CASE(takes_orders_with_a_reason_and_keeps_it, on_store) {
  command::daemon serving{data, {"--init"}};
  BOOST_TEST(with({"restart", "learning"}).code == 2);
  const auto dry = with({"stop", "learning", "--reason", "too hot", "--dry-run"});
  BOOST_TEST(has(dry.out, "Would stop fold learning, which is running."), dry.out + dry.err);
  const auto again = with({"restart", "learning", "--reason", "odd counts"});
  BOOST_TEST(has(again.out, "Restarted fold learning, incarnation 2."), again.out + again.err);
  const auto stopped = with({"stop", "learning", "--reason", "too hot"});
  BOOST_TEST(stopped.code == 0, stopped.err);
  const auto why = with({"why", "learning"}).out;
  BOOST_TEST(has(why, "stopped for"), why);
  BOOST_TEST(has(why, "(stop): too hot"), why);
  BOOST_TEST(has(why, "nothing, until somebody starts it"), why);
  BOOST_TEST(has(with({"inspect", "learning"}).out, "restart asked for by"));
  const auto store = with({"stop", "journal", "--reason", "x"});
  BOOST_TEST(store.code == 7);
  BOOST_TEST(has(store.err, "keeps the store"), store.err);
  BOOST_TEST(with({"restart", "nobody", "--reason", "x"}).code == 4);
  serving.kill();
  BOOST_TEST(has(with({"why", "learning"}).out, "too hot"));
  // It was said to be stopped by an order that had come before its last start.
  command::daemon later{data};
  BOOST_TEST(later.stop() == 0);
  BOOST_TEST(!has(with({"why", "learning"}).out, "too hot"));
}

BOOST_FIXTURE_TEST_CASE(gives_one_verdict_as_its_exit_code, on_store) {
  const auto nobody = with({"health", "--json"});
  BOOST_TEST(nobody.code == 3);
  BOOST_TEST(document(nobody).find("report")->text_at("status") == "unknown");
  const command::daemon serving{data, {"--init"}};
  const auto told = with({"health", "--json"});
  const auto report = document(told);
  const auto status = report.find("report")->text_at("status");
  BOOST_TEST((status == "pass" || status == "warn"), told.out); // the disk may be small
  BOOST_TEST(told.code == (status == "pass" ? 0 : 1));
  BOOST_TEST(report.find("report")->find("checks")->find("actors:running") != nullptr);
  BOOST_TEST(has(with({"health"}).out, "store:writable"));
}

BOOST_FIXTURE_TEST_CASE(says_whether_this_host_can_do_the_job, on_store) {
  const auto told = document(with({"doctor", "--json"}));
  const auto* checks = told.find("report")->find("checks");
  for (const auto* id : {"store:directory", "store:locks", "store:sync", "store:preallocation",
                         "store:free_bytes", "clock:wall", "host:boot_id", "host:open_files",
                         "host:memory_limit", "host:proc", "host:time_zones", "door:socket"})
    BOOST_TEST_REQUIRE((checks->find(id) != nullptr), id);
  BOOST_TEST(checks->find("store:locks")->as<holdfast::array>()->front().text_at("status")
             == "pass");
  const auto deep = run({"--data", around.path(std::string(120, 'd')), "doctor"});
  BOOST_TEST(deep.code == 2);
  BOOST_TEST(has(deep.out, "the path of the socket is longer"), deep.out);
  BOOST_TEST(has(deep.out, "door:socket"));
}

BOOST_AUTO_TEST_SUITE_END()
