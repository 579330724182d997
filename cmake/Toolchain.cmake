# Compiler settings shared by every target: C++20, warnings as errors, ccache and sanitizers.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
# Assertions guard invariants of stored data, so they stay on in release builds.
string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")
set(CMAKE_CXX_FLAGS_RELEASE "-O2")

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
  -Wold-style-cast -Woverloaded-virtual -Wimplicit-fallthrough -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False positives of g++ 12 on std::string and std::variant under -O2 and the sanitizers.
  add_compile_options(-Wno-restrict -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-array-bounds)
endif()

# Some sources are compiled as one, since most of what a source alone costs are headers and templates: this
# takes a third off a build from nothing. A name in an unnamed namespace has to be the only one of its kind in
# its layer. The presets debug and fuzz compile each source alone, and so find what a source forgot to include.
set(CMAKE_UNITY_BUILD ON CACHE BOOL "Compile several sources of a target as one")
set(CMAKE_UNITY_BUILD_BATCH_SIZE 4)

set(MEMSYNC_SANITIZE "" CACHE STRING "address,undefined or thread")
if(MEMSYNC_SANITIZE)
  add_compile_options(-fsanitize=${MEMSYNC_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
  add_link_options(-fsanitize=${MEMSYNC_SANITIZE})
  if(MEMSYNC_SANITIZE MATCHES "undefined")
    # A check before every access, a third of the time to compile, and a null pointer ends the program anyway.
    add_compile_options(-fno-sanitize=null,alignment)
  endif()
  if(MEMSYNC_SANITIZE STREQUAL "thread")
    add_compile_options(-Wno-tsan) # fences in Asio, which the sanitizer does not see
  endif()
endif()

option(MEMSYNC_COVERAGE "Count which lines run (gcov)" OFF)
if(MEMSYNC_COVERAGE)
  add_compile_options(--coverage -fprofile-update=atomic)
  add_link_options(--coverage)
endif()
# Programs that run several times slower than they would for a user: repeated tests repeat less.
set(MEMSYNC_SLOW OFF)
if(MEMSYNC_SANITIZE OR MEMSYNC_COVERAGE)
  set(MEMSYNC_SLOW ON)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  # The sloppiness is what ccache asks for to cache compilations that use a precompiled header. With paths
  # below the base folder made relative, another clone of the project finds what this one compiled; so
  # nothing may rely on __FILE__ being absolute.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_NOHASHDIR=1
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-fpch-preprocess)
  endif()
endif()
