#include "service/telnet/codec.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace skep::service::telnet;
using namespace std::string_literals;

namespace {

/// Tokens as text: data as it is, `<241>` commands, `<WILL 1>` negotiations, `<SB 24 bytes>`.
template <class D> std::string read(D& decoder, std::string_view input) {
    std::string text;
    while (auto token = decoder.next(input)) {
        switch (token->kind) {
        case Token::Kind::data: text += token->bytes; break;
        case Token::Kind::command: text += '<' + std::to_string(token->command) + '>'; break;
        case Token::Kind::negotiation:
            text += '<' + std::string{verb_name(token->command)} + ' ' +
                    std::to_string(token->option) + '>';
            break;
        case Token::Kind::subnegotiation:
            text += "<SB " + std::to_string(token->option) + ' ' + std::string{token->bytes} +
                    (token->broken ? "!>" : ">");
            break;
        }
    }
    return text;
}

struct Row {
    std::string wire, tokens;
};

} // namespace

TEST_CASE("the decoder reads the structures of the RFCs") {
    const std::vector<Row> rows{
        {"abc", "abc"},
        {"a\xff\xff"s + "b", "a\xff"s + "b"},                         // RFC 854, IAC IAC
        {"\xff\xf1\xff\xf2\xff\xf3\xff\xf4", "<241><242><243><244>"}, // NOP DM BRK IP
        {"\xff\xf5\xff\xf6\xff\xf7\xff\xf8\xff\xf9", "<245><246><247><248><249>"}, // AO..GA
        {"\xff\xec\xff\xed\xff\xee\xff\xef", "<236><237><238><239>"},           // RFC 1184, RFC 885
        {"\xff\xfd\x00"s, "<DO 0>"},                                            // RFC 856 BINARY
        {"\xff\xfb\x01\xff\xfc\x01", "<WILL 1><WONT 1>"},                       // RFC 857 ECHO
        {"\xff\xfe\x03", "<DONT 3>"},                                           // RFC 858 SGA
        {"\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0"s, "<SB 31 \0P\0\x18>"s},        // RFC 1073
        {"\xff\xfa\x1f\x00\xff\xff\x00\x18\xff\xf0"s, "<SB 31 \0\xff\0\x18>"s}, // a width of 255
        {"\xff\xfa\x20\x00"s + "38400,19200\xff\xf0", "<SB 32 \0"s + "38400,19200>"}, // RFC 1079
        {"\xff\xfa\x18\x00"s + "IBM-3278-2\xff\xf0", "<SB 24 \0"s + "IBM-3278-2>"},   // RFC 1091
        {"\xff\xfa\x22\x01\x03\xff\xf0", "<SB 34 \x01\x03>"},                         // RFC 1184
        {"\xff\xfa\x27\x00\x00USER\x01joe\x03X\x01y\xff\xf0"s,
         "<SB 39 \0\0USER\x01joe\x03X\x01y>"s}, // RFC 1572
        {"\xff\xfa\xff\xf0", "<SB 255 >"},
    };
    for (const auto& row : rows) {
        Decoder decoder;
        CHECK(read(decoder, row.wire) == row.tokens);
        Decoder split;
        std::string tokens;
        for (const char byte : row.wire)
            tokens += read(split, {&byte, 1});
        CHECK(tokens == row.tokens);
    }
}

TEST_CASE("a carriage return swallows the LF or NUL behind it, unless the stream is binary") {
    Decoder decoder;
    CHECK(read(decoder, "a\r\nb\r\0c\rd\r"s) == "a\rb\rc\rd\r");
    CHECK(read(decoder, "\ne") == "e");
    decoder.binary = true;
    CHECK(read(decoder, "a\r\nb\r\0"s) == "a\r\nb\r\0"s);
    Decoder lines;
    lines.lines = true;
    CHECK(read(lines, "a\r\nb\r\0c\rd"s) == "a\nb\nc\rd");
}

TEST_CASE("a subnegotiation that another command ends is told as broken, and the command counts") {
    Decoder decoder;
    CHECK(read(decoder, "\xff\xfa\x18x\xff\xfb\x01y") == "<SB 24 x!><WILL 1>y");
    CHECK(read(decoder, "\xff\xfa\x18x\xff\xf6y") == "<SB 24 x!><246>y");
}

TEST_CASE("of a subnegotiation 512 bytes are kept") {
    Decoder decoder;
    const auto read_length = [&](std::size_t length) {
        const auto wire = "\xff\xfa" + std::string(length, 'x') + "\xff\xf0";
        std::string_view input = wire;
        return decoder.next(input)->bytes.size() + 1;
    };
    CHECK(read_length(512) == 512);
    CHECK(read_length(513) == 512);
    CHECK(read_length(1'000'000) == 512);
}

TEST_CASE(
    "BusyBox skips what it does not know by three bytes, and loses its place at a buffer's end") {
    BusyboxDecoder decoder;
    CHECK(read(decoder, "\xff\xfa\x18\x00xt\xff\xf0"s) == "\0xt<240>"s.insert(0, "<SB 24 >"));
    CHECK(read(decoder, "\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0"s) == "<SB 31 \0P\0\x18><240>"s);
    CHECK(read(decoder, "\xff\xfa\x1f\x00\x50"s).empty());
    CHECK(read(decoder, "\xff\xfb").empty()); // two bytes of three are eaten
    CHECK(read(decoder, "\x01z") == "\x01z");
    CHECK(read(decoder, "a\xff") == "a"); // only a lone IAC is remembered
    CHECK(read(decoder, "\xf6z") == "<246>z");
    CHECK(read(decoder, "\xff\xff\xff\xfd\x03") == "\xff<DO 3>");
}

TEST_CASE("BusyBox drops a NUL at a read's end and one LF or NUL behind a CR of the same read") {
    BusyboxDecoder decoder;
    CHECK(BusyboxDecoder::accept("ab\r\0"s) == "ab\r");
    CHECK(read(decoder, "a\r\nb\r\0c"s) == "a\rb\rc");
    CHECK(read(decoder, "a\r") + read(decoder, "\nb") == "a\r\nb");
}

TEST_CASE("output doubles IAC, and adds NUL to a bare CR on an NVT") {
    const auto encoded = [](std::string_view bytes, bool nvt) {
        std::string out;
        encode(bytes, nvt, out);
        return out;
    };
    CHECK(encoded("a\xff"s + "b\r\nc\rd\r", true) == "a\xff\xff"s + "b\r\nc\r\0d\r\0"s);
    CHECK(encoded("\r\xff", false) == "\r\xff\xff");
}
