# holmes_library(NAME kube_core SOURCES a.cc b.cc TESTS a_test.cc DEPS holmes_base)
# makes the static library holmes_<NAME> and, from TESTS, the program <NAME>_test whose cases are
# ctests with the label "unit". DEPS are what the folder's sources use; TEST_DEPS only its tests.
function(holmes_library)
  cmake_parse_arguments(LIB "" "NAME" "SOURCES;TESTS;DEPS;TEST_DEPS" ${ARGN})
  add_library(holmes_${LIB_NAME} STATIC ${LIB_SOURCES})
  target_include_directories(holmes_${LIB_NAME} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(holmes_${LIB_NAME} PUBLIC ${LIB_DEPS})
  if(HOLMES_TESTS AND LIB_TESTS)
    add_executable(${LIB_NAME}_test ${LIB_TESTS})
    target_link_libraries(${LIB_NAME}_test PRIVATE holmes_${LIB_NAME} ${LIB_TEST_DEPS} GTest::gmock
      GTest::gtest_main)
    gtest_discover_tests(${LIB_NAME}_test DISCOVERY_MODE PRE_TEST TEST_PREFIX "${LIB_NAME}."
      PROPERTIES LABELS unit TIMEOUT 180)
  endif()
endfunction()
