#include "process/message.hpp"

#include <catch2/catch.hpp>

using namespace skep;
using namespace skep::process;
using namespace std::string_literals;

namespace {

CellRequest full_request() {
    CellRequest request;
    request.request = 7;
    request.session = "0123456789abcdef0123";
    request.persona = "debian";
    request.key = "192.0.2.7";
    request.src_ip = "192.0.2.7";
    request.protocol = "ssh";
    request.username = "root";
    request.term = "xterm";
    request.columns = 132;
    request.rows = 43;
    request.environment = {{"LANG", "C"}, {"LC_ALL", ""}};
    request.remote_host = "192.0.2.7";
    request.kind = CellRequest::Kind::subsystem;
    request.terminal = false;
    request.command = "sftp\0with a NUL"s;
    request.modes = "\x01\0\0\0\x03\0"s;
    request.src_port = 4711;
    request.dst_ip = "2001:db8::1";
    request.dst_port = 22;
    return request;
}

} // namespace

TEST_CASE("a request for a program comes back as it was") {
    const auto bytes = encode(full_request());
    const auto again = decode_cell_request(bytes);
    REQUIRE(again.has_value());
    CHECK(encode(*again) == bytes);
    CHECK(again->kind == CellRequest::Kind::subsystem);
    CHECK_FALSE(again->terminal);
    CHECK(again->command == "sftp\0with a NUL"s);
    CHECK(again->environment == full_request().environment);
    CHECK(again->dst_port == 22);
}

TEST_CASE("every cut of a message between processes is malformed") {
    KeyQuestion question{.request = 1, .persona = "p", .key = "k", .username = "u", .blob = "b"};
    const CellExit exit{.request = 2, .status = 3, .signal = 15, .core = true};
    const auto request = encode(full_request());
    for (std::size_t size = 0; size < request.size(); ++size)
        CHECK_FALSE(decode_cell_request(request.substr(0, size)));
    CHECK_FALSE(decode_cell_request(request + 'x'));
    const auto asked = encode(question);
    for (std::size_t size = 0; size < asked.size(); ++size)
        CHECK_FALSE(decode_key_question(asked.substr(0, size)));
    REQUIRE(decode_key_question(asked).has_value());
    CHECK(decode_key_question(asked)->blob == "b");
    const auto ended = encode(exit);
    for (std::size_t size = 0; size < ended.size(); ++size)
        CHECK_FALSE(decode_cell_exit(ended.substr(0, size)));
    REQUIRE(decode_cell_exit(ended).has_value());
    CHECK(decode_cell_exit(ended)->signal == 15);
    CHECK(decode_cell_exit(ended)->core);
}

TEST_CASE("a request of an unknown kind, or with too many variables, is refused") {
    auto request = full_request();
    request.kind = static_cast<CellRequest::Kind>(3);
    CHECK_FALSE(decode_cell_request(encode(request)));
    request = full_request();
    request.environment.assign(129, {"A", "B"});
    CHECK_FALSE(decode_cell_request(encode(request)));
    request.environment.resize(128);
    CHECK(decode_cell_request(encode(request)));
}
