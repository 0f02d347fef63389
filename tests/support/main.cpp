// SPDX-License-Identifier: Apache-2.0
// The main of every test executable: Boost.Test, linked dynamically.
#define BOOST_TEST_MODULE holdfast
#include <boost/test/unit_test.hpp>
