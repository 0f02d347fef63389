// SPDX-License-Identifier: Apache-2.0
// The keys of supervisors and children, and what scripted children do.
#include "runtime/rehearsal/declarations.hpp"

#include "runtime/config.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <string_view>
#include <utility>

namespace holdfast::rehearsal {

namespace {

fault wrong(const std::string& what, std::string help = {}) {
  return {fault_code::invalid, what, std::move(help)};
}

template <class Enum>
using named = std::vector<std::pair<std::string_view, Enum>>;

const named<restart_type> restart_types{{"permanent", restart_type::permanent},
                                        {"transient", restart_type::transient},
                                        {"temporary", restart_type::temporary}};

const named<restart_strategy> strategies{
    {"one_for_one", restart_strategy::one_for_one},
    {"one_for_all", restart_strategy::one_for_all},
    {"rest_for_one", restart_strategy::rest_for_one},
    {"simple_one_for_one", restart_strategy::simple_one_for_one}};

const named<auto_shutdown> auto_shutdowns{{"never", auto_shutdown::never},
                                          {"any_significant", auto_shutdown::any_significant},
                                          {"all_significant", auto_shutdown::all_significant}};

const named<child_type> child_types{{"worker", child_type::worker},
                                    {"supervisor", child_type::supervisor}};

const named<spent_action> spent_actions{{"escalate", spent_action::escalate},
                                        {"rest", spent_action::rest}};

const named<lost_action> lost_actions{{"replace", lost_action::replace},
                                      {"give_up", lost_action::give_up},
                                      {"exit_process", lost_action::exit_process}};

const named<message_fate> fates{{"refuse", message_fate::refuse},
                                {"redeliver", message_fate::redeliver},
                                {"hand_over", message_fate::hand_over}};

const named<overflow> overflows{{"refuse_sender", overflow::refuse_sender},
                                {"drop_oldest", overflow::drop_oldest},
                                {"drop_newest", overflow::drop_newest},
                                {"block_producer", overflow::block_producer}};

const named<bool> truths{{"true", true}, {"false", false}};

template <class Enum>
result<void> pick(Enum& into, const named<Enum>& from, const std::string& said) {
  for (const auto& [name, one] : from)
    if (name == said) {
      into = one;
      return {};
    }
  std::string all;
  for (const auto& [name, one] : from)
    all.append(all.empty() ? "" : ", ").append(name);
  return wrong("'" + said + "' is not known here", "one of: " + all);
}

template <class Enum>
std::string name_of(const named<Enum>& from, Enum wanted) {
  for (const auto& [name, one] : from)
    if (one == wanted)
      return std::string{name};
  return "?";
}

result<void> put(milliseconds& into, const std::string& said) {
  auto read = read_time(said);
  if (!read)
    return read.error();
  into = *read;
  return {};
}

result<void> put(std::uint32_t& into, const std::string& said) {
  auto read = read_number(said, UINT32_MAX);
  if (!read)
    return read.error();
  into = static_cast<std::uint32_t>(*read);
  return {};
}

/// `ONE..OTHER`, `ONE/OTHER`
std::optional<std::pair<std::string, std::string>> parts(const std::string& said,
                                                         std::string_view between) {
  const auto at = said.find(between);
  if (at == said.npos)
    return std::nullopt;
  return std::pair{said.substr(0, at), said.substr(at + between.size())};
}

result<void> put(restart_pauses& into, const std::string& said) {
  if (said == "none") {
    into.min = into.max = milliseconds{0};
    return {};
  }
  const auto both = parts(said, "..");
  if (!both)
    return wrong("'" + said + "' is no range of pauses", "such as 100ms..30s, or none");
  if (auto read = put(into.min, both->first); !read)
    return read;
  return put(into.max, both->second);
}

result<void> put(restart_budget& into, const std::string& said) {
  const auto both = parts(said, "/");
  if (!both)
    return wrong("'" + said + "' is no budget", "such as 3/10s");
  if (auto read = put(into.intensity, both->first); !read)
    return read;
  return put(into.period, both->second);
}

result<void> put(std::optional<milliseconds>& into, const std::string& said) {
  if (said == "infinity")
    into = shutdown_without_limit;
  else if (said == "brutal_kill")
    into = milliseconds{0};
  else
    return put(into.emplace(), said);
  return {};
}

result<void> put_probe(hang_watch& into, const std::string& said) {
  const auto both = parts(said, "/");
  if (!both)
    return wrong("'" + said + "' says no probe", "how often and within what time: 1s/200ms");
  if (auto read = put(into.probe_every, both->first); !read)
    return read;
  return put(into.probe_within, both->second);
}

template <class Into>
using keys = std::vector<
    std::pair<std::string_view, std::function<result<void>(Into&, const std::string&)>>>;

const keys<supervisor_flags>& flag_keys() {
  using flags = supervisor_flags;
  using text = const std::string&;
  static const keys<flags> all{
      {"strategy", [](flags& f, text said) { return pick(f.strategy, strategies, said); }},
      {"intensity", [](flags& f, text said) { return put(f.intensity, said); }},
      {"period", [](flags& f, text said) { return put(f.period, said); }},
      {"auto_shutdown",
       [](flags& f, text said) { return pick(f.shuts_down, auto_shutdowns, said); }},
      {"pauses", [](flags& f, text said) { return put(f.pauses, said); }},
      {"steady", [](flags& f, text said) { return put(f.pauses.steady_after, said); }},
      {"kill_budget", [](flags& f, text said) { return put(f.kill_budget, said); }},
      {"lost_max", [](flags& f, text said) { return put(f.lost_max.emplace(), said); }},
  };
  return all;
}

restart_pauses& pauses_of(child_spec& spec) {
  return spec.pauses ? *spec.pauses : spec.pauses.emplace();
}

const keys<child_spec>& spec_keys() {
  using spec = child_spec;
  using text = const std::string&;
  static const keys<spec> all{
      {"restart", [](spec& s, text said) { return pick(s.restart, restart_types, said); }},
      {"shutdown", [](spec& s, text said) { return put(s.shutdown, said); }},
      {"significant", [](spec& s, text said) { return pick(s.significant, truths, said); }},
      {"type", [](spec& s, text said) { return pick(s.type, child_types, said); }},
      {"start", [](spec& s, text said) { return put(s.start, said); }},
      {"budget", [](spec& s, text said) { return put(s.budget.emplace(), said); }},
      {"when_spent", [](spec& s, text said) { return pick(s.when_spent, spent_actions, said); }},
      {"pauses", [](spec& s, text said) { return put(pauses_of(s), said); }},
      {"steady", [](spec& s, text said) { return put(pauses_of(s).steady_after, said); }},
      {"probe", [](spec& s, text said) { return put_probe(s.hang, said); }},
      {"handler_max", [](spec& s, text said) { return put(s.hang.handler_max, said); }},
      {"patience", [](spec& s, text said) { return put(s.hang.patience, said); }},
      {"when_lost", [](spec& s, text said) { return pick(s.when_lost, lost_actions, said); }},
      {"queued", [](spec& s, text said) { return pick(s.messages.queued, fates, said); }},
      {"in_flight", [](spec& s, text said) { return pick(s.messages.in_flight, fates, said); }},
      {"redeliveries", [](spec& s, text said) { return put(s.messages.redeliveries_max, said); }},
      {"mailbox", [](spec& s, text said) { return put(s.mailbox.messages_max, said); }},
      {"when_full", [](spec& s, text said) { return pick(s.mailbox.when_full, overflows, said); }},
  };
  return all;
}

template <class Into>
bool has_key(const keys<Into>& known, std::string_view name) {
  return std::any_of(known.begin(), known.end(),
                     [&](const auto& one) { return one.first == name; });
}

template <class Into>
result<void> read_keys(Into& into, const keys<Into>& known, words said) {
  for (std::size_t at = 0; at < said.size(); at += 2) {
    const auto found = std::find_if(known.begin(), known.end(),
                                    [&](const auto& one) { return one.first == said[at]; });
    if (found == known.end()) {
      std::string all;
      for (const auto& one : known)
        all.append(all.empty() ? "" : ", ").append(one.first);
      return wrong("there is no key '" + said[at] + "'", "known: " + all);
    }
    if (at + 1 == said.size())
      return wrong("'" + said[at] + "' needs a value");
    if (auto read = found->second(into, said[at + 1]); !read)
      return wrong(said[at] + ": " + read.error().what, read.error().help);
  }
  return {};
}

/// `after T`, where it stands; what follows it is left.
result<milliseconds> take_time(words& said) {
  if (said.size() < 2)
    return wrong("'after' needs a time", "such as after 2s");
  auto read = read_time(said[1]);
  said = said.subspan(2);
  return read;
}

std::string rest_of(words said) {
  std::string all;
  for (const auto& one : said)
    all.append(all.empty() ? "" : " ").append(one);
  return all;
}

template <class Act>
result<void> read_act(Act& into, const named<typename Act::kind>& known, words said) {
  if (!said.empty() && said.front() == "after") {
    auto time = take_time(said);
    if (!time)
      return time.error();
    into.after = *time;
  }
  if (said.empty())
    return {};
  if (auto read = pick(into.how, known, said.front()); !read)
    return read;
  into.text = rest_of(said.subspan(1));
  return {};
}

std::vector<std::string> with_commas_apart(words said) {
  std::vector<std::string> parted;
  for (const auto& one : said) {
    const bool ends_one = one.size() > 1 && one.back() == ',';
    parted.push_back(ends_one ? one.substr(0, one.size() - 1) : one);
    if (ends_one)
      parted.emplace_back(",");
  }
  return parted;
}

} // namespace

result<milliseconds> read_time(const std::string& said) {
  auto read = config::parse_duration(said);
  if (!read)
    return wrong("'" + said + "' is no time", "a number and ms, s, min, h or d: 250ms");
  return *read;
}

result<std::uint64_t> read_number(const std::string& said, std::uint64_t most) {
  std::uint64_t number = 0;
  const auto [end, problem] = std::from_chars(said.data(), said.data() + said.size(), number);
  if (problem != std::errc{} || end != said.data() + said.size() || number > most)
    return wrong("'" + said + "' is no number from 0 to " + std::to_string(most));
  return number;
}

result<void> read_flags(supervisor_flags& into, words said) {
  return read_keys(into, flag_keys(), said);
}

result<void> read_spec(child_spec& into, words said) {
  return read_keys(into, spec_keys(), said);
}

result<void> declarations::add_supervisor(words said) {
  if (said.empty())
    return wrong("a supervisor needs a name", "supervisor NAME [of NAME] [KEY VALUE ...]");
  const auto name = said.front();
  said = said.subspan(1);
  const auto is_new = supervisors.count(name) == 0;
  auto& one = supervisors[name];
  one.flags.name = name;
  if (root.empty())
    root = name;
  std::vector<std::string> own, as_child;
  if (said.size() >= 2 && said.front() == "of") {
    as_child = {name, "of", said[1], "type", "supervisor"};
    said = said.subspan(2);
  } else if (is_new && root != name) {
    return wrong("only the first supervisor stands alone", "supervisor NAME of NAME ...");
  }
  // One line says what it is to its children and what it is to its own supervisor.
  for (std::size_t at = 0; at < said.size(); at += 2) {
    const bool of_child = !has_key(flag_keys(), said[at]) && has_key(spec_keys(), said[at]);
    auto& whose = of_child ? as_child : own;
    whose.insert(whose.end(), said.begin() + static_cast<std::ptrdiff_t>(at),
                 said.begin() + static_cast<std::ptrdiff_t>(std::min(at + 2, said.size())));
  }
  if (auto read = read_flags(one.flags, own); !read)
    return read;
  return as_child.empty() ? result<void>{} : add_child(as_child);
}

result<void> declarations::add_child(words said) {
  if (said.size() < 3 || said[1] != "of")
    return wrong("a child needs an id and a supervisor", "child ID of NAME [KEY VALUE ...]");
  const auto above = supervisors.find(said[2]);
  if (above == supervisors.end())
    return wrong("there is no supervisor '" + said[2] + "'", "declare it first");
  auto& one = children[said[0]];
  if (!one.of.empty() && one.of != said[2])
    return wrong("'" + said[0] + "' is a child of '" + one.of + "' already");
  one.spec.id = said[0];
  one.of = said[2];
  auto& siblings = above->second.children;
  if (std::find(siblings.begin(), siblings.end(), said[0]) == siblings.end())
    siblings.push_back(said[0]);
  return read_spec(one.spec, said.subspan(3));
}

result<void> declarations::add_script(words said) {
  static const named<start_act::kind> start_acts{{"ok", start_act::kind::ok},
                                                 {"ignores", start_act::kind::ignores},
                                                 {"fails", start_act::kind::fails},
                                                 {"crashes", start_act::kind::crashes},
                                                 {"hangs", start_act::kind::hangs}};
  static const named<stop_act::kind> stop_acts{{"ends", stop_act::kind::ends},
                                               {"ends_normally", stop_act::kind::ends_normally},
                                               {"crashes", stop_act::kind::crashes},
                                               {"ignores", stop_act::kind::ignores}};
  if (said.size() < 3 || (said[1] != "starts" && said[1] != "stops"))
    return wrong("a script says how a child starts or stops",
                 "script ID starts ACT [, ACT ...], or script ID stops ACT");
  auto& one = conducts[said[0]];
  auto acts = said.subspan(2);
  if (said[1] == "stops") {
    one.stops = {};
    return read_act(one.stops, stop_acts, acts);
  }
  one.starts.clear();
  const auto parted = with_commas_apart(acts);
  acts = parted;
  while (!acts.empty()) {
    const auto comma = std::find(acts.begin(), acts.end(), ",");
    const auto length = static_cast<std::size_t>(comma - acts.begin());
    if (auto read = read_act(one.starts.emplace_back(), start_acts, acts.first(length)); !read)
      return read;
    acts = acts.subspan(std::min(length + 1, acts.size()));
  }
  return {};
}

std::string spoken(const child_spec& spec) {
  const auto time = [](milliseconds span) {
    return span == shutdown_without_limit ? "infinity" : std::to_string(span.count()) + "ms";
  };
  auto said = "child " + spec.id + " restart " + name_of(restart_types, spec.restart);
  if (spec.shutdown)
    said += " shutdown " + (spec.shutdown->count() == 0 ? "brutal_kill" : time(*spec.shutdown));
  said += " significant " + name_of(truths, spec.significant) + " type "
          + name_of(child_types, spec.type) + " start " + time(spec.start);
  if (spec.budget)
    said += " budget " + std::to_string(spec.budget->intensity) + '/' + time(spec.budget->period)
            + " when_spent " + name_of(spent_actions, spec.when_spent);
  return said;
}

} // namespace holdfast::rehearsal
