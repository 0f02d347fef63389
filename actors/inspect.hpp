// SPDX-License-Identifier: Apache-2.0
// Lets CAF carry every described message, and anything else behind a `carried`.
#pragma once

#include "messages/fields.hpp"

#include <caf/atom.hpp>
#include <caf/error.hpp>
#include <caf/make_message.hpp>
#include <caf/message.hpp>
#include <caf/meta/type_name.hpp>
#include <caf/sec.hpp>

#include <cstdint>
#include <memory>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>

namespace holdfast {

/// Carries a payload that is not described, or too large to be copied: handles, callbacks, pages
/// of events. The payload is shared and constant, so that a message may be copied and read by
/// several actors at once.
///
///   self->send(reader, carried{event_page{...}});
///   [](const carried<event_page>& page) { use(page->events); }
template <class Payload>
class carried {
public:
  carried() : held_{std::make_shared<const Payload>()} {}
  explicit carried(Payload payload) : held_{std::make_shared<const Payload>(std::move(payload))} {}

  const Payload& operator*() const { return *held_; }
  const Payload* operator->() const { return held_.get(); }

private:
  std::shared_ptr<const Payload> held_; // never null
};

namespace detail {

template <class Field>
std::string text_of_field(const Field& field) {
  if constexpr (std::is_same_v<Field, std::string>) {
    return field;
  } else if constexpr (std::is_enum_v<Field>) {
    return std::to_string(static_cast<long long>(field));
  } else if constexpr (printable<Field>) {
    std::ostringstream out;
    out << field;
    return out.str();
  } else {
    return "?";
  }
}

/// Messages never leave the process, so CAF's serializers are told so and never reach the fields.
inline caf::error refuse_to_serialize() {
  return {static_cast<std::uint8_t>(caf::sec::runtime_error), caf::atom("system"),
          caf::make_message(std::string{"messages stay in their process"})};
}

} // namespace detail

} // namespace holdfast

// CAF looks for `inspect` beside the message and beside the inspector. Messages live in several
// namespaces of ours, so both overloads stand beside the inspectors.
namespace caf {

/// Prints a described message: its name and its fields.
template <class Inspector, holdfast::described Message>
typename Inspector::result_type inspect(Inspector& f, Message& message) {
  if constexpr (std::is_void_v<typename Inspector::result_type>) {
    std::apply(
        [&](auto... field) {
          f(meta::type_name(Message::name), holdfast::detail::text_of_field(message.*field)...);
        },
        Message::fields);
  } else {
    return holdfast::detail::refuse_to_serialize();
  }
}

/// Prints `carried`; what it carries stays closed.
template <class Inspector, class Payload>
typename Inspector::result_type inspect(Inspector& f, holdfast::carried<Payload>&) {
  if constexpr (std::is_void_v<typename Inspector::result_type>)
    f(meta::type_name("carried"));
  else
    return holdfast::detail::refuse_to_serialize();
}

namespace detail {
using caf::inspect;
}

} // namespace caf
