# The dashboard: built by npm when a source of it changed, embedded as the library skep_web, which defines
# hub/web_assets.hpp. With -DSKEP_WEB=OFF the list of files is empty and neither Node.js nor npm is needed.
set(SKEP_WEB_DIR ${CMAKE_SOURCE_DIR}/web)
set(SKEP_WEB_OUT ${CMAKE_BINARY_DIR}/web)
set(SKEP_WEB_NODE_MIN 20.19) # Vite 8

if(SKEP_WEB)
    find_program(SKEP_NODE node)
    find_program(SKEP_NPM npm)
    if(SKEP_NODE)
        execute_process(COMMAND ${SKEP_NODE} --version OUTPUT_VARIABLE node_version OUTPUT_STRIP_TRAILING_WHITESPACE)
        string(REGEX REPLACE "^v" "" node_version "${node_version}")
    endif()
    if(NOT SKEP_NODE OR NOT SKEP_NPM OR node_version VERSION_LESS SKEP_WEB_NODE_MIN)
        unset(SKEP_NODE CACHE) # looked for again once a newer one is there
        unset(SKEP_NPM CACHE)
        message(FATAL_ERROR "The dashboard needs Node.js ${SKEP_WEB_NODE_MIN} or newer and npm (found: node '${node_version}'). "
            "Run ./dev setup, or build without the dashboard: -DSKEP_WEB=OFF")
    endif()
    file(GLOB_RECURSE web_sources CONFIGURE_DEPENDS ${SKEP_WEB_DIR}/src/* ${SKEP_WEB_DIR}/public/* ${SKEP_WEB_DIR}/tools/*)
    list(APPEND web_sources ${SKEP_WEB_DIR}/index.html ${SKEP_WEB_DIR}/vite.config.ts ${SKEP_WEB_DIR}/svelte.config.js
        ${SKEP_WEB_DIR}/tsconfig.json ${SKEP_WEB_DIR}/package-lock.json ${CMAKE_SOURCE_DIR}/cmake/web_build.cmake)
    add_custom_command(
        OUTPUT ${SKEP_WEB_OUT}/web_assets.S ${SKEP_WEB_OUT}/web_assets.cpp
        COMMAND ${CMAKE_COMMAND} -DWEB=${SKEP_WEB_DIR} -DOUT=${SKEP_WEB_OUT} -DNODE=${SKEP_NODE} -DNPM=${SKEP_NPM}
            -P ${CMAKE_SOURCE_DIR}/cmake/web_build.cmake
        DEPENDS ${web_sources}
        COMMENT "Building the dashboard"
        VERBATIM)
    add_library(skep_web STATIC ${SKEP_WEB_OUT}/web_assets.S ${SKEP_WEB_OUT}/web_assets.cpp)
else()
    file(CONFIGURE OUTPUT ${SKEP_WEB_OUT}/no_assets.cpp CONTENT
        "#include \"hub/web_assets.hpp\"\n\nstd::span<const skep::hub::Asset> skep::hub::web_assets() {\n    return {};\n}\n")
    add_library(skep_web STATIC ${SKEP_WEB_OUT}/no_assets.cpp)
endif()
target_include_directories(skep_web PUBLIC ${CMAKE_SOURCE_DIR}/src)
