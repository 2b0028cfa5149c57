# Warnings, hardening, sanitizers and the linker: the same for every target of ours.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    message(STATUS "g++ older than 13 frees coroutine temporaries twice; tools/lint/co_await.query guards the code. clang 19 is the reference compiler.")
endif()

add_library(skep_options INTERFACE)
target_compile_options(skep_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ 12 reports these inside libstdc++'s own headers.
    target_compile_options(skep_options INTERFACE -Wno-error=maybe-uninitialized -Wno-error=restrict
        -Wno-error=dangling-pointer -Wno-error=stringop-overflow -Wno-error=array-bounds -Wno-error=mismatched-new-delete
        -Wno-missing-field-initializers)
else()
    target_compile_options(skep_options INTERFACE -Wno-missing-designated-field-initializers -Wno-missing-field-initializers)
endif()
target_compile_definitions(skep_options INTERFACE _GLIBCXX_ASSERTIONS BOOST_ASIO_NO_DEPRECATED
    BOOST_ASIO_DISABLE_BOOST_REGEX)
target_compile_options(skep_options INTERFACE -fstack-protector-strong)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
    target_compile_definitions(skep_options INTERFACE _FORTIFY_SOURCE=3)
endif()
target_link_options(skep_options INTERFACE -Wl,-z,relro,-z,now)
set(CMAKE_EXE_LINKER_FLAGS "${CMAKE_EXE_LINKER_FLAGS} -pie")

find_program(SKEP_MOLD mold)
if(SKEP_MOLD AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    add_link_options(-fuse-ld=mold)
endif()

if(SKEP_SANITIZE)
    add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
    add_link_options(-fsanitize=address,undefined)
endif()
if(SKEP_TSAN)
    add_compile_options(-fsanitize=thread)
    add_link_options(-fsanitize=thread)
endif()
if(SKEP_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link,address,undefined)
    add_link_options(-fsanitize=address,undefined)
endif()
