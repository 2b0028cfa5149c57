# Every library we link. docs/dependencies.md says why each is here.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(OpenSSL 3.0 REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(seccomp REQUIRED IMPORTED_TARGET libseccomp)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(nettle REQUIRED IMPORTED_TARGET nettle)
find_package(ZLIB REQUIRED)
find_path(TOMLPLUSPLUS_INCLUDE toml++/toml.h REQUIRED)

# DuckDB comes from the npm registry: the library from its Node.js bindings, the C header from the older package.
set(SKEP_DUCKDB_HEADER_DIR ${CMAKE_SOURCE_DIR}/third_party/node_modules/duckdb/src/duckdb/src/include)
set(SKEP_DUCKDB_LIBRARY ${CMAKE_SOURCE_DIR}/third_party/node_modules/@duckdb/node-bindings-linux-x64/libduckdb.so)
if(NOT EXISTS ${SKEP_DUCKDB_LIBRARY})
    message(FATAL_ERROR "libduckdb is missing: run ./dev setup")
endif()
# Only duckdb.h is taken: the directory also holds DuckDB's C++ headers, which must not be found by accident.
configure_file(${SKEP_DUCKDB_HEADER_DIR}/duckdb.h ${CMAKE_BINARY_DIR}/duckdb/duckdb.h COPYONLY)
configure_file(${SKEP_DUCKDB_LIBRARY} ${CMAKE_BINARY_DIR}/libduckdb.so COPYONLY)
add_library(skep_duckdb SHARED IMPORTED)
set_target_properties(skep_duckdb PROPERTIES IMPORTED_LOCATION ${CMAKE_BINARY_DIR}/libduckdb.so
    INTERFACE_INCLUDE_DIRECTORIES ${CMAKE_BINARY_DIR}/duckdb IMPORTED_NO_SONAME FALSE)
# The command finds libduckdb beside itself, or in ../lib/skep once installed.
set(CMAKE_BUILD_RPATH "$ORIGIN;$ORIGIN/..;${CMAKE_BINARY_DIR}")
set(CMAKE_INSTALL_RPATH "$ORIGIN;$ORIGIN/../lib/skep")
