// SPDX-License-Identifier: Apache-2.0
// Finds the route of a request and the thread that handles it.
#include "runtime/http/door.hpp"

#include "runtime/http/access.hpp"
#include "runtime/http/inflate.hpp"
#include "runtime/http/routes.hpp"
#include "runtime/http/tokens.hpp"
#include "runtime/os/clock.hpp"
#include "runtime/os/host.hpp"
#include "runtime/os/threads.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <exception>
#include <optional>
#include <utility>

namespace holdfast::http {

namespace {

/// A pattern without its `*`, as a metric's label; few values, whatever is asked.
std::string label_of(const route* found) {
  return found == nullptr ? "other"
                          : std::string{found->method} + " " + std::string{found->pattern};
}

bool fits(std::string_view pattern, const std::vector<std::string>& parts,
          std::vector<std::string>& names) {
  names.clear();
  std::size_t at = 0;
  for (; !pattern.empty(); ++at) {
    pattern.remove_prefix(1);
    const auto part = pattern.substr(0, pattern.find('/'));
    pattern.remove_prefix(part.size());
    if (at == parts.size())
      return false;
    if (part == "*" && !parts[at].empty()) // nothing has no name
      names.push_back(parts[at]);
    else if (part != parts[at])
      return false;
  }
  return at == parts.size();
}

struct match {
  const route* found = nullptr;
  std::vector<std::string> names;
  std::string allowed; ///< Methods of the path, when it is known but the method is not.
};

match find(const request& asked) {
  match made;
  const auto parts = split_path(asked.path);
  if (!parts)
    return made;
  const auto method = asked.method == "HEAD" ? std::string_view{"GET"} : asked.method;
  for (const auto& one : routes()) {
    if (!fits(one.pattern, *parts, made.names))
      continue;
    if (one.method == method) {
      made.found = &one;
      return made;
    }
    made.allowed += (made.allowed.empty() ? "" : ", ") + std::string{one.method};
  }
  return made;
}

/// What a body of a route may be. A page of anybody can send a form, a text or nothing at all to
/// any address without asking first, so a request that changes something has to be one of these.
std::vector<std::string_view> types_of(body_kind takes) {
  switch (takes) {
  case body_kind::plain:
    return {"application/json"};
  case body_kind::lines:
    return {"application/json", "application/x-ndjson", "application/jsonl", "text/csv"};
  case body_kind::otlp:
    return {"application/json", "application/x-protobuf"};
  }
  return {};
}

/// The refusal of a body that the route does not take.
std::optional<response> wrong_type(const route& to, const request& asked) {
  if (to.method == "GET")
    return std::nullopt;
  const auto type = asked.media_type();
  const auto types = types_of(to.takes);
  if (std::find(types.begin(), types.end(), type) != types.end())
    return std::nullopt;
  std::string help = "send Content-Type: " + std::string{types.front()};
  for (std::size_t i = 1; i < types.size(); ++i)
    help += (i + 1 < types.size() ? ", " : " or ") + std::string{types[i]};
  return refusal({fault_code::invalid,
                  type.empty() ? "the request has no Content-Type"
                               : "the media type " + type.substr(0, 100) + " is not taken",
                  std::move(help)},
                 415);
}

/// What the rules of access must know of a path. Whoever may only read may ask for whatever
/// changes nothing.
asked_path path_of(const request& head) {
  const auto matched = find(head);
  asked_path made;
  if (matched.found == nullptr) {
    made.methods = matched.allowed;
    return made;
  }
  made.least = matched.found->method == "GET" ? role::reads : role::operates;
  made.probe = matched.found->pattern == "/livez" || matched.found->pattern == "/readyz"
               || matched.found->pattern == "/startupz";
  made.methods = matched.found->method;
  return made;
}

/// What a body may have to be small; a packed one may turn out larger.
constexpr std::size_t small_bytes = 4096;

bool needs_worker(const route& to, const request& asked) {
  const bool small = asked.body.size() <= small_bytes && asked.header("content-encoding").empty();
  return to.where == handled_on::worker || (to.where == handled_on::server_if_small && !small);
}

class unix_door final : public door {
public:
  unix_door(const door_choices& chosen, served& behind, door_observer observer)
      : chosen_{chosen}, behind_{behind}, observer_{std::move(observer)},
        rules_{chosen.hosts, chosen.origins, chosen.read_only_users},
        workers_{"reader", chosen.readers, chosen.reads_waiting_max} {}

