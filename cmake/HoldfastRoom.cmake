# SPDX-License-Identifier: Apache-2.0
# What every room shares: warnings, libraries, and how a test executable is made.
include(GNUInstallDirs)
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(RocksDB REQUIRED CONFIG)
find_package(msgpack-cxx QUIET CONFIG)
if(NOT msgpack-cxx_FOUND)
  find_package(msgpack REQUIRED CONFIG)
endif()
find_package(spdlog REQUIRED CONFIG)
find_package(Boost 1.74 REQUIRED)
find_package(nlohmann_json REQUIRED CONFIG)
find_package(PkgConfig REQUIRED)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)

# Debian's libcaf-dev ships no CMake package.
find_path(CAF_INCLUDE_DIR caf/actor.hpp REQUIRED)
find_library(CAF_CORE_LIBRARY caf_core REQUIRED)
if(NOT TARGET CAF::core)
  add_library(CAF::core UNKNOWN IMPORTED)
  set_target_properties(CAF::core PROPERTIES IMPORTED_LOCATION "${CAF_CORE_LIBRARY}"
                                             INTERFACE_INCLUDE_DIRECTORIES "${CAF_INCLUDE_DIR}")
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()

add_library(holdfast_options INTERFACE)
target_compile_options(holdfast_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wold-style-cast -Werror)
target_include_directories(holdfast_options INTERFACE "${PROJECT_SOURCE_DIR}")

# A room: a static library of the listed sources, private include path = the source root.
function(holdfast_room name)
  cmake_parse_arguments(PARSE_ARGV 1 room "" "" "SOURCES;PUBLIC;PRIVATE")
  add_library(${name} STATIC ${room_SOURCES})
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(${name} PUBLIC ${room_PUBLIC} PRIVATE holdfast_options ${room_PRIVATE})
  target_include_directories(${name} PUBLIC "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>")
endfunction()

# A test executable; its main is tests/support/main.cpp.
function(holdfast_test name)
  cmake_parse_arguments(PARSE_ARGV 1 test "" "" "SOURCES;LIBRARIES")
  add_executable(${name} ${test_SOURCES} "${PROJECT_SOURCE_DIR}/tests/support/main.cpp")
  target_link_libraries(${name} PRIVATE holdfast_options ${test_LIBRARIES}
                                        Boost::unit_test_framework)
  target_compile_definitions(${name} PRIVATE BOOST_TEST_DYN_LINK)
  add_test(NAME ${name} COMMAND ${name} --color_output=no)
endfunction()
