# Compiler, language level and flags of every target.
# g++ 12 destroys some coroutine temporaries twice, so only clang is accepted.
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR
    "Holmes needs clang 19 or newer, found ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}; run ./dev setup.")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(HOLMES_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize takes them")
option(HOLMES_TESTS "Build the unit tests" ON)
option(HOLMES_FUZZ "Instrument for libFuzzer" OFF)
option(HOLMES_MAKE_PROFILE "Count what runs, for cmake/release.profdata" OFF)

find_program(CCACHE ccache)
if(CCACHE)
  # Clones and worktrees share what they have compiled: paths count from the top of each.
  set(HOLMES_LAUNCHER env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${HOLMES_LAUNCHER})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${HOLMES_LAUNCHER})
endif()

add_compile_options(-Wall -Wextra -Wconversion -Werror -fno-omit-frame-pointer)
add_link_options(-fuse-ld=lld -Wl,--as-needed)

if(HOLMES_SANITIZE)
  add_compile_options(-fsanitize=${HOLMES_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${HOLMES_SANITIZE})
endif()
if(HOLMES_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  # -g1: line numbers in reports; full debug info doubles the build.
  set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
else()
  set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
  add_compile_definitions(_GLIBCXX_ASSERTIONS _FORTIFY_SOURCE=2)
  add_compile_options(-flto=thin -fstack-protector-strong -fstack-clash-protection
    -fcf-protection=full -fPIE -ffunction-sections -fdata-sections)
  # What the profile never saw run stands apart from what did, so that a wake-up touches fewer pages.
  add_link_options(-fsplit-machine-functions -Wl,-z,keep-text-section-prefix)
  add_link_options(-flto=thin -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--gc-sections
    -Wl,--thinlto-cache-dir=${CMAKE_BINARY_DIR}/lto-cache)
  # See "The release's profile" in bench/README.md. Names in a profile shall not depend on where this
  # tree stands; a copy named by its content makes objects depend on what is in the profile.
  add_compile_options("SHELL:-mllvm -static-func-full-module-prefix=false")
  if(HOLMES_MAKE_PROFILE)
    add_compile_options(-fprofile-generate)
    add_link_options(-fprofile-generate)
  else()
    set(profile ${CMAKE_SOURCE_DIR}/cmake/release.profdata)
    file(SHA256 ${profile} content)
    set(copy ${CMAKE_BINARY_DIR}/${content}.profdata)
    configure_file(${profile} ${copy} COPYONLY)
    add_compile_options(-fprofile-use=${copy} -Wno-profile-instr-out-of-date
      -Wno-profile-instr-unprofiled -Wno-backend-plugin)
  endif()
endif()