  result<void> begin() {
    if (!chosen_.tokens.empty()) {
      auto tokens = token_file::open(chosen_.tokens, observer_.tokens);
      if (!tokens)
        return tokens.error();
      tokens_ = *std::move(tokens);
    }
    server_settings settings{.socket = chosen_.socket,
                             .tcp = chosen_.tcp,
                             .tls_certificate = chosen_.tls_certificate,
                             .tls_key = chosen_.tls_key,
                             .header_bytes_max = chosen_.header_bytes_max,
                             .header_deadline = chosen_.header_deadline,
                             .request_deadline = chosen_.request_deadline,
                             .idle_deadline = chosen_.idle_deadline,
                             .connections_max = chosen_.connections_max,
                             .streams_max = chosen_.streams_max,
                             .stream_stall = chosen_.stream_stall,
                             .allows = [this](const peer& who) { return allows(who); },
                             .credentials = observer_.credentials};
    server_owner owner{
        .admit = [this](request& head, const arrival& came) { return admit(head, came); },
        .body_max = [this](const request& asked) { return body_max(find(asked).found, asked); },
        .phrase = phrased,
        .handle = [this](request asked, answer take) { handle(std::move(asked), std::move(take)); },
        .rejected = observer_.rejected,
        .failed = observer_.failed,
        .dropped = observer_.dropped};
    auto made = server::open(std::move(settings), std::move(owner));
    if (!made)
      return made.error();
    server_ = *std::move(made);
    followers_->keep_time();
    return {};
  }

  ~unix_door() override { stop(std::chrono::milliseconds{0}); }

  std::size_t stop(std::chrono::milliseconds within) override {
    const auto cut = server_ ? server_->stop(within) : 0;
    followers_->stop();
    return cut;
  }

  std::size_t connections() const override { return server_->connections(); }
  std::size_t streams() const override { return server_->streams(); }
  const std::vector<std::string>& addresses() const override { return server_->addresses(); }

private:
  follow_parts parts_of_followers() {
    return {[this] { return behind_.read(); },
            [this](sequence after, std::function<void(bool)> told) {
              behind_.await_records(after, std::move(told));
            },
            [this](std::function<void()> job) {
              return workers_.submit([this, job = std::move(job)] {
                try {
                  job();
                } catch (const std::exception& thrown) {
                  observer_.failed("incident-f" + std::to_string(++incidents_), thrown.what());
                }
              });
            },
            os::steady_now, chosen_.heartbeat};
  }

  bool allows(const peer& who) const {
    if (chosen_.uids.empty())
      return who.user == 0 || who.user == os::effective_user();
    return std::find(chosen_.uids.begin(), chosen_.uids.end(), who.user) != chosen_.uids.end();
  }

  std::optional<response> admit(request& head, const arrival& came) const {
    auto ruled = judge(head, came, rules_, path_of(head), [this](std::string_view shown) {
      return tokens_ ? tokens_->find(shown) : std::nullopt;
    });
    head.from = std::move(ruled.from);
    if (!ruled.refused || ruled.refused->status < 400)
      return ruled.refused; // a preflight is an answer like another
    observer_.rejected(ruled.refused->status == 401 ? rejection::token : rejection::host);
    if (auto happened = begin_of(head, label_of(find(head).found)))
      tell(*std::move(happened), *ruled.refused);
    return phrased(head.path, head.media_type(), *std::move(ruled.refused));
  }

  /// A refusal as the clients of that path read it.
  static response phrased(std::string_view path, std::string_view media_type, response refused) {
    const auto& all = routes();
    const bool is_otlp = std::any_of(all.begin(), all.end(), [&](const route& one) {
      return one.takes == body_kind::otlp && one.pattern == path;
    });
    return is_otlp ? as_status(media_type, std::move(refused)) : refused;
  }

