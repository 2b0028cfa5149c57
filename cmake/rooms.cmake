# One static library for each room; arrows point down only (tools/lint/rooms.py checks the includes).
# Sources are globbed, so a new file or protocol changes no build file.
function(skep_room room)
    cmake_parse_arguments(ROOM "" "" "USES" ${ARGN})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${room}/*.cpp)
    list(FILTER sources EXCLUDE REGEX "_test\\.cpp$|/standalone/")
    if(NOT sources)
        return()
    endif()
    add_library(skep_${room} STATIC ${sources})
    target_include_directories(skep_${room} PUBLIC ${CMAKE_SOURCE_DIR}/src)
    foreach(used ${ROOM_USES})
        if(NOT used MATCHES "^skep_" OR TARGET ${used}) # a room may be headers only
            target_link_libraries(skep_${room} PUBLIC ${used})
        endif()
    endforeach()
    target_link_libraries(skep_${room} PUBLIC skep_options)
    if(NOT room STREQUAL "base")
        target_link_libraries(skep_${room} PUBLIC skep_base)
    endif()
    if(SKEP_PCH AND NOT room STREQUAL "base")
        target_precompile_headers(skep_${room} REUSE_FROM skep_pch)
    endif()
    set_property(GLOBAL APPEND PROPERTY SKEP_ROOMS skep_${room})
endfunction()

skep_room(base USES Threads::Threads Boost::json OpenSSL::Crypto fmt::fmt PkgConfig::sodium PkgConfig::nettle ZLIB::ZLIB PkgConfig::zstd)
target_include_directories(skep_base SYSTEM PRIVATE ${TOMLPLUSPLUS_INCLUDE})
# What nearly every file includes, compiled once: a file that uses Task costs 1.6 s less (clang 19, -O2).
option(SKEP_PCH "Precompile the headers that every room includes" OFF)
if(SKEP_PCH)
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/pch.cpp CONTENT "")
    add_library(skep_pch OBJECT ${CMAKE_BINARY_DIR}/pch.cpp)
    target_link_libraries(skep_pch PRIVATE skep_base skep_options)
    target_precompile_headers(skep_pch PRIVATE <base/result.hpp> <base/task.hpp> <chrono> <span> <string> <vector>)
    if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
        # ccache compares the precompiled header's bytes.
        add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
    endif()
endif()

skep_room(event)
skep_room(persona)
target_include_directories(skep_persona SYSTEM PRIVATE ${TOMLPLUSPLUS_INCLUDE})
# The templates are bytes of the program (src/persona/templates.S).
target_sources(skep_persona PRIVATE ${CMAKE_SOURCE_DIR}/src/persona/templates.S)
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/persona/templates.S TARGET_DIRECTORY skep_persona PROPERTIES
    INCLUDE_DIRECTORIES ${CMAKE_SOURCE_DIR}/personas
    OBJECT_DEPENDS "${CMAKE_SOURCE_DIR}/personas/debian.toml;${CMAKE_SOURCE_DIR}/personas/router.toml")
skep_room(net USES skep_event)
skep_room(process USES skep_event PkgConfig::seccomp)
skep_room(cell USES skep_event skep_persona skep_process PkgConfig::seccomp)
skep_room(service USES skep_event skep_persona skep_net)
# The primes of the Diffie-Hellman group exchange are bytes of the program (src/service/ssh/moduli.S).
target_sources(skep_service PRIVATE ${CMAKE_SOURCE_DIR}/src/service/ssh/moduli.S)
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/service/ssh/moduli.S TARGET_DIRECTORY skep_service PROPERTIES
    INCLUDE_DIRECTORIES ${CMAKE_SOURCE_DIR}/src/service/ssh OBJECT_DEPENDS ${CMAKE_SOURCE_DIR}/src/service/ssh/moduli.txt)
skep_room(sensor USES skep_event skep_persona skep_net skep_process skep_service)
skep_room(recorder USES skep_event skep_process)
skep_room(hub USES skep_event skep_net skep_process skep_duckdb skep_web)
# The description of the API is bytes of the program (src/hub/api/openapi.S).
target_sources(skep_hub PRIVATE ${CMAKE_SOURCE_DIR}/src/hub/api/openapi.S)
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/hub/api/openapi.S TARGET_DIRECTORY skep_hub PROPERTIES
    INCLUDE_DIRECTORIES ${CMAKE_SOURCE_DIR}/src/hub/api OBJECT_DEPENDS ${CMAKE_SOURCE_DIR}/src/hub/api/openapi.json)
target_compile_definitions(skep_hub PRIVATE SKEP_VERSION="${PROJECT_VERSION}")
