# The model form of the simulator: src/model alone, hundreds of runs a second.
file(GLOB model_form CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/model/*.cpp")
list(FILTER model_form EXCLUDE REGEX "(main|exhaustive)\\.cpp$")
add_library(model_form STATIC ${model_form})
target_link_libraries(model_form PUBLIC memsync_model)
memsync_precompile(model_form)

add_executable(model_simulator model/main.cpp)
add_executable(model_exhaustive model/exhaustive.cpp)
foreach(program model_simulator model_exhaustive)
  target_link_libraries(${program} PRIVATE model_form)
  set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
endforeach()

# A sanitizer makes them ten times slower.
set(model_seeds 20000)
set(model_depth 3)
if(MEMSYNC_SLOW)
  set(model_seeds 1000)
  set(model_depth 2)
endif()
add_test(NAME model_sim COMMAND model_simulator --seeds ${model_seeds})
# All cases, in two halves that run side by side.
add_test(NAME model_exhaustive COMMAND model_exhaustive --depth ${model_depth} --part 0 --parts 2)
add_test(NAME model_exhaustive_second COMMAND model_exhaustive --depth ${model_depth} --part 1 --parts 2)
set_tests_properties(model_sim model_exhaustive model_exhaustive_second PROPERTIES LABELS sim)

# Known bugs put back into the sources: that each still fits, at every run; that each is found, at night.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
add_test(NAME injected_bugs_apply COMMAND Python3::Interpreter -B "${CMAKE_CURRENT_SOURCE_DIR}/inject_bugs" --check)
set_tests_properties(injected_bugs_apply PROPERTIES LABELS sim)
add_test(NAME injected_bugs
  COMMAND Python3::Interpreter -B "${CMAKE_CURRENT_SOURCE_DIR}/inject_bugs" --scratch "${CMAKE_BINARY_DIR}/injected")
set_tests_properties(injected_bugs PROPERTIES LABELS nightly TIMEOUT 14400)
