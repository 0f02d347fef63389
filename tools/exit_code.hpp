// SPDX-License-Identifier: Apache-2.0
// The exit codes of `holdfast`: a contract (docs/cli.md).
#pragma once

#include "messages/fault.hpp"

namespace holdfast::tools {

enum class exit_code : int {
  done = 0,
  failed = 1,       ///< It was tried and did not work; or a check found something.
  usage = 2,        ///< The command line, the configuration or the input breaks a rule.
  unreachable = 3,  ///< No daemon answers.
  not_found = 4,    ///< The named thing does not exist.
  denied = 5,       ///< The operating system or a rule forbids it.
  timed_out = 6,    ///< Not done within the time; what was sent may have been done.
  conflict = 7,     ///< Somebody else holds it, or it exists with other content.
  damaged = 8,      ///< Stored bytes are not what was written.
  store_failed = 9, ///< The store failed, or its disk is full.
  interrupted = 130 ///< Ctrl-C.
};

constexpr exit_code to_exit_code(fault_code code) {
  switch (code) {
  case fault_code::invalid:
    return exit_code::usage;
  case fault_code::not_found:
    return exit_code::not_found;
  case fault_code::denied:
    return exit_code::denied;
  case fault_code::conflict:
    return exit_code::conflict;
  case fault_code::busy:
  case fault_code::timed_out:
    return exit_code::timed_out;
  case fault_code::no_space:
  case fault_code::failed:
    return exit_code::store_failed;
  case fault_code::corrupt:
    return exit_code::damaged;
  case fault_code::unsupported:
  case fault_code::undone:
    return exit_code::failed;
  case fault_code::unreachable:
    return exit_code::unreachable;
  }
  return exit_code::failed;
}

} // namespace holdfast::tools
