#include "base/deflate.hpp"

#include <algorithm>
#include <array>
#include <new>
#include <zlib.h>

namespace skep {
namespace {

constexpr std::size_t piece_bytes = 4096;

Bytef* input(std::string_view bytes) {
    // zlib does not write to its input, but its interface predates const.
    return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
}

} // namespace

struct Deflater::Context {
    Context(int how) : flush{how} {
        if (deflateInit(&stream, Z_DEFAULT_COMPRESSION) != Z_OK) throw std::bad_alloc{};
    }

    ~Context() { deflateEnd(&stream); }

    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    z_stream stream{};
    int flush;
};

Deflater::Deflater(Flush flush)
    : context_{
          std::make_unique<Context>(flush == Flush::partial ? Z_PARTIAL_FLUSH : Z_SYNC_FLUSH)} {}

Deflater::~Deflater() = default;
Deflater::Deflater(Deflater&&) noexcept = default;
Deflater& Deflater::operator=(Deflater&&) noexcept = default;

std::string Deflater::message(std::string_view bytes) {
    auto& stream = context_->stream;
    stream.next_in = input(bytes);
    stream.avail_in = static_cast<uInt>(bytes.size());
    std::string out;
    std::array<char, piece_bytes> piece;
    do {
        stream.next_out = reinterpret_cast<Bytef*>(piece.data());
        stream.avail_out = piece_bytes;
        deflate(&stream, context_->flush); // cannot fail with a valid stream and room
        out.append(piece.data(), piece_bytes - stream.avail_out);
    } while (stream.avail_out == 0);
    return out;
}

struct Inflater::Context {
    Context() {
        if (inflateInit(&stream) != Z_OK) throw std::bad_alloc{};
    }

    ~Context() { inflateEnd(&stream); }

    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    z_stream stream{};
};

Inflater::Inflater() : context_{std::make_unique<Context>()} {}

Inflater::~Inflater() = default;
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;

Result<std::string> Inflater::message(std::string_view bytes, std::size_t bytes_max) {
    auto& stream = context_->stream;
    stream.next_in = input(bytes);
    stream.avail_in = static_cast<uInt>(bytes.size());
    std::string out;
    std::array<char, piece_bytes> piece;
    for (;;) {
        stream.next_out = reinterpret_cast<Bytef*>(piece.data());
        stream.avail_out = piece_bytes;
        const int status = inflate(&stream, Z_SYNC_FLUSH);
        if (status == Z_BUF_ERROR) return out; // all is said
        if (status != Z_OK) return fail(Fault::malformed, "corrupt compressed bytes");
        out.append(piece.data(), piece_bytes - stream.avail_out);
        if (out.size() > bytes_max) return fail(Fault::over_limit, "inflated bytes of a message");
    }
}

} // namespace skep
