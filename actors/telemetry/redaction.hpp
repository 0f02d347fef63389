// SPDX-License-Identifier: Apache-2.0
// Takes secrets out of text before it is written anywhere. Pure: no clock, no disk, no chance.
#pragma once

#include "actors/telemetry/pattern.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::telemetry {

/// Replaces secrets by `[redacted]`. What it knows by itself:
/// - bearer tokens, the values of Authorization and cookie headers;
/// - keys by their prefixes (`sk-`, `ghp_`, `xoxb-`, `AKIA`, `AIza`, `hf_`, `eyJ` ...);
/// - passwords, and tokens in their place, in URLs;
/// - the values of names that say so: `password=`, `"api_key": "..."`, `token: `.
/// It would rather take out too much than too little. Time is linear in the text.
class redaction {
public:
  static constexpr std::size_t patterns_max = 32;

  redaction() = default;

  /// With an operator's expressions besides. `invalid` names the one that cannot be used.
  static result<redaction> with(const std::vector<std::string>& expressions);

  /// Changes the text in place. Safe for concurrent calls on different texts.
  void redact(std::string& text) const;

  /// Is the value of a field of this name a secret, whatever it looks like?
  static bool names_secret(std::string_view name);

private:
  std::vector<pattern> patterns_;
};

} // namespace holdfast::telemetry
