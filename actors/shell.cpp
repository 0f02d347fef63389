// SPDX-License-Identifier: Apache-2.0
// The handlers every shell shares, and the two ways between faults and CAF's errors.
#include "actors/shell.hpp"

#include <caf/atom.hpp>
#include <caf/exit_reason.hpp>
#include <caf/make_message.hpp>
#include <caf/message.hpp>
#include <caf/message_view.hpp>
#include <caf/result.hpp>
#include <caf/sec.hpp>
#include <caf/system_messages.hpp>

#include <exception>

namespace holdfast {

namespace {

constexpr auto fault_category = caf::atom("holdfast");

std::string context_text(const caf::error& problem, std::size_t index) {
  const auto& context = problem.context();
  if (index < context.size() && context.match_element<std::string>(index))
    return context.get_as<std::string>(index);
  return {};
}

/// CAF offers no name for a category it does not know; code and category must do.
std::string name_of(const caf::error& problem) {
  if (problem.category() == caf::atom("system"))
    return caf::to_string(static_cast<caf::sec>(problem.code()));
  if (problem.category() == caf::atom("exit"))
    return caf::to_string(static_cast<caf::exit_reason>(problem.code()));
  return caf::to_string(problem.category()) + ' ' + std::to_string(problem.code());
}

} // namespace

caf::error to_error(const fault& problem) {
  return {static_cast<std::uint8_t>(problem.code), fault_category,
          caf::make_message(problem.what, problem.help)};
}

fault to_fault(const caf::error& problem) {
  if (!problem)
    return {fault_code::failed, "ended without a reason", {}};
  if (problem.category() == fault_category)
    return {static_cast<fault_code>(problem.code()), context_text(problem, 0),
            context_text(problem, 1)};
  if (problem == caf::sec::request_timeout)
    return {fault_code::timed_out, "no answer in time", {}};
  return {fault_code::failed, text_of(problem), {}};
}

std::string text_of(const caf::error& problem) {
  if (!problem)
    return {};
  auto text = context_text(problem, 0);
  if (problem.category() == fault_category)
    return std::string{to_string(static_cast<fault_code>(problem.code()))} + ": " + text;
  return text.empty() ? name_of(problem) : text;
}

namespace detail {

void install_handlers(caf::scheduled_actor* self) {
  self->set_exception_handler([](std::exception_ptr& thrown) -> caf::error {
    // The one place where everything may be caught: the actor ends, the text goes up.
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& problem) {
      return {static_cast<std::uint8_t>(caf::sec::runtime_error), caf::atom("system"),
              caf::make_message(std::string{problem.what()})};
    } catch (...) {
      return {static_cast<std::uint8_t>(caf::sec::runtime_error), caf::atom("system"),
              caf::make_message(std::string{"an exception that is no std::exception"})};
    }
  });
  self->set_error_handler([](caf::scheduled_actor*, caf::error&) {});
  self->set_down_handler([](caf::scheduled_actor*, caf::down_msg&) {});
  self->set_default_handler(
      [](caf::scheduled_actor*, caf::message_view&) -> caf::result<caf::message> {
        return caf::sec::unexpected_message;
      });
}

} // namespace detail

} // namespace holdfast