  std::uint64_t body_max(const route* found, const request& asked) const {
    const auto takes = found == nullptr ? body_kind::plain : found->takes;
    const auto type = asked.media_type();
    if (takes == body_kind::otlp)
      return chosen_.otlp_body_bytes_max;
    return takes == body_kind::lines
                   && (type == "application/x-ndjson" || type == "application/jsonl"
                       || type == "text/csv")
               ? chosen_.stream_body_bytes_max
               : chosen_.body_bytes_max;
  }

  void handle(request asked, answer take) {
    auto matched = find(asked);
    const auto label = label_of(matched.found);
    answer told = [this, label, happened = begin_of(asked, label),
                   origin = std::string{asked.header("origin")},
                   take = std::move(take)](response given) {
      observer_.answered(label, given.status);
      if (happened)
        tell(*happened, given);
      for (auto& one : origin_headers(origin))
        given.headers.push_back(std::move(one));
      take(std::move(given));
    };
    if (matched.found == nullptr)
      return told(unknown(asked, matched));
    const answer refuse = matched.found->takes != body_kind::otlp
                              ? told
                              : [told, type = asked.media_type()](response given) {
                                  told(as_status(type, std::move(given)));
                                };
    if (auto refused = wrong_type(*matched.found, asked))
      return refuse(*std::move(refused));
    call now{std::move(asked), std::move(matched.names), behind_, chosen_, *followers_};
    if (!needs_worker(*matched.found, now.asked))
      return run(*matched.found, std::move(now), told, refuse);
    auto job = [this, to = matched.found, now = std::move(now), told, refuse]() mutable {
      guarded_call(*to, std::move(now), told, refuse);
    };
    if (!workers_.submit(std::move(job)))
      refuse(retry_later({fault_code::busy, "too many requests wait for a reader",
                          "the limit is the key door.reads_waiting_max"},
                         503, std::chrono::seconds{1}));
  }

  void run(const route& to, call now, const answer& told, const answer& refuse) const {
    if (auto refused = unpack_body(now.asked, body_max(&to, now.asked)))
      return refuse(*std::move(refused));
    to.handle(std::move(now), told);
  }

  /// What is known of a request that changes something before it is handled.
  static std::optional<wide_event> begin_of(const request& asked, const std::string& label) {
    if (asked.method != "POST" && asked.method != "PUT" && asked.method != "DELETE")
      return std::nullopt;
    wide_event made;
    made.route = label;
    made.path = asked.path.substr(0, 500);
    made.who = asked.from.print();
    made.bytes = asked.body.size();
    made.trace = asked.trace.print();
    made.when = os::wall_now();
    made.began = os::steady_now();
    return made;
  }

  void tell(wide_event happened, const response& given) const {
    happened.status = given.status;
    happened.took =
        std::chrono::duration_cast<std::chrono::microseconds>(os::steady_now() - happened.began);
    happened.said = given.audit;
    if (observer_.changed)
      observer_.changed(std::move(happened));
  }

  /// A worker's thread has no caller that could catch what a handler throws.
  void guarded_call(const route& to, call now, const answer& told, const answer& refuse) {
    try {
      run(to, std::move(now), told, refuse);
    } catch (const std::exception& thrown) {
      const auto id = "incident-r" + std::to_string(++incidents_);
      observer_.failed(id, thrown.what());
      refuse(refusal(
          {fault_code::undone, "an internal error, " + id, "the log has its cause under this id"},
          500));
    }
  }

  static response unknown(const request& asked, const match& matched) {
    if (matched.allowed.empty())
      return refusal({fault_code::not_found, "nothing is at " + asked.path, ""});
    auto made = refusal({fault_code::invalid, asked.method + " is not possible there", ""}, 405);
    made.headers.emplace_back("Allow", matched.allowed);
    return made;
  }

