// SPDX-License-Identifier: Apache-2.0
// The host's load, read from files like those of /proc; what is not there is left out.
#include "runtime/os/host_load.hpp"
#include "tests/runtime/scratch.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>

using namespace holdfast;

namespace {

struct on_files : scratch {
  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path() / name).parent_path());
    std::ofstream{path() / name} << text;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(host_load, on_files)

BOOST_AUTO_TEST_CASE(reads_what_the_kernel_tells) {
  write("stat", "cpu  10 1 5 100 20 2 3 4 7 0\ncpu0 10 1 5 100 20 2 3 4 7 0\n");
  write("meminfo", "MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 250 kB\n");
  write("pressure/cpu", "some avg10=1.25 avg60=0.00 avg300=0.00 total=1\n");
  write("pressure/io", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\nfull avg10=9.00\n");
  const auto read = os::read_host_load(path(), path());
  BOOST_TEST((read.cpu == os::cpu_ticks{25, 145})); // waiting for the disk is not busy
  BOOST_TEST(read.memory_percent.value() == 75.0);
  BOOST_TEST(read.cpu_stall_percent.value() == 1.25);
  BOOST_TEST(read.io_stall_percent.value() == 0.0);
  BOOST_TEST(!read.memory_stall_percent);
  BOOST_TEST_REQUIRE(read.disk.has_value());
  BOOST_TEST(read.disk->free_bytes <= read.disk->all_bytes);
  BOOST_TEST(read.disk->all_bytes > 0U);
}

BOOST_AUTO_TEST_CASE(leaves_out_what_is_not_there_or_is_something_else) {
  auto read = os::read_host_load({}, path());
  BOOST_TEST((!read.cpu && !read.memory_percent && !read.cpu_stall_percent && !read.disk));
  write("stat", "intr 1 2 3\n");
  write("meminfo", "MemTotal: 0 kB\nMemAvailable: 0 kB\n");
  write("pressure/cpu", "some average=1\n");
  read = os::read_host_load(path() / "nowhere", path());
  BOOST_TEST((!read.cpu && !read.memory_percent && !read.cpu_stall_percent && !read.disk));
  write("stat", "cpu  1 2\n");
  BOOST_TEST(!os::read_host_load({}, path()).cpu);
}

BOOST_AUTO_TEST_SUITE_END()
