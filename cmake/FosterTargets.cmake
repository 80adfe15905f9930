# How every target of foster is built: flags, precompiled headers, layers and their tests.

add_library(foster_flags INTERFACE)
target_include_directories(foster_flags INTERFACE "${CMAKE_SOURCE_DIR}/include" "${CMAKE_SOURCE_DIR}/src")
# Asio's definitions are everybody's, so that all layers share one precompiled header.
target_compile_definitions(foster_flags INTERFACE _GNU_SOURCE FOSTER_VERSION="${PROJECT_VERSION}"
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
target_compile_options(foster_flags INTERFACE -Wall -Wextra -Wconversion -Wshadow -Wnon-virtual-dtor -Wswitch -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False alarms of g++ 12 in std::string and coroutines at -O2.
  target_compile_options(foster_flags INTERFACE -Wno-restrict -Wno-maybe-uninitialized -Wno-stringop-overflow
                                                -Wno-array-bounds -Wno-dangling-pointer -Wno-mismatched-new-delete)
endif()
if(FOSTER_SANITIZE)
  target_compile_options(foster_flags INTERFACE -fsanitize=${FOSTER_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(foster_flags INTERFACE -fsanitize=${FOSTER_SANITIZE})
  target_compile_definitions(foster_flags INTERFACE FOSTER_SANITIZED=1)
  if(FOSTER_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Asio's fences are not understood, and not needed: one thread runs a loop.
    target_compile_options(foster_flags INTERFACE -Wno-tsan)
  endif()
endif()
if(FOSTER_COVERAGE)
  target_compile_options(foster_flags INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(foster_flags INTERFACE --coverage)
endif()

find_package(Threads REQUIRED)

# {fmt}, Boost.JSON, SQLite, pugixml and libedit are linked statically: the binary depends on glibc alone.
function(foster_archive target name)
  find_library(FOSTER_ARCHIVE_${name} NAMES lib${name}.a REQUIRED)
  add_library(${target} INTERFACE)
  target_link_libraries(${target} INTERFACE "${FOSTER_ARCHIVE_${name}}" ${ARGN})
endfunction()
add_library(foster_fmt STATIC "${CMAKE_SOURCE_DIR}/cmake/fmt_impl.cpp")
foster_archive(foster_sqlite sqlite3 m Threads::Threads ${CMAKE_DL_LIBS})
foster_archive(foster_pugixml pugixml)
# libedit and what its archive asks for: terminal descriptions, strvis(3), and message digests, which no one calls.
foster_archive(foster_tinfo tinfo)
foster_archive(foster_md md)
foster_archive(foster_bsd bsd foster_md)
foster_archive(foster_edit edit foster_tinfo foster_bsd)
foster_archive(foster_boost_container boost_container)
foster_archive(foster_boost_json boost_json foster_boost_container)

# Asio and Beast: compiled once, not in every file that includes them.
add_library(foster_asio_impl STATIC "${CMAKE_SOURCE_DIR}/cmake/asio_impl.cpp")
add_library(foster_asio INTERFACE)
target_link_libraries(foster_asio_impl PRIVATE foster_flags)
add_library(foster_asio_linked INTERFACE)
target_link_libraries(foster_asio_linked INTERFACE foster_asio_impl Threads::Threads)
target_link_libraries(foster_asio INTERFACE $<LINK_ONLY:foster_asio_linked>)

# One precompiled header, reused by every layer: all have the same flags.
add_library(foster_pch_std OBJECT "${CMAKE_SOURCE_DIR}/cmake/empty.cpp")
target_link_libraries(foster_pch_std PRIVATE foster_flags)
target_precompile_headers(foster_pch_std PRIVATE
  <algorithm> <array> <chrono> <cstdint> <expected> <filesystem> <functional> <map> <memory> <optional> <span>
  <string> <string_view> <unordered_map> <utility> <variant> <vector> <fmt/format.h>)

# foster_layer(NAME [USES layer…] [LIBRARIES target…]): src/NAME as a static library, tests/unit/NAME as NAME_test.
function(foster_layer name)
  cmake_parse_arguments(LAYER "" "" "USES;LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/src/${name}/*.cpp" "${CMAKE_SOURCE_DIR}/src/${name}/*/*.cpp")
  list(FILTER sources EXCLUDE REGEX "/cli/main\\.cpp$")
  if(NOT sources)
    set(sources "${CMAKE_SOURCE_DIR}/cmake/empty.cpp")
  endif()
  add_library(foster_${name}_objects OBJECT ${sources})
  target_link_libraries(foster_${name}_objects PRIVATE foster_flags foster_fmt ${LAYER_LIBRARIES})
  target_precompile_headers(foster_${name}_objects REUSE_FROM foster_pch_std)
  add_library(foster_${name} STATIC $<TARGET_OBJECTS:foster_${name}_objects>)
  target_link_libraries(foster_${name} PUBLIC foster_flags foster_fmt ${LAYER_LIBRARIES})
  foreach(used IN LISTS LAYER_USES)
    target_link_libraries(foster_${name} PUBLIC foster_${used})
  endforeach()
endfunction()

# foster_program(TARGET): libstdc++ inside, glibc outside (users and groups need NSS), or everything inside.
function(foster_program target)
  if(FOSTER_STATIC)
    target_link_options(${target} PRIVATE -static)
  elseif(NOT FOSTER_SANITIZE)
    target_link_options(${target} PRIVATE -static-libstdc++ -static-libgcc)
  endif()
  target_link_options(${target} PRIVATE -Wl,--gc-sections -Wl,-z,relro -Wl,-z,now)
endfunction()
