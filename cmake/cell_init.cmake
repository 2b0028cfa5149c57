# Process 1 of a cell: static and without the C++ library, so it is compiled by hand, apart from sanitizers and the
# options of the other targets. `skep image build` copies it into each image.
file(GLOB cell_init_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/cell/standalone/*.cpp)
file(GLOB cell_init_headers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/cell/standalone/*.hpp)
add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/skep-cell-init
    COMMAND ${CMAKE_CXX_COMPILER} -std=c++23 -O2 -Wall -Wextra -Wshadow -Wconversion -Werror -static -fno-exceptions -fno-rtti
        -fno-threadsafe-statics -nodefaultlibs -I${CMAKE_SOURCE_DIR}/src ${cell_init_sources} -o ${CMAKE_BINARY_DIR}/skep-cell-init
        -lc -lgcc -lgcc_eh -s
    DEPENDS ${cell_init_sources} ${cell_init_headers}
    COMMENT "Building skep-cell-init" VERBATIM)
add_custom_target(skep_cell_init ALL DEPENDS ${CMAKE_BINARY_DIR}/skep-cell-init)
install(PROGRAMS ${CMAKE_BINARY_DIR}/skep-cell-init DESTINATION lib/skep)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/images/ DESTINATION share/skep/images USE_SOURCE_PERMISSIONS)
