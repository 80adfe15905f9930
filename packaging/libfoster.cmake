# libfoster as others find it: find_package(foster) with the target foster::foster, and pkg-config --libs foster. Its
# component "library" can be installed alone: cmake --install BUILD --component library.
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/foster")
install(TARGETS libfoster EXPORT fosterTargets COMPONENT library)
install(DIRECTORY "${CMAKE_SOURCE_DIR}/include/foster" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT library)
# The library needs nothing but the C++ standard library, so the exported target is the whole configuration.
install(EXPORT fosterTargets NAMESPACE foster:: FILE fosterConfig.cmake DESTINATION "${package_dir}" COMPONENT library)
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file("${CMAKE_CURRENT_BINARY_DIR}/fosterConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/fosterConfigVersion.cmake" DESTINATION "${package_dir}" COMPONENT library)

# Paths relative to the file itself: the installed tree may be moved.
cmake_path(RELATIVE_PATH CMAKE_INSTALL_FULL_INCLUDEDIR BASE_DIRECTORY "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig"
           OUTPUT_VARIABLE FOSTER_INCLUDEDIR_FROM_PC)
configure_file("${CMAKE_CURRENT_SOURCE_DIR}/foster.pc.in" "${CMAKE_CURRENT_BINARY_DIR}/foster.pc" @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/foster.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT library)
