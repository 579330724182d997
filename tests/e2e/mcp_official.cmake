# The official programs of the Model Context Protocol (tests/tools) against our servers.

# mcp_official_test(NAME SECONDS SCRIPT ARGUMENT...): SECONDS is when it hangs. Without the official
# programs it fails and says how to install them.
function(mcp_official_test name seconds script)
  add_test(NAME ${name} COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/mcp_official_run" ${script} ${ARGN})
  set_tests_properties(${name} PROPERTIES LABELS e2e TIMEOUT ${seconds})
endfunction()

set(mcp_revisions 2025-11-25 2026-07-28)

if(TARGET memsync_mcp)
  add_subdirectory(fixture)
  foreach(revision ${mcp_revisions})
    mcp_official_test(mcp_conformance_fixture_${revision} 400 mcp_official_conformance.mjs fixture ${revision}
                      $<TARGET_FILE:mcp_fixture_server>)
  endforeach()
  mcp_official_test(mcp_clients_fixture 120 mcp_official_sdk_fixture.mjs $<TARGET_FILE:mcp_fixture_server>)
endif()

if(TARGET memsync)
  foreach(revision ${mcp_revisions})
    mcp_official_test(mcp_conformance_memsync_${revision} 400 mcp_official_conformance.mjs memsync ${revision}
                      $<TARGET_FILE:memsync> mcp)
  endforeach()
  mcp_official_test(mcp_clients_memsync 120 mcp_official_sdk.mjs $<TARGET_FILE:memsync> mcp)
  mcp_official_test(mcp_inspector_memsync 300 mcp_official_inspector.mjs $<TARGET_FILE:memsync> mcp)
  if(TARGET memsync-hub)
    mcp_official_test(mcp_conflict 300 mcp_official_conflict.mjs $<TARGET_FILE:memsync> $<TARGET_FILE:memsync-hub>)
  endif()
endif()
