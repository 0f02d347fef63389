# SPDX-License-Identifier: Apache-2.0
# Run by ctest: kills the example half-way, runs it again, and compares with one never killed.
file(REMOVE_RECURSE "${PLACE}")
file(MAKE_DIRECTORY "${PLACE}")
execute_process(COMMAND "${PROGRAM}" "${PLACE}/killed" 2000 1000
                RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE told)
if(code EQUAL 0 OR NOT out STREQUAL "")
  message(FATAL_ERROR "it was to be killed, but ended with ${code}: ${out}${told}")
endif()
execute_process(COMMAND "${PROGRAM}" "${PLACE}/killed" 2000
                RESULT_VARIABLE code OUTPUT_VARIABLE resumed ERROR_VARIABLE told)
if(NOT code EQUAL 0 OR NOT told STREQUAL "found 999 events\n")
  message(FATAL_ERROR "after the kill it ended with ${code}: ${told}")
endif()
execute_process(COMMAND "${PROGRAM}" "${PLACE}/whole" 2000
                RESULT_VARIABLE code OUTPUT_VARIABLE whole ERROR_VARIABLE told)
if(NOT code EQUAL 0 OR NOT resumed STREQUAL whole OR NOT whole MATCHES "large [0-9]+\nsmall")
  message(FATAL_ERROR "ended with ${code}; resumed:\n${resumed}never killed:\n${whole}")
endif()
file(REMOVE_RECURSE "${PLACE}")
