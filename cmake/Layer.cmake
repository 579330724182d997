# memsync_precompile(TARGET)
#
# Includes base/precompiled.h in every file of TARGET. It is compiled once for all of them, with memsync_base.
function(memsync_precompile target)
  if(target STREQUAL "memsync_base")
    target_precompile_headers(memsync_base PRIVATE "${PROJECT_SOURCE_DIR}/src/base/precompiled.h")
  else()
    target_precompile_headers(${target} REUSE_FROM memsync_base)
  endif()
endfunction()

# memsync_layer(NAME [DEPENDS layer...] [LIBRARIES target...] [PRECOMPILE header...] [EXCLUDE regex])
#
# Makes the static library `memsync_NAME` of every .cpp below the current folder.
# Headers are included by their path below src/, e.g. "model/node.h". PRECOMPILE names a header of its own
# instead of base/precompiled.h.
function(memsync_layer name)
  cmake_parse_arguments(arg "" "EXCLUDE" "DEPENDS;LIBRARIES;PRECOMPILE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  if(arg_EXCLUDE)
    list(FILTER sources EXCLUDE REGEX "${arg_EXCLUDE}")
  endif()
  if(NOT sources)
    return()
  endif()
  add_library(memsync_${name} STATIC ${sources})
  target_include_directories(memsync_${name} PUBLIC "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}")
  foreach(layer ${arg_DEPENDS})
    target_link_libraries(memsync_${name} PUBLIC memsync_${layer})
  endforeach()
  target_link_libraries(memsync_${name} PUBLIC ${arg_LIBRARIES})
  if(arg_PRECOMPILE)
    target_precompile_headers(memsync_${name} PRIVATE ${arg_PRECOMPILE})
  else()
    memsync_precompile(memsync_${name})
  endif()
endfunction()
