# memsync_embed(TARGET NAMESPACE GLOB...)
#
# Compiles the named files of schemas/ into TARGET, so that the programs need no data folder:
# `std::string_view NAMESPACE::find_embedded(std::string_view path)`, path relative to schemas/,
# and `NAMESPACE::embedded_files()` for all of them. Declared in base/embedded.h.
function(memsync_embed target namespace)
  set(globs "")
  foreach(pattern ${ARGN})
    list(APPEND globs "${PROJECT_SOURCE_DIR}/schemas/${pattern}")
  endforeach()
  file(GLOB files CONFIGURE_DEPENDS ${globs})
  set(output "${CMAKE_CURRENT_BINARY_DIR}/${target}_embedded.cpp")
  add_custom_command(OUTPUT "${output}"
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} -DNAMESPACE=${namespace} "-DFILES=${files}"
      -DROOT=${PROJECT_SOURCE_DIR}/schemas -P "${PROJECT_SOURCE_DIR}/cmake/embed.cmake"
    DEPENDS ${files} "${PROJECT_SOURCE_DIR}/cmake/embed.cmake" VERBATIM)
  target_sources(${target} PRIVATE "${output}")
  set_source_files_properties("${output}" PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
endfunction()
