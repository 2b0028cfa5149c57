# The fakes of a session, and the transcripts that are played against them.
add_library(skep_test_support STATIC support/session_fakes.cpp support/service_session.cpp support/ssh_client.cpp support/ssh_server.cpp
    support/ssh_layers.cpp)
target_include_directories(skep_test_support PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(skep_test_support PUBLIC skep_service skep_net skep_persona skep_event skep_options)

add_executable(golden_test golden_test.cpp)
target_link_libraries(golden_test PRIVATE skep_test_support)
add_test(NAME golden COMMAND golden_test ${CMAKE_CURRENT_SOURCE_DIR}/golden)

add_executable(idle_memory_test idle_memory_test.cpp)
target_link_libraries(idle_memory_test PRIVATE skep_test_support)
add_test(NAME "idle memory of a Telnet connection" COMMAND idle_memory_test)
set_tests_properties("idle memory of a Telnet connection" PROPERTIES SKIP_RETURN_CODE 77)
