#include "base/gzip.hpp"

#include <new>
#include <zlib.h>

namespace skep {
namespace {

constexpr int gzip_only = 15 + 16; // window of 32 KiB, gzip heads and no others
constexpr std::size_t piece_bytes_max = std::size_t{1} << 30; // zlib counts in unsigned int

} // namespace

struct GzipReader::Context {
    Source source;
    z_stream stream{};
    std::string in;
    bool inside = false; ///< A member has begun and not ended.
    bool any = false;    ///< A member has been read.

    explicit Context(Source from) : source{std::move(from)} {
        if (inflateInit2(&stream, gzip_only) != Z_OK) throw std::bad_alloc{};
    }

    ~Context() { inflateEnd(&stream); }

    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    /// False at the end of the source.
    Result<bool> refill() {
        while (stream.avail_in == 0) {
            TRY(in, source());
            if (in.empty()) return false;
            if (in.size() > piece_bytes_max) return fail(Fault::over_limit, "gzip piece");
            stream.next_in = reinterpret_cast<Bytef*>(in.data());
            stream.avail_in = static_cast<uInt>(in.size());
        }
        return true;
    }

    /// Between members: false at the end, or where only padding follows.
    Result<bool> begin_member() {
        for (;;) {
            TRY(const bool more, refill());
            if (!more) return false;
            if (!any || *stream.next_in != 0) break;
            ++stream.next_in;
            --stream.avail_in;
        }
        if (inflateReset(&stream) != Z_OK) return fail(Fault::malformed, "gzip");
        inside = any = true;
        return true;
    }

    Result<std::string> read(std::size_t bytes_max) {
        std::string out(std::min(bytes_max, piece_bytes_max), '\0');
        for (;;) {
            if (!inside) {
                TRY(const bool more, begin_member());
                if (!more) return std::string{};
            }
            TRY(const bool more, refill());
            if (!more) return fail(Fault::malformed, "the gzip file ends early");
            stream.next_out = reinterpret_cast<Bytef*>(out.data());
            stream.avail_out = static_cast<uInt>(out.size());
            const int state = inflate(&stream, Z_NO_FLUSH);
            if (state == Z_MEM_ERROR) throw std::bad_alloc{};
            if (state != Z_OK && state != Z_STREAM_END)
                return fail(Fault::malformed,
                            stream.msg == nullptr ? "not a gzip file" : stream.msg);
            if (state == Z_STREAM_END) inside = false;
            const auto got = out.size() - stream.avail_out;
            if (got == 0) continue;
            out.resize(got);
            return out;
        }
    }
};

GzipReader::GzipReader(Source source) : context_{std::make_unique<Context>(std::move(source))} {}

GzipReader::~GzipReader() = default;
GzipReader::GzipReader(GzipReader&&) noexcept = default;
GzipReader& GzipReader::operator=(GzipReader&&) noexcept = default;

Result<std::string> GzipReader::read(std::size_t bytes_max) {
    return context_->read(bytes_max);
}

} // namespace skep
