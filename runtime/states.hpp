// SPDX-License-Identifier: Apache-2.0
// The state of a fold at any place of a journal that is being written.
#pragma once

#include "messages/checkpoint.hpp"
#include "persistence/reader.hpp"
#include "runtime/persistent.hpp"

#include <any>
#include <functional>
#include <memory>

namespace holdfast {

/// Answers the reader, to be held for one page.
using reader_source = std::function<result<std::shared_ptr<const persistence::reader>>()>;

/// The state after every record up to `at`: the newest good checkpoint and the records after it,
/// page by page, so that neither memory nor the store is held for long. Answers `not_found` when
/// `at` is beyond the head, and a fault that names the event when the fold throws.
result<state_at<std::any>> state_of(const fold& actor, const reader_source& source, sequence at);

/// The last record at or before that time; 0: none.
result<sequence> last_at(const persistence::reader& reader, wall_time time);

} // namespace holdfast
