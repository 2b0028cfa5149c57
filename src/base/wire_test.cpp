#include "base/wire.hpp"

#include <catch2/catch.hpp>

using namespace skep;

namespace {

std::string sample() {
    WireWriter out;
    out.u8(0xab)
        .u32(0x01020304)
        .u64(0x0102030405060708)
        .bytes(std::string_view{"a\0b", 3})
        .bytes("");
    return std::move(out).take();
}

} // namespace

TEST_CASE("fields are little-endian, and read as they were written") {
    const auto bytes = sample();
    CHECK(bytes.substr(0, 13) ==
          std::string{"\xab\x04\x03\x02\x01\x08\x07\x06\x05\x04\x03\x02\x01", 13});
    WireReader in{bytes};
    CHECK(in.u8() == 0xab);
    CHECK(in.u32() == 0x01020304);
    CHECK(in.u64() == 0x0102030405060708);
    CHECK(in.bytes() == std::string_view{"a\0b", 3});
    CHECK(in.bytes().empty());
    CHECK(in.finish());
}

TEST_CASE("a message that was cut anywhere, or has bytes left over, is malformed") {
    const auto whole = sample();
    const auto read = [](std::string_view bytes) {
        WireReader in{bytes};
        in.u8();
        in.u32();
        in.u64();
        in.bytes();
        in.bytes();
        return in.finish().has_value();
    };
    CHECK(read(whole));
    for (std::size_t cut = 0; cut < whole.size(); ++cut)
        CHECK_FALSE(read(std::string_view{whole}.substr(0, cut)));
    CHECK_FALSE(read(whole + "x"));
}

TEST_CASE("a length that the bytes do not hold allocates nothing and ends the reading") {
    const std::string bytes = std::string(4, '\xff') + "abcdefgh";
    WireReader in{bytes};
    CHECK(in.bytes().empty());
    CHECK(in.u8() == 0); // also what would still be there
    CHECK(in.u64() == 0);
    CHECK_FALSE(in.finish());
}
