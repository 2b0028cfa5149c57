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
    request.user_rc = true;
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
    CHECK(again->user_rc);
}

TEST_CASE("every cut of a message between processes is malformed") {
    const KeyQuestion question{.request = 1,
                               .persona = "p",
                               .key = "k",
                               .username = "u",
                               .blob = "b",
                               .src_ip = "192.0.2.7"};
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
    CHECK(decode_key_question(asked)->src_ip == "192.0.2.7");
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
    request.environment.assign(133, {"A", "B"});
    CHECK_FALSE(decode_cell_request(encode(request)));
    request.environment.resize(132);
    CHECK(decode_cell_request(encode(request)));
}

TEST_CASE("the answer about a key comes back as it was, and nothing beyond its bounds does") {
    KeyAnswer answer;
    answer.request = 3;
    answer.verdict.held = true;
    auto& options = answer.verdict.options;
    options.pty = options.x11_forwarding = false;
    options.command = "echo hi";
    options.permit_open = {{"localhost", 80}, {"*", 0}};
    options.permit_listen = {{"::1", 22}};
    answer.verdict.notes = {"a", "b"};
    const auto bytes = encode(answer);
    for (std::size_t size = 0; size < bytes.size(); ++size)
        CHECK_FALSE(decode_key_answer(bytes.substr(0, size)));
    CHECK_FALSE(decode_key_answer(bytes + 'x'));
    auto odd = bytes;
    odd[8] = static_cast<char>(odd[8] | '\x80');
    CHECK_FALSE(decode_key_answer(odd));
    const auto again = decode_key_answer(bytes);
    REQUIRE(again.has_value());
    CHECK(again->request == 3);
    CHECK(again->verdict.held);
    CHECK(again->verdict.options == options);
    CHECK(again->verdict.notes == answer.verdict.notes);

    answer.verdict.notes.assign(key_notes_max, std::string(key_note_bytes_max, 'n'));
    options.command = std::string(key_command_bytes_max, 'c');
    options.permit_open.assign(key_permits_max,
                               {std::string(key_permit_bytes_max / key_permits_max, 'h'), 1});
    options.permit_listen = options.permit_open;
    CHECK(encode(answer).size() < message_bytes_max);
    CHECK(decode_key_answer(encode(answer)));
    const auto refuses = [](const KeyAnswer& changed) {
        return !decode_key_answer(encode(changed));
    };
    auto more = answer;
    more.verdict.notes.emplace_back();
    CHECK(refuses(more));
    more = answer;
    more.verdict.notes.back() += 'n';
    CHECK(refuses(more));
    more = answer;
    *more.verdict.options.command += 'c';
    CHECK(refuses(more));
    more = answer;
    more.verdict.options.permit_listen.back().host += 'h';
    CHECK(refuses(more));
    more = answer;
    more.verdict.options.permit_open.assign(key_permits_max + 1, {"", 1});
    CHECK(refuses(more));
}
