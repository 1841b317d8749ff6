# One library per room, its tests beside it.
#
#   midillama_module(octuple DEPENDS midi core LIBRARIES PkgConfig::X TORCH)
#
# compiles src/<name>/*.cpp into the static library midillama_<name> with the public headers of include/, and every tests/<name>/*_test.cpp
# into the test program <name>_tests. A test's ctest labels are its room and what its suite's name says: DistributedX → distributed,
# GoldenX → golden, SlowX → slow, CudaX → cuda, anything else → unit.

function(midillama_module name)
  cmake_parse_arguments(ARG "TORCH" "" "DEPENDS;LIBRARIES;PRIVATE_LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  set(target midillama_${name})
  add_library(${target} STATIC ${sources})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/include PRIVATE ${PROJECT_SOURCE_DIR}/src)
  list(TRANSFORM ARG_DEPENDS PREPEND midillama_ OUTPUT_VARIABLE dependencies)
  target_link_libraries(${target} PUBLIC ${dependencies} ${ARG_LIBRARIES} PRIVATE ${ARG_PRIVATE_LIBRARIES} midillama_warnings)
  if(ARG_TORCH)
    midillama_use_torch(${target})
  endif()
  if(BUILD_TESTING)
    midillama_tests(${name} ${ARG_TORCH})
  endif()
endfunction()

# Compiles the files of a page into the room, whose page_files() they are (cmake/EmbedFiles.cmake).
function(midillama_page name folder)
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*)
  set(source ${PROJECT_BINARY_DIR}/${name}_page_files.cpp)
  set(script ${PROJECT_SOURCE_DIR}/cmake/EmbedFiles.cmake)
  add_custom_command(OUTPUT ${source} COMMAND ${CMAKE_COMMAND} -DROOM=${name} -DFOLDER=${PROJECT_SOURCE_DIR}/${folder} -DSOURCE=${source} -P ${script}
    DEPENDS ${files} ${script} VERBATIM)
  target_sources(midillama_${name} PRIVATE ${source})
endfunction()

# The torch rooms share one precompiled header; their compile flags must therefore be the same.
function(midillama_use_torch target)
  target_link_libraries(${target} PUBLIC LibTorch::LibTorch)
  target_precompile_headers(${target} REUSE_FROM midillama_torch_pch)
endfunction()

function(midillama_tests name torch)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${name}/*_test.cpp)
  if(NOT sources)
    return()
  endif()
  set(target ${name}_tests)
  add_executable(${target} ${sources})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${target} PRIVATE midillama_${name} midillama_test_support GTest::gmock GTest::gtest midillama_warnings)
  if(torch)
    target_link_libraries(${target} PRIVATE midillama_strict_device)
    midillama_use_torch(${target})
  endif()
  gtest_discover_tests(${target} TEST_PREFIX "${name}." TEST_LIST discovered DISCOVERY_TIMEOUT 60 DISCOVERY_MODE PRE_TEST
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} PROPERTIES TIMEOUT 600)
  set(room ${name})
  configure_file(${PROJECT_SOURCE_DIR}/cmake/TestLabels.cmake.in ${PROJECT_BINARY_DIR}/${target}_labels.cmake @ONLY)
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${PROJECT_BINARY_DIR}/${target}_labels.cmake)
endfunction()
