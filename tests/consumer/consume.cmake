# SPDX-License-Identifier: Apache-2.0
# Run by ctest: install, then configure, build and run `project/`, by CMake package and by .pc file.
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE out)
  if(NOT code EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}\nended with ${code}:\n${out}")
  endif()
  set(out "${out}" PARENT_SCOPE)
endfunction()

set(here "${BUILD}/tests/consumer")
set(prefix "${here}/prefix")
file(REMOVE_RECURSE "${prefix}" "${here}/project")
run("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${prefix}")
run("${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}/project" -B "${here}/project" -G "${GENERATOR}"
    "-DCMAKE_PREFIX_PATH=${prefix}" "-DCMAKE_BUILD_TYPE=${BUILD_TYPE}"
    "-DCMAKE_CXX_FLAGS=${FLAGS}" "-DVERSION=${VERSION}")
run("${CMAKE_COMMAND}" --build "${here}/project")

foreach(program by_package by_pkg_config)
  file(REMOVE_RECURSE "${here}/store")
  run("${here}/project/${program}" "${here}/store")
  if(NOT out STREQUAL "llm: stored\n")
    message(FATAL_ERROR "${program} said: ${out}")
  endif()
endforeach()

# A version that promises less or more than was asked for must not be found.
execute_process(COMMAND "${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}/project"
                        -B "${here}/too_new" -G "${GENERATOR}" "-DCMAKE_PREFIX_PATH=${prefix}"
                        -DVERSION=99.0
                RESULT_VARIABLE code OUTPUT_QUIET ERROR_QUIET)
file(REMOVE_RECURSE "${here}/too_new")
if(code EQUAL 0)
  message(FATAL_ERROR "version 99.0 was found, but ${VERSION} is installed")
endif()
