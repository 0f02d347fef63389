# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` leaves for others to build with: the target Holdfast::holdfast, its config
# and version files, and a .pc file. Included after the rooms.
include(CMakePackageConfigHelpers)

# Everything one needs to embed the runtime.
add_library(holdfast_embedding INTERFACE)
add_library(Holdfast::holdfast ALIAS holdfast_embedding)
set_target_properties(holdfast_embedding PROPERTIES EXPORT_NAME holdfast)
get_property(holdfast_rooms GLOBAL PROPERTY HOLDFAST_ROOMS)
target_link_libraries(holdfast_embedding INTERFACE ${holdfast_rooms})
install(TARGETS holdfast_embedding EXPORT HoldfastTargets)

set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/Holdfast")
install(EXPORT HoldfastTargets NAMESPACE Holdfast:: DESTINATION "${package_folder}")
configure_package_config_file(
  "${CMAKE_CURRENT_LIST_DIR}/HoldfastConfig.cmake.in" "${PROJECT_BINARY_DIR}/HoldfastConfig.cmake"
  INSTALL_DESTINATION "${package_folder}")
# Before 1.0 a minor version may change what users see.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/HoldfastConfigVersion.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/HoldfastConfig.cmake"
              "${PROJECT_BINARY_DIR}/HoldfastConfigVersion.cmake"
              "${CMAKE_CURRENT_LIST_DIR}/HoldfastLibraries.cmake"
        DESTINATION "${package_folder}")

# Written at install time, when the prefix is known. Static libraries: users before what they use.
set(HOLDFAST_PC_ROOMS "")
foreach(room IN LISTS holdfast_rooms)
  get_target_property(type ${room} TYPE)
  if(type STREQUAL "STATIC_LIBRARY")
    set(HOLDFAST_PC_ROOMS "-l${room} ${HOLDFAST_PC_ROOMS}")
  endif()
endforeach()
string(STRIP "${HOLDFAST_PC_ROOMS}" HOLDFAST_PC_ROOMS)
install(CODE "
  set(PROJECT_VERSION \"${PROJECT_VERSION}\")
  set(HOLDFAST_PC_ROOMS \"${HOLDFAST_PC_ROOMS}\")
  set(HOLDFAST_PC_LIBDIR \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}\")
  set(HOLDFAST_PC_INCLUDEDIR \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_INCLUDEDIR}\")
  configure_file(\"${CMAKE_CURRENT_LIST_DIR}/holdfast.pc.in\"
                 \"${PROJECT_BINARY_DIR}/holdfast.pc\" @ONLY)")
install(FILES "${PROJECT_BINARY_DIR}/holdfast.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
