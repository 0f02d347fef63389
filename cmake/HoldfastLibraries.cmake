# SPDX-License-Identifier: Apache-2.0
# The libraries of the house, all from Debian packages. Read by the build and by the installed
# package alike, so that a consumer finds exactly what the rooms were linked with.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(OpenSSL)
find_dependency(ZLIB)
find_dependency(RocksDB CONFIG)
find_dependency(spdlog CONFIG)
find_dependency(Boost 1.74)
find_dependency(nlohmann_json CONFIG)
find_dependency(simdjson CONFIG)
find_dependency(tomlplusplus CONFIG)
find_dependency(CLI11 CONFIG)
find_dependency(date CONFIG)
find_dependency(prometheus-cpp CONFIG)
find_dependency(zstd CONFIG)
find_dependency(Protobuf)

# Debian 12 calls the package `msgpack`, upstream since then `msgpack-cxx`.
find_package(msgpack-cxx QUIET CONFIG)
if(NOT msgpack-cxx_FOUND)
  find_dependency(msgpack CONFIG)
elseif(NOT TARGET msgpackc-cxx)
  add_library(msgpackc-cxx INTERFACE IMPORTED)
  target_link_libraries(msgpackc-cxx INTERFACE msgpack-cxx)
endif()

# Debian's libcaf-dev ships no CMake package.
if(NOT TARGET CAF::core)
  find_path(CAF_INCLUDE_DIR caf/actor.hpp)
  find_library(CAF_CORE_LIBRARY caf_core)
  mark_as_advanced(CAF_INCLUDE_DIR CAF_CORE_LIBRARY)
  if(NOT CAF_INCLUDE_DIR OR NOT CAF_CORE_LIBRARY)
    set(${CMAKE_FIND_PACKAGE_NAME}_FOUND FALSE)
    message(FATAL_ERROR "Holdfast needs CAF (package libcaf-dev)")
  endif()
  add_library(CAF::core UNKNOWN IMPORTED)
  set_target_properties(CAF::core PROPERTIES IMPORTED_LOCATION "${CAF_CORE_LIBRARY}"
                                             INTERFACE_INCLUDE_DIRECTORIES "${CAF_INCLUDE_DIR}"
                                             INTERFACE_LINK_LIBRARIES Threads::Threads)
endif()