  const door_choices chosen_;
  served& behind_;
  door_observer observer_;
  const access_rules rules_;
  std::unique_ptr<token_file> tokens_; ///< Null: no token is good.
  std::atomic<std::uint64_t> incidents_{0};
  std::unique_ptr<server> server_;
  os::worker_pool workers_; // ends first: its jobs use what is above
  const std::shared_ptr<follow_hub> followers_ = std::make_shared<follow_hub>(parts_of_followers());
};

} // namespace

const std::vector<route>& routes() {
  static const std::vector<route> all{
      {"POST", "/v1/events", handled_on::server_if_small, body_kind::lines, post_events},
      {"GET", "/v1/events", handled_on::worker, body_kind::plain, get_events},
      {"GET", "/v1/events/follow", handled_on::worker, body_kind::plain, get_follow},
      {"GET", "/v1/events/*", handled_on::worker, body_kind::plain, get_event},
      {"POST", "/v1/traces", handled_on::worker, body_kind::otlp, post_traces},
      {"POST", "/v1/logs", handled_on::worker, body_kind::otlp, post_logs},
      {"POST", "/v1/metrics", handled_on::worker, body_kind::otlp, post_metrics},
      {"GET", "/v1/head", handled_on::worker, body_kind::plain, get_head},
      {"GET", "/v1/consumers", handled_on::worker, body_kind::plain, get_consumers},
      {"GET", "/v1/consumers/*", handled_on::worker, body_kind::plain, get_consumer},
      {"GET", "/v1/consumers/*/next", handled_on::worker, body_kind::plain, get_next},
      {"POST", "/v1/consumers/*/commit", handled_on::worker, body_kind::plain, post_commit},
      {"POST", "/v1/consumers/*/reset", handled_on::worker, body_kind::plain, post_reset},
      {"GET", "/v1/checkpoints", handled_on::worker, body_kind::plain, get_checkpoints},
      {"GET", "/v1/checkpoints/*", handled_on::worker, body_kind::plain, get_checkpoints},
      {"GET", "/v1/checkpoints/*/*", handled_on::worker, body_kind::plain, get_checkpoint},
      {"POST", "/v1/checkpoints/*", handled_on::worker, body_kind::plain, post_checkpoint},
      {"PUT", "/v1/checkpoints/*", handled_on::worker, body_kind::plain, put_checkpoint},
      {"POST", "/v1/retention", handled_on::worker, body_kind::plain, post_retention},
      {"GET", "/v1/states/*", handled_on::worker, body_kind::plain, get_state},
      {"GET", "/v1/controls", handled_on::worker, body_kind::plain, get_controls},
      {"GET", "/v1/actors", handled_on::worker, body_kind::plain, get_actors},
      {"GET", "/v1/actors/*", handled_on::worker, body_kind::plain, get_actor},
      {"GET", "/v1/actors/*/why", handled_on::worker, body_kind::plain, get_why},
      {"GET", "/v1/actors/*/trace", handled_on::worker, body_kind::plain, get_trace},
      {"POST", "/v1/actors/*/restart", handled_on::worker, body_kind::plain, post_restart},
      {"POST", "/v1/actors/*/stop", handled_on::worker, body_kind::plain, post_stop},
      {"GET", "/v1/status", handled_on::worker, body_kind::plain, get_status},
      {"GET", "/v1/learning/stats", handled_on::worker, body_kind::plain, get_learning},
      {"GET", "/v1/openapi.json", handled_on::server, body_kind::plain, get_openapi},
      {"GET", "/livez", handled_on::server, body_kind::plain, get_livez},
      {"GET", "/startupz", handled_on::server, body_kind::plain, get_startupz},
      {"GET", "/readyz", handled_on::worker, body_kind::plain, get_readyz},
      {"GET", "/health", handled_on::worker, body_kind::plain, get_health},
      {"GET", "/metrics", handled_on::worker, body_kind::plain, get_metrics}};
  return all;
}

result<std::uint64_t> number_in(const request& asked, std::string_view name,
                                std::uint64_t otherwise, std::uint64_t most) {
  const auto found = asked.query.find(name);
  if (found == asked.query.end())
    return otherwise;
  const auto& text = found->second;
  std::uint64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || number > most)
    return fault{
        fault_code::invalid,
        "`" + std::string{name} + "` must be a whole number from 0 to " + std::to_string(most), ""};
  return number;
}

result<std::unique_ptr<door>> door::open(const door_choices& chosen, served& behind,
                                         door_observer observer) {
  auto made = std::make_unique<unix_door>(chosen, behind, std::move(observer));
  if (auto begun = made->begin(); !begun)
    return begun.error();
  return std::unique_ptr<door>{std::move(made)};
}

} // namespace holdfast::http
