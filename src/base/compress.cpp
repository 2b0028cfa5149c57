#include "base/compress.hpp"

#include <new>
#include <zstd.h>

namespace skep {

struct ZstdWriter::Context {
    ZSTD_CCtx* handle = ZSTD_createCCtx();

    Context() {
        if (handle == nullptr) throw std::bad_alloc{};
        ZSTD_CCtx_setParameter(handle, ZSTD_c_checksumFlag, 1);
    }

    ~Context() { ZSTD_freeCCtx(handle); }

    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    void run(std::string_view bytes, std::string& out, ZSTD_EndDirective how) const {
        ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
        for (;;) {
            const auto before = out.size();
            const auto room = ZSTD_CStreamOutSize();
            out.resize(before + room);
            ZSTD_outBuffer to{out.data() + before, room, 0};
            const auto left = ZSTD_compressStream2(handle, &to, &in, how);
            out.resize(before + to.pos);
            // Only a lack of memory can fail here: the parameters are constant.
            if (ZSTD_isError(left) != 0U) throw std::bad_alloc{};
            if (how == ZSTD_e_end ? left == 0 : in.pos == in.size) return;
        }
    }
};

ZstdWriter::ZstdWriter() : context_{std::make_unique<Context>()} {}

ZstdWriter::~ZstdWriter() = default;
ZstdWriter::ZstdWriter(ZstdWriter&&) noexcept = default;
ZstdWriter& ZstdWriter::operator=(ZstdWriter&&) noexcept = default;

void ZstdWriter::write(std::string_view bytes, std::string& out) {
    context_->run(bytes, out, ZSTD_e_continue);
}

void ZstdWriter::finish(std::string& out) {
    context_->run({}, out, ZSTD_e_end);
}

struct ZstdReader::Context {
    Source source;
    ZSTD_DCtx* handle = ZSTD_createDCtx();
    std::string in;
    std::size_t used = 0;
    bool inside_frame = false;
    bool holds_content = false;

    explicit Context(Source from) : source{std::move(from)} {
        if (handle == nullptr) throw std::bad_alloc{};
    }

    ~Context() { ZSTD_freeDCtx(handle); }

    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    /// False at the end of the source.
    Result<bool> refill() {
        if (used < in.size()) return true;
        TRY(in, source());
        used = 0;
        return !in.empty();
    }

    Result<std::string> read(std::size_t bytes_max) {
        std::string out(bytes_max, '\0');
        for (;;) {
            // Without new input only while the decoder may still hold content: it takes many calls
            // without progress for an error.
            if (!holds_content) {
                TRY(const bool more, refill());
                if (!more && inside_frame) return fail(Fault::malformed, "zstd frame ends early");
                if (!more) return std::string{};
            }
            ZSTD_inBuffer from{in.data(), in.size(), used};
            ZSTD_outBuffer to{out.data(), out.size(), 0};
            const auto left = ZSTD_decompressStream(handle, &to, &from);
            if (ZSTD_isError(left) != 0U) return fail(Fault::malformed, ZSTD_getErrorName(left));
            if (from.pos != used || to.pos != 0) inside_frame = left != 0;
            used = from.pos;
            holds_content = to.pos == out.size();
            if (to.pos != 0) {
                out.resize(to.pos);
                return out;
            }
        }
    }
};

ZstdReader::ZstdReader(Source source) : context_{std::make_unique<Context>(std::move(source))} {}

ZstdReader::~ZstdReader() = default;
ZstdReader::ZstdReader(ZstdReader&&) noexcept = default;
ZstdReader& ZstdReader::operator=(ZstdReader&&) noexcept = default;

Result<std::string> ZstdReader::read(std::size_t bytes_max) {
    return context_->read(bytes_max);
}

} // namespace skep
