// SPDX-License-Identifier: Apache-2.0
// The reading half of a connection, and the deadline of each of its phases.
#include "runtime/http/session.hpp"

#include "runtime/os/clock.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <exception>
#include <utility>

namespace holdfast::http {

using problem_code = boost::system::error_code;

response shared_state::incident(const std::exception& thrown) {
  const auto id = "incident-" + std::to_string(++incidents);
  owner.failed(id, thrown.what());
  return refusal(
      {fault_code::undone, "an internal error, " + id, "the log has its cause under this id"}, 500);
}

session::session(std::shared_ptr<shared_state> all, std::unique_ptr<transport> line, arrival came)
    : all_{std::move(all)}, line_{std::move(line)}, came_{std::move(came)},
      reader_{{.bytes_max = all_->chosen.header_bytes_max}}, timer_{all_->io} {}

void session::start() {
  all_->sessions.insert(shared_from_this());
  ++all_->connections;
  expect_within(all_->chosen.header_deadline);
  line_->greet([self = shared_from_this()](problem_code problem, std::size_t) {
    if (self->closed_)
      return;
    if (problem)
      return self->drop(rejection::handshake);
    self->read_next();
  });
}

void session::refuse_one_too_many() {
  all_->sessions.insert(shared_from_this());
  ++all_->connections;
  finish_with(retry_later(
      {fault_code::busy, "too many connections", "the limit is the key door.connections_max"}, 503,
      std::chrono::milliseconds{1000}));
}

void session::wind_down() {
  keeps_ = false;
  if (phase_ == phase::streaming)
    return tell_stream_to_stop();
  const bool answers = phase_ == phase::body || phase_ == phase::answering
                       || phase_ == phase::writing || phase_ == phase::leaving;
  if (!answers)
    close();
}

void session::close() {
  if (std::exchange(closed_, true))
    return;
  const auto self = shared_from_this();
  end_stream("the client is gone");
  timer_.cancel();
  line_->close();
  all_->sessions.erase(self);
  --all_->connections;
  all_->tell_if_empty();
}

void session::read_next() {
  const auto found = first_ ? request_reader::state::header : reader_.next();
  phase_ = found == request_reader::state::nothing ? phase::idle : phase::header;
  first_ = false;
  is_head_ = false;
  expect_within(phase_ == phase::idle ? all_->chosen.idle_deadline : all_->chosen.header_deadline);
  go_on(found);
}

void session::read() {
  line_->read(reader_.room(), [self = shared_from_this()](problem_code problem, std::size_t bytes) {
    if (self->closed_)
      return;
    if (problem)
      return self->close(); // gone, or half a request: nothing could be answered
    if (self->phase_ == phase::idle) {
      self->phase_ = phase::header;
      self->expect_within(self->all_->chosen.header_deadline);
    }
    self->go_on(self->reader_.took(bytes));
  });
}

void session::go_on(request_reader::state now) {
  switch (now) {
  case request_reader::state::nothing:
  case request_reader::state::header:
  case request_reader::state::body:
    return read();
  case request_reader::state::head:
    return on_head();
  case request_reader::state::whole:
    return handle();
  case request_reader::state::broken:
    return refuse_broken();
  }
}

void session::on_head() {
  // From here on there is one deadline for body and answer together.
  expect_within(all_->chosen.request_deadline);
  phase_ = phase::body;
  auto& head = reader_.head();
  head.from = {came_.process, came_.remote, {}};
  is_head_ = head.method == "HEAD";
  path_ = head.path;
  type_ = head.media_type();
  keeps_ = reader_.keeps() && !all_->stopping;
  try {
    if (auto refused = all_->owner.admit(head, came_)) {
      if (reader_.has_body())
        return finish_with(*std::move(refused));
      return write(*std::move(refused), keeps_);
    }
    if (reader_.awaits_word())
      return invite();
    read_body();
  } catch (const std::exception& thrown) {
    finish_with(phrased(all_->incident(thrown)));
  }
}

void session::read_body() {
  go_on(reader_.allow_body(all_->owner.body_max(reader_.head())));
}

/// The client waits for a word before it sends the body; it has it only if the body may be sent.
void session::invite() {
  if (reader_.allow_body(all_->owner.body_max(reader_.head())) == request_reader::state::broken)
    return refuse_broken();
  head_ = "HTTP/1.1 100 Continue\r\n\r\n";
  send({head_, {}, {}}, [](session& self) { self.read(); });
}

void session::handle() {
  phase_ = phase::answering;
  const auto turn = turn_;
  const std::weak_ptr<session> me = shared_from_this();
  const std::weak_ptr<shared_state> all = all_;
  // The answer may come from any thread, twice by mistake, or when everything is over.
  answer take = [me, all, turn](response given) {
    if (const auto alive = all.lock())
      boost::asio::post(alive->io, [me, turn, given = std::move(given)]() mutable {
        if (const auto self = me.lock())
          self->on_answer(turn, std::move(given));
      });
  };
  try {
    auto asked = reader_.take();
    from_ = asked.from;
    all_->owner.handle(std::move(asked), std::move(take));
  } catch (const std::exception& thrown) {
    on_answer(turn, phrased(all_->incident(thrown)));
  }
}

void session::refuse_broken() {
  const bool in_body = phase_ == phase::body;
  all_->owner.rejected(in_body ? rejection::body : rejection::header);
  auto told = refusal({fault_code::invalid, reader_.what(), ""}, reader_.status());
  finish_with(in_body ? phrased(std::move(told)) : std::move(told));
}

response session::phrased(response refused) const {
  const auto& phrase = all_->owner.phrase;
  return phrase ? phrase(path_, type_, std::move(refused)) : refused;
}

void session::drop(rejection why) {
  all_->owner.rejected(why);
  close();
}

/// The timer is moved only to an earlier time. Most deadlines end long before they are due, and
/// then cost nothing.
void session::expect_within(std::chrono::milliseconds within) {
  due_ = os::steady_now() + within;
  if (!armed_ || *due_ < *armed_)
    arm();
}

void session::arm() {
  armed_ = due_;
  timer_.expires_at(*due_);
  timer_.async_wait([me = weak_from_this()](problem_code problem) {
    const auto self = me.lock();
    if (problem || !self || self->closed_)
      return;
    self->armed_.reset();
    if (!self->due_)
      return;
    if (os::steady_now() < *self->due_)
      return self->arm();
    self->due_.reset();
    self->on_deadline();
  });
}

void session::on_deadline() {
  switch (phase_) {
  case phase::greeting:
  case phase::header:
  case phase::body:
  case phase::writing:
    return drop(rejection::deadline);
  case phase::idle:
  case phase::leaving:
    return close();
  case phase::answering:
    all_->owner.rejected(rejection::deadline);
    keeps_ = false;
    return on_answer(turn_, phrased(refusal({fault_code::timed_out, "no answer within the deadline",
                                             "the outcome is unknown; sending it again is safe"})));
  case phase::streaming:
    all_->owner.rejected(rejection::slow_follower);
    all_->owner.dropped(from_, path_);
    end_stream("it does not read");
    return close();
  }
}

} // namespace holdfast::http
