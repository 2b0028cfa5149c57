#include "base/crypto/random.hpp"
#include "base/gzip.hpp"

#include <catch2/catch.hpp>
#include <zlib.h>

using namespace skep;

namespace {

std::string pack(std::string_view bytes) {
    z_stream stream{};
    REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    std::string out(deflateBound(&stream, bytes.size()) + 64, '\0');
    std::string in{bytes};
    stream.next_in = reinterpret_cast<Bytef*>(in.data());
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

/// Everything, fed `step` bytes at a time and taken in pieces of at most `piece`.
Result<std::string> unpack(std::string packed, std::size_t step, std::size_t piece) {
    std::size_t at = 0;
    GzipReader reader{[&]() -> Result<std::string> {
        auto part = packed.substr(at, step);
        at += part.size();
        return part;
    }};
    std::string all;
    for (;;) {
        TRY(auto part, reader.read(piece));
        if (part.empty()) return all;
        CHECK(part.size() <= piece);
        all += part;
    }
}

} // namespace

TEST_CASE("a gzip file is read in pieces of any size") {
    const auto content = crypto::random_bytes(3000) + std::string(200'000, 'a');
    const auto packed = pack(content);
    for (const std::size_t step : {1U, 7U, 4096U, 1U << 20U})
        for (const std::size_t piece : {100U, 65536U}) {
            const auto got = unpack(packed, step, piece);
            REQUIRE(got.has_value());
            CHECK((*got == content));
        }
    CHECK(unpack(pack(""), 10, 10).value().empty());
    CHECK(unpack("", 10, 10).value().empty());
}

TEST_CASE("members follow each other, and padding is none") {
    const auto packed = pack("one\n") + pack("") + pack("two\n") + std::string(1000, '\0');
    CHECK(unpack(packed, 3, 100).value() == "one\ntwo\n");
}

TEST_CASE("a damaged gzip file is refused, not believed") {
    const auto packed = pack(std::string(10'000, 'x') + crypto::random_bytes(1000));
    CHECK(unpack(packed.substr(0, packed.size() - 5), 100, 100).error().kind() == Fault::malformed);
    auto flipped = packed;
    flipped[packed.size() - 6] = static_cast<char>(flipped[packed.size() - 6] ^ 1); // checksum
    CHECK(unpack(flipped, 100, 100).error().kind() == Fault::malformed);
    CHECK(unpack("plain text, no gzip", 100, 100).error().kind() == Fault::malformed);
    CHECK(unpack(packed + "rest", 100, 100).error().kind() == Fault::malformed);
}
