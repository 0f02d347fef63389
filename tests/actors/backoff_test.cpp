// SPDX-License-Identifier: Apache-2.0
// Do pauses double, stay below their cap and only shrink by jitter?
#include "actors/backoff.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

using namespace std::chrono_literals;

namespace holdfast::test {

BOOST_AUTO_TEST_SUITE(backoff_values)

BOOST_AUTO_TEST_CASE(doubles_up_to_the_cap) {
  const backoff pauses{.min = 100ms, .max = 1s, .jitter_share = 0.5};
  struct row {
    unsigned failures;
    double jitter;
    std::chrono::milliseconds expected;
  };
  for (const auto& [failures, jitter, expected] :
       {row{0, 0, 0ms}, row{1, 0, 100ms}, row{2, 0, 200ms}, row{4, 0, 800ms}, row{5, 0, 1s},
        row{std::numeric_limits<unsigned>::max(), 0, 1s}, row{2, 0.5, 150ms}, row{2, 1, 100ms},
        row{2, -3, 200ms}, row{2, 7, 100ms},
        row{2, std::numeric_limits<double>::quiet_NaN(), 200ms}})
    BOOST_TEST_CONTEXT(failures << " failures, jitter " << jitter)
  BOOST_TEST(pauses.pause_after(failures, jitter).count() == expected.count());
}

BOOST_AUTO_TEST_CASE(never_exceeds_its_cap_even_where_doubling_would_overflow) {
  const backoff pauses{.min = std::chrono::milliseconds::max() / 3,
                       .max = std::chrono::milliseconds::max() - 1ms,
                       .jitter_share = 0};
  for (unsigned failures = 1; failures < 70; ++failures)
    BOOST_TEST(pauses.pause_after(failures, 0).count() <= pauses.max.count());
  BOOST_TEST((backoff{.min = 0ms, .max = 0ms}.pause_after(1000000000, 0.5) == 0ms));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::test
