# Every pair of concurrent actions under every strategy in both orders, on a real hub and real stores: what comes
# of it is what docs/conflicts.md says.
file(GLOB merge_matrix CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/matrix/*.cpp")
if(TARGET memsync_hub AND TARGET memsync_replica)
  add_executable(merge_matrix "${PROJECT_SOURCE_DIR}/tests/unit/main.cpp" ${merge_matrix})
  target_include_directories(merge_matrix PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(merge_matrix PRIVATE memsync_hub memsync_replica doctest::doctest)
  target_precompile_headers(merge_matrix PRIVATE "${PROJECT_SOURCE_DIR}/src/base/precompiled.h" <doctest/doctest.h>)
  target_compile_definitions(merge_matrix PRIVATE "MEMSYNC_SOURCE_DIR=\"${PROJECT_SOURCE_DIR}\"")
  # As in tests/CMakeLists.txt; the property belongs to this folder.
  set_source_files_properties("${PROJECT_SOURCE_DIR}/tests/unit/main.cpp" PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
  set_target_properties(merge_matrix PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  add_test(NAME merge_matrix COMMAND merge_matrix)
  set_tests_properties(merge_matrix PROPERTIES LABELS "sim;contract" TIMEOUT 300)
endif()
