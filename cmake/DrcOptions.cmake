# Language level, warnings, hardening and sanitizers for every target of ours.
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

set(DRC_SANITIZE "" CACHE STRING "Value for -fsanitize=, empty for none")
option(DRC_TESTS "Build the tests" ON)
option(DRC_FUZZ "Build the libFuzzer programs (clang only)" OFF)
set(DRC_FAULT "" CACHE STRING "Test builds only: switch off one protection (no-dedupe, no-fence) to prove that the tests notice, or have one \
part break down now and then (fatal-producer)")
set_property(CACHE DRC_FAULT PROPERTY STRINGS "" no-dedupe no-fence fatal-producer)

add_library(drc_flags INTERFACE)
target_compile_definitions(drc_flags INTERFACE _GNU_SOURCE DRC_VERSION="${PROJECT_VERSION}" $<$<CONFIG:Debug>:DRC_DEBUG>)
target_compile_options(drc_flags INTERFACE -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Werror
  -fstack-protector-strong -fno-omit-frame-pointer)
target_link_options(drc_flags INTERFACE -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -pie)
if(DRC_SANITIZE)
  target_compile_options(drc_flags INTERFACE -fsanitize=${DRC_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(drc_flags INTERFACE -fsanitize=${DRC_SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  target_compile_options(drc_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
if(CMAKE_C_COMPILER_ID STREQUAL "Clang")
  # Its warnings differ, and gcc's are the ones that count. An empty span may be NULL plus 0, which it alone counts as undefined.
  target_compile_options(drc_flags INTERFACE -Wno-error -Wno-string-conversion -fno-sanitize=pointer-overflow)
endif()
if(DRC_FAULT)
  string(TOUPPER "DRC_FAULT_${DRC_FAULT}" drc_fault_macro)
  string(REPLACE "-" "_" drc_fault_macro "${drc_fault_macro}")
  target_compile_definitions(drc_flags INTERFACE ${drc_fault_macro})
endif()
# Asserts stay on in every build type: they guard against our own mistakes only.
set(CMAKE_C_FLAGS_RELEASE "-O2 -g")
set(CMAKE_C_FLAGS_DEBUG "-O1 -g")
