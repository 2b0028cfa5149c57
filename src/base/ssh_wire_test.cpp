#include "base/bytes.hpp"
#include "base/ssh_wire.hpp"

#include <catch2/catch.hpp>

using namespace skep;
using namespace std::string_literals;

namespace {
enum class Number : std::uint8_t { one = 1 };
} // namespace

TEST_CASE("ssh mpints are as in RFC 4251 section 5") {
    CHECK(hex(SshWriter{}.mpint("").bytes()) == "00000000");
    CHECK(hex(SshWriter{}.mpint("\0\0"s).bytes()) == "00000000");
    CHECK(hex(SshWriter{}.mpint("\x09\xa3\x78\xf9\xb2\xe3\x32\xa7").bytes()) ==
          "0000000809a378f9b2e332a7");
    CHECK(hex(SshWriter{}.mpint("\x80").bytes()) == "000000020080");
    CHECK(hex(SshWriter{}.mpint("\0\x80"s).bytes()) == "000000020080");
}

TEST_CASE("an ssh reader gives nothing more after the first short read") {
    const auto bytes = SshWriter{Number::one}.u32(7).string("abc").boolean(true).bytes();
    SshReader whole{bytes};
    CHECK(whole.u8() == 1);
    CHECK(whole.u32() == 7);
    CHECK(whole.string() == "abc");
    CHECK(whole.boolean());
    CHECK(whole.done());
    SshReader cut{std::string_view{bytes}.substr(0, 10)};
    cut.u8();
    cut.u32();
    CHECK(cut.string().empty());
    CHECK_FALSE(cut.ok());
    CHECK(cut.left() == 0);
    CHECK(cut.u32() == 0);
    SshReader huge{"\xff\xff\xff\xff"
                   "x"};
    CHECK(huge.string().empty());
    CHECK_FALSE(huge.ok());
}
