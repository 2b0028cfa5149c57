#include "base/deflate.hpp"

#include <catch2/catch.hpp>

using namespace skep;

TEST_CASE("messages of a zlib stream come out one by one") {
    for (const auto flush : {Deflater::Flush::partial, Deflater::Flush::sync}) {
        Deflater deflater{flush};
        Inflater inflater;
        for (const auto& text : {std::string{"hello"}, std::string(100000, 'a'), std::string{"x"},
                                 std::string{"hello"}}) {
            const auto read = inflater.message(deflater.message(text), 100000);
            REQUIRE(read);
            CHECK(*read == text);
        }
    }
}

TEST_CASE("a zlib message over the limit or corrupt is refused") {
    Deflater deflater{Deflater::Flush::partial};
    Inflater bounded;
    const auto over = bounded.message(deflater.message(std::string(1 << 20, '\0')), 65536);
    REQUIRE_FALSE(over);
    CHECK(over.error().kind() == Fault::over_limit);
    Inflater other;
    const auto bad = other.message("no zlib", 65536);
    REQUIRE_FALSE(bad);
    CHECK(bad.error().kind() == Fault::malformed);
}
