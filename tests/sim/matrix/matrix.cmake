# Every pair of concurrent actions under every strategy in both orders, on a real hub and real stores: what comes
# of it is what docs/conflicts.md says.
file(GLOB merge_matrix CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/matrix/*.cpp")
if(TARGET memsync_hub AND TARGET memsync_replica)
  add_executable(merge_matrix "${PROJECT_SOURCE_DIR}/tests/unit/main.cpp" ${merge_matrix})
  target_link_libraries(merge_matrix PRIVATE memsync_hub memsync_replica)
  target_compile_definitions(merge_matrix PRIVATE "MEMSYNC_SOURCE_DIR=\"${PROJECT_SOURCE_DIR}\"")
  memsync_doctest(merge_matrix)
  add_test(NAME merge_matrix COMMAND merge_matrix)
  set_tests_properties(merge_matrix PROPERTIES LABELS "sim;contract" TIMEOUT 300)
endif()
