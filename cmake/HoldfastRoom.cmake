# SPDX-License-Identifier: Apache-2.0
# What every room shares: warnings, libraries, and how a room and a test executable are made.
include(GNUInstallDirs)

# find_dependency passes on REQUIRED and QUIET of the package being looked for: here, our own.
set(CMAKE_FIND_PACKAGE_NAME Holdfast)
set(Holdfast_FIND_REQUIRED TRUE)
include(HoldfastLibraries)
unset(CMAKE_FIND_PACKAGE_NAME)

# ccache must be told that a precompiled header is no reason to give up.
find_program(CCACHE_PROGRAM ccache)
mark_as_advanced(CCACHE_PROGRAM)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND}" -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      "${CCACHE_PROGRAM}")
endif()

add_library(holdfast_options INTERFACE)
target_compile_options(holdfast_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wold-style-cast -Werror
  # Designated initialisers that leave members at their defaults are how the house writes options.
  -Wno-missing-field-initializers
  # Clang counts it under -Wconversion, GCC does not.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-sign-conversion>)
target_include_directories(holdfast_options INTERFACE "${PROJECT_SOURCE_DIR}")

# Precompiles headers for one target: holdfast_pch(TARGET <caf/all.hpp> <string> ...).
# For headers of libraries and of std only; our own change too often.
function(holdfast_pch target)
  target_precompile_headers(${target} PRIVATE ${ARGN})
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
endfunction()

# A room: a static library of the listed sources.
#   PUBLIC   rooms (and libraries) that its headers name
#   PRIVATE  libraries that only its sources name
#   PCH      heavy library and std headers to precompile, e.g. <rocksdb/db.h>
#   HEADERS  headers to install, relative to the room
# Rooms are included from the root of the sources ("messages/event.hpp"), and the same way by
# whoever uses the installed package.
function(holdfast_room name)
  cmake_parse_arguments(PARSE_ARGV 1 room "" "" "SOURCES;PUBLIC;PRIVATE;PCH;HEADERS")
  string(REPLACE "holdfast_" "" short ${name})
  if(room_SOURCES)
    add_library(${name} STATIC ${room_SOURCES})
    set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    set(reach PUBLIC)
    # What follows is needed to build the room, and to link it, but not to include it.
    target_link_libraries(${name} PRIVATE "$<BUILD_INTERFACE:holdfast_options>" ${room_PRIVATE})
    if(room_PCH)
      holdfast_pch(${name} ${room_PCH})
    endif()
  else()
    add_library(${name} INTERFACE)
    set(reach INTERFACE)
  endif()
  set_target_properties(${name} PROPERTIES EXPORT_NAME ${short})
  target_link_libraries(${name} ${reach} ${room_PUBLIC})
  target_compile_features(${name} ${reach} cxx_std_20)
  target_include_directories(${name} ${reach}
    "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>"
    "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/holdfast>")
  set_property(GLOBAL APPEND PROPERTY HOLDFAST_ROOMS ${name})
  install(TARGETS ${name} EXPORT HoldfastTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  if(room_HEADERS)
    install(FILES ${room_HEADERS}
            DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/holdfast/${short})
  endif()
endfunction()

# A test executable; its main is tests/support/main.cpp.
#   SOURCES    the tests and what only they use
#   LIBRARIES  rooms and libraries
#   PCH        heavy library and std headers to precompile
#   ARGUMENTS  passed when ctest runs it
#   LABELS     `release-only` for what need not run a second time under the sanitizers
function(holdfast_test name)
  cmake_parse_arguments(PARSE_ARGV 1 test "" "" "SOURCES;LIBRARIES;PCH;ARGUMENTS;LABELS")
  add_executable(${name} ${test_SOURCES})
  target_link_libraries(${name} PRIVATE holdfast_options holdfast_test_main ${test_LIBRARIES})
  if(test_PCH)
    holdfast_pch(${name} ${test_PCH})
  endif()
  # tools/check counts the cases of the short report.
  add_test(NAME ${name} COMMAND ${name} --color_output=no --report_level=short ${test_ARGUMENTS})
  set_tests_properties(${name} PROPERTIES TIMEOUT 1500 LABELS "${test_LABELS}")
endfunction()
