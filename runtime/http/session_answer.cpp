// SPDX-License-Identifier: Apache-2.0
// The writing half of a connection: answers, and answers that go on.
#include "runtime/http/answer_head.hpp"
#include "runtime/http/session.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace holdfast::http {

using problem_code = boost::system::error_code;

namespace {

/// A client that only listens has nothing to say; so much is thrown away before it is cut.
constexpr std::size_t heard_bytes_max = 65536;

} // namespace

void session::send(std::array<std::string_view, 3> parts, std::function<void(session&)> then) {
  line_->write(parts, [self = shared_from_this(), then = std::move(then)](problem_code problem,
                                                                          std::size_t) {
    if (self->closed_)
      return;
    if (problem)
      return self->close();
    then(*self);
  });
}

void session::on_answer(std::uint64_t turn, response given) {
  if (turn != turn_ || closed_ || phase_ != phase::answering)
    return;
  if (given.stream)
    return begin_stream(std::move(given));
  write(std::move(given), keeps_ && !all_->stopping);
}

void session::finish_with(response given) {
  write(std::move(given), false);
}

void session::write(response given, bool keeps) {
  ++turn_;
  phase_ = phase::writing;
  expect_within(all_->chosen.request_deadline);
  head_ = print_head(given, {.keeps = keeps, .chunked = false});
  body_ = is_head_ ? std::string{} : std::move(given.body);
  send({head_, body_, {}}, [keeps](session& self) { self.on_written(keeps); });
}

void session::on_written(bool keeps) {
  body_ = {};
  if (!keeps || all_->stopping)
    return take_leave();
  read_next();
}

/// A client that is still sending would lose the answer if its connection were just cut, so what
/// comes is read and thrown away for a while.
void session::take_leave() {
  phase_ = phase::leaving;
  expect_within(std::min(all_->chosen.header_deadline, std::chrono::milliseconds{2000}));
  line_->part([self = shared_from_this()](problem_code, std::size_t) {
    if (!self->closed_)
      self->throw_away();
  });
}

void session::throw_away() {
  line_->read_rest(reader_.room(), [self = shared_from_this()](problem_code problem, std::size_t) {
    if (self->closed_)
      return;
    if (problem)
      return self->close();
    self->throw_away();
  });
}

void session::begin_stream(response given) {
  auto source = std::exchange(given.stream, nullptr);
  if (all_->streams >= all_->chosen.streams_max) {
    all_->owner.rejected(rejection::streams);
    source->end("too many streams");
    return write(
        retry_later({fault_code::busy, "too many streams", "the limit is the key door.streams_max"},
                    503, std::chrono::seconds{5}),
        keeps_);
  }
  if (is_head_) {
    source->end("only the head was asked for");
    given.stream = std::move(source); // so that no length is said
    return write(std::move(given), false);
  }
  ++turn_;
  phase_ = phase::streaming;
  ++all_->streams;
  chunked_ = !reader_.is_old();
  source_ = source;
  given.stream = std::move(source);
  head_ = print_head(given, {.keeps = false, .chunked = chunked_});
  reader_.release(); // it may go on for days
  watch_client();
  expect_within(all_->chosen.stream_stall);
  send({head_, {}, {}}, [](session& self) {
    self.on_piece_written();
    if (self.all_->stopping)
      self.tell_stream_to_stop();
  });
}

/// Reads while the client should only listen: that is how one learns that it has gone.
void session::watch_client() {
  line_->read(heard_, [self = shared_from_this()](problem_code problem, std::size_t bytes) {
    if (self->closed_ || self->phase_ != phase::streaming)
      return;
    self->heard_bytes_ += bytes;
    if (problem || self->heard_bytes_ > heard_bytes_max)
      return self->close();
    self->watch_client();
  });
}

void session::ask_for_piece() {
  expect_nothing(); // the source may be silent for as long as it likes
  const auto turn = turn_;
  const std::weak_ptr<session> me = shared_from_this();
  const std::weak_ptr<shared_state> all = all_;
  try {
    source_->next([me, all, turn](std::optional<std::string> piece) {
      if (const auto alive = all.lock())
        boost::asio::post(alive->io, [me, turn, piece = std::move(piece)]() mutable {
          const auto self = me.lock();
          if (self && self->turn_ == turn && !self->closed_)
            self->on_piece(std::move(piece));
        });
    });
  } catch (const std::exception& thrown) {
    all_->incident(thrown);
    close(); // without the last chunk, so that the client knows it is not whole
  }
}

void session::on_piece(std::optional<std::string> piece) {
  ++turn_; // a second piece for one question is dropped
  if (!piece)
    return finish_stream();
  if (piece->empty())
    return ask_for_piece(); // an empty chunk would be the last one
  body_ = *std::move(piece);
  head_ = chunked_ ? print_chunk_size(body_.size()) : std::string{};
  expect_within(all_->chosen.stream_stall);
  send({head_, body_, chunked_ ? "\r\n" : ""}, [](session& self) { self.on_piece_written(); });
}

void session::on_piece_written() {
  head_ = {};
  body_ = {};
  ask_for_piece();
}

void session::finish_stream() {
  expect_within(all_->chosen.stream_stall);
  head_ = chunked_ ? "0\r\n\r\n" : "";
  source_.reset();
  --all_->streams;
  send({head_, {}, {}}, [](session& self) { self.take_leave(); });
}

void session::tell_stream_to_stop() {
  if (source_ && !std::exchange(told_to_stop_, true))
    source_->end("stopping");
}

void session::end_stream(std::string_view why) {
  const auto source = std::exchange(source_, nullptr);
  if (!source)
    return;
  --all_->streams;
  source->end(why);
}

} // namespace holdfast::http
