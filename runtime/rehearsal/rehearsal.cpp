// SPDX-License-Identifier: Apache-2.0
// The commands of the language, each with its form and what it does.
#include "runtime/rehearsal/rehearsal.hpp"

#include "runtime/rehearsal/play.hpp"
#include "runtime/rehearsal/telling.hpp"

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>
#include <caf/system_messages.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <functional>
#include <string_view>
#include <utility>

namespace holdfast::rehearsal {

namespace {

/// A longest time between two commands.
constexpr milliseconds wait_max = std::chrono::hours{24 * 365 * 10};

fault wrong(const std::string& what, std::string help = {}) {
  return {fault_code::invalid, what, std::move(help)};
}

/// The child whose script an instance of simple_one_for_one follows.
std::string script_of(const std::string& id) {
  return id.substr(0, id.find('#'));
}

std::string rest_of(words said) {
  std::string all;
  for (const auto& one : said)
    all.append(all.empty() ? "" : " ").append(one);
  return all;
}

// ---- the process -------------------------------------------------------------------------------

result<void> start(play& on, words) {
  if (on.said.root.empty())
    return wrong("there is nothing to start", "declare a supervisor first");
  if (on.has_process())
    return wrong("it runs already", "crash_process ends it");
  return on.start();
}

result<void> wait(play& on, words said) {
  const auto time = read_time(said[0]);
  if (!time)
    return time.error();
  if (*time > wait_max)
    return wrong("that is longer than ten years");
  return on.pass(*time);
}

result<void> stop(play& on, words said) {
  const auto root = on.supervisor_of(on.said.root);
  if (!root)
    return root.error();
  supervisor::stop_children asked;
  if (!said.empty()) {
    if (said.size() != 2 || said[0] != "within")
      return wrong("stop takes a time for the whole", "stop, or stop within 10s");
    const auto time = read_time(said[1]);
    if (!time)
      return time.error();
    asked.within = *time;
  }
  caf::anon_send(*root, asked);
  return {};
}

result<void> crash_process(play& on, words) {
  if (!on.has_process())
    return wrong("nothing runs", "start");
  on.say("the process crashes");
  on.crash_process();
  return {};
}

result<void> set_chance(play& on, words said) {
  const auto percent = read_number(said[0], 100);
  if (!percent)
    return wrong(percent.error().what, "chance in percent: 0 to 100");
  on.chance = static_cast<double>(*percent) / 100;
  return {};
}

// ---- what is done to children ------------------------------------------------------------------

result<void> send(play& on, const std::string& id, caf::atom_value what) {
  const auto whom = on.address_of(id);
  if (!whom)
    return whom.error();
  caf::anon_send(*whom, what);
  return {};
}

result<void> crash(play& on, words said) {
  auto text = rest_of(said.subspan(1));
  on.players().told[script_of(said[0])].crash_text = text.empty() ? "told to crash" : text;
  return send(on, said[0], do_crash);
}

result<void> end(play& on, words said) {
  const auto how = said.size() > 1 ? said[1] : "normally";
  if (how != "normally" && how != "shutdown")
    return wrong("'" + how + "' is no way to end", "end ID normally, or end ID shutdown");
  on.players().told[script_of(said[0])].ends_normally = how == "normally";
  return send(on, said[0], do_end);
}

result<void> block(play& on, words said) {
  auto& orders = on.players().told[script_of(said[0])];
  orders.block_time = std::nullopt;
  if (said.size() > 1) {
    const auto time = read_time(said[1]);
    if (!time)
      return time.error();
    orders.block_time = *time;
  }
  return send(on, said[0], do_block);
}

result<void> release(play& on, words said) {
  if (!on.has_process() || !on.world().release(script_of(said[0])))
    return wrong("'" + said[0] + "' does not block");
  return {};
}

/// From outside, at the incarnation itself.
result<void> kill(play& on, words said) {
  const auto& newest = on.players().newest;
  const auto found = newest.find(script_of(said[0]));
  const auto whom = found == newest.end() ? nullptr : found->second.lock();
  if (!whom)
    return wrong("'" + said[0] + "' does not live");
  caf::anon_send<caf::message_priority::high>(
      caf::actor_cast<caf::actor>(whom), caf::exit_msg{whom->address(), caf::exit_reason::kill});
  return {};
}

result<caf::atom_value> name_of_message(const std::string& said) {
  const bool fits =
      !said.empty() && said.size() <= 10
      && std::all_of(said.begin(), said.end(), [](unsigned char letter) {
           return std::islower(letter) != 0 || std::isdigit(letter) != 0 || letter == '_';
         });
  if (!fits)
    return wrong("'" + said + "' cannot be a message",
                 "one to ten of a to z, digits and underscores");
  return caf::atom_from_string(said);
}

result<void> send_messages(play& on, words said) {
  for (const auto& one : said.subspan(1)) {
    const auto what = name_of_message(one);
    if (!what)
      return what.error();
    if (auto sent = send(on, said[0], *what); !sent)
      return sent;
  }
  return {};
}

result<void> request(play& on, words said) {
  const auto what = name_of_message(said[1]);
  const auto whom = on.address_of(said[0]);
  if (!what || !whom)
    return what ? whom.error() : what.error();
  const auto about = said[0] + " answers " + said[1];
  on.ask<caf::atom_value>(
      *whom, *what, [&on, about](const caf::atom_value&) { on.say(about); },
      [&on, about](const caf::error& problem) {
        on.say(about + " with an error: " + text_of(problem));
      });
  return {};
}

// ---- calls -------------------------------------------------------------------------------------

template <class Message>
result<void> call(play& on, const std::string& whom, const std::string& what, Message asked) {
  const auto found = on.supervisor_of(whom);
  if (!found)
    return found.error();
  on.ask<carried<child_answer>>(
      *found, std::move(asked),
      [&on, what](const carried<child_answer>& answer) {
        on.say("answer to " + what + ": " + told(*answer));
      },
      [&on, what](const caf::error& problem) {
        on.say("answer to " + what + ": error: " + text_of(problem));
      });
  return {};
}

result<void> start_child(play& on, words said) {
  const auto above = on.said.supervisors.find(said[0]);
  const auto what = "start_child " + said[1];
  if (above != on.said.supervisors.end()
      && above->second.flags.strategy == restart_strategy::simple_one_for_one)
    return call(on, said[0], what, carried{supervisor::child_to_start{{}, value{said[1]}}});
  auto whom = on.child_of(said[1]);
  if (auto read = read_spec(whom.spec, said.subspan(2)); !read)
    return read;
  return call(on, said[0], what, carried{supervisor::child_to_start{whom, {}}});
}

result<void> terminate(play& on, words said) {
  terminate_child asked{said[1]};
  if (said.size() > 2) {
    const auto number = read_number(said[2], UINT64_MAX);
    if (!number)
      return number.error();
    asked.incarnation = *number;
  }
  return call(on, said[0], "terminate_child " + said[1], asked);
}

/// Declared children of a supervisor, and flags that change with them.
result<void> change(play& on, words said) {
  const auto found = on.supervisor_of(said[0]);
  if (!found)
    return found.error();
  auto& declared = on.said.supervisors.find(said[0])->second;
  if (auto read = read_flags(declared.flags, said.subspan(1)); !read)
    return read;
  on.ask<supervision_changed>(
      *found, carried{supervisor::supervision_change{declared.flags, on.children_of(said[0])}},
      [&on](const supervision_changed&) { on.say("changed"); },
      [&on](const caf::error& problem) { on.say("refused: " + to_fault(problem).what); });
  return {};
}

template <class Answer, class Message, class Tell>
result<void> look(play& on, const std::string& whom, Message asked, Tell tell) {
  const auto found = on.supervisor_of(whom);
  if (!found)
    return found.error();
  const auto answer = on.ask_now<Answer>(*found, std::move(asked));
  if (answer)
    tell(*answer);
  else
    on.say("error: " + answer.error().what);
  return {};
}

result<void> list(play& on, words said) {
  return look<child_list>(on, said[0], which_children{}, [&](const child_list& all) {
    for (const auto& one : all.children)
      on.say(told(one));
  });
}

result<void> check(play& on, words said) {
  const auto found = on.said.supervisors.find(said[0]);
  if (found == on.said.supervisors.end())
    return wrong("there is no supervisor '" + said[0] + "'", "declare it first");
  std::vector<child_spec> specs;
  for (const auto& id : found->second.children)
    specs.push_back(on.said.children.find(id)->second.spec);
  const auto checked = supervisor::check_childspecs(specs, found->second.flags.shuts_down);
  on.say(checked ? "good" : "refused: " + checked.error().what);
  return {};
}

// ---- what is shown -----------------------------------------------------------------------------

void show_tree(play& on, const std::string& name, const std::string& indent) {
  const auto above = on.supervisor_of(name);
  if (!above)
    return on.say(indent + name + " does not run");
  const auto all = on.ask_now<child_list>(*above, which_children{});
  if (!all)
    return on.say(indent + name + ": " + all.error().what);
  on.say(indent + name + ", restarts used " + std::to_string(all->restarts_used) + " of "
         + std::to_string(all->intensity));
  for (auto one = all->children.rbegin(); one != all->children.rend(); ++one) {
    on.say(indent + "  " + told(*one));
    if (one->type == child_type::supervisor && one->state == child_state::running)
      show_tree(on, one->id, indent + "    ");
  }
}

void show_counts(play& on, const std::string& name) {
  if (const auto above = on.supervisor_of(name))
    if (const auto counts = on.ask_now<child_counts>(*above, count_children{}))
      on.say(name + ": " + told(*counts));
}

void show_budgets(play& on, const std::string& name) {
  const auto above = on.supervisor_of(name);
  if (!above)
    return;
  const auto all = on.ask_now<child_list>(*above, which_children{});
  if (!all)
    return;
  on.say(name + ": used " + std::to_string(all->restarts_used) + " of "
         + std::to_string(all->intensity));
  for (auto one = all->children.rbegin(); one != all->children.rend(); ++one)
    on.say("  " + budget_of(*one));
}

result<void> show(play& on, words said) {
  if (said[0] == "reports") {
    for (const auto& one : on.take_reports())
      on.say(one);
    return {};
  }
  if (said[0] == "messages") {
    for (const auto& one : on.book().all())
      on.say(one.name + ": " + told(one.counters->read()));
    return {};
  }
  if (said[0] == "tree") {
    show_tree(on, on.said.root, {});
    return {};
  }
  for (const auto& [name, one] : on.said.supervisors)
    if (said[0] == "counts")
      show_counts(on, name);
    else if (said[0] == "budgets")
      show_budgets(on, name);
    else
      return wrong("there is nothing to show as '" + said[0] + "'",
                   "tree, counts, budgets, reports or messages");
  return {};
}

// ---- the table ---------------------------------------------------------------------------------

struct command {
  std::string_view name;
  std::string_view form;
  std::size_t words_min;
  std::size_t words_max;
  result<void> (*perform)(play&, words);
};

constexpr std::size_t any_number = 1000;

const auto commands = std::to_array<command>({
    {"supervisor", "NAME [of NAME] [KEY VALUE ...]", 1, any_number,
     [](play& on, words said) { return on.said.add_supervisor(said); }},
    {"child", "ID of NAME [KEY VALUE ...]", 3, any_number,
     [](play& on, words said) { return on.said.add_child(said); }},
    {"script", "ID starts ACT [, ACT ...] | ID stops ACT", 3, any_number,
     [](play& on, words said) { return on.said.add_script(said); }},
    {"chance", "PERCENT", 1, 1, set_chance},
    {"start", "", 0, 0, start},
    {"stop", "[within TIME]", 0, 2, stop},
    {"crash_process", "", 0, 0, crash_process},
    {"wait", "TIME", 1, 1, wait},
    {"crash", "ID [TEXT]", 1, any_number, crash},
    {"end", "ID [normally|shutdown]", 1, 2, end},
    {"kill", "ID", 1, 1, kill},
    {"block", "ID [TIME]", 1, 2, block},
    {"release", "ID", 1, 1, release},
    {"send", "ID MESSAGE ...", 2, any_number, send_messages},
    {"request", "ID MESSAGE", 2, 2, request},
    {"start_child", "NAME ID [KEY VALUE ...] | NAME ARGUMENT", 2, any_number, start_child},
    {"terminate_child", "NAME ID [INCARNATION]", 2, 3, terminate},
    {"restart_child", "NAME ID", 2, 2,
     [](play& on, words said) {
       return call(on, said[0], "restart_child " + said[1], restart_child{said[1]});
     }},
    {"delete_child", "NAME ID", 2, 2,
     [](play& on, words said) {
       return call(on, said[0], "delete_child " + said[1], delete_child{said[1]});
     }},
    {"which_children", "NAME", 1, 1, list},
    {"which_child", "NAME ID", 2, 2,
     [](play& on, words said) {
       return look<child_status>(on, said[0], which_child{said[1]},
                                 [&](const child_status& one) { on.say(told(one)); });
     }},
    {"count_children", "NAME", 1, 1,
     [](play& on, words said) {
       return look<child_counts>(on, said[0], count_children{},
                                 [&](const child_counts& all) { on.say(told(all)); });
     }},
    {"get_childspec", "NAME ID", 2, 2,
     [](play& on, words said) {
       return look<carried<child_spec>>(
           on, said[0], get_childspec{said[1]},
           [&](const carried<child_spec>& spec) { on.say(spoken(*spec)); });
     }},
    {"check_childspecs", "NAME", 1, 1, check},
    {"change", "NAME [KEY VALUE ...]", 1, any_number, change},
    {"show", "tree|counts|budgets|reports|messages", 1, 1, show},
});

result<void> perform(play& on, const line& one) {
  const auto found = std::find_if(commands.begin(), commands.end(), [&](const command& known) {
    return known.name == one.words.front();
  });
  if (found == commands.end())
    return wrong("there is no command '" + one.words.front() + "'", "docs/simulate.md lists them");
  const auto said = words{one.words}.subspan(1);
  const auto form = std::string{found->name} + ' ' + std::string{found->form};
  if (said.size() < found->words_min || said.size() > found->words_max)
    return wrong("that is not how it is said", "its form: " + form);
  if (auto done = found->perform(on, said); !done)
    return done;
  return on.settle();
}

} // namespace

result<script> rehearse(script history) {
  play on;
  for (auto& one : history.lines) {
    if (one.words.empty())
      continue;
    if (auto done = perform(on, one); !done)
      return mistake(history.name, one.number, done.error().what, done.error().help);
    one.output = on.take_lines();
  }
  return history;
}

} // namespace holdfast::rehearsal
