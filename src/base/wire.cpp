#include "base/wire.hpp"

namespace skep {
namespace {

template <class T> void put(std::string& out, T value) {
    for (std::size_t i = 0; i < sizeof value; ++i)
        out += static_cast<char>(value >> (8 * i) & 255U);
}

template <class T> T get(std::string_view bytes) {
    T value = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        value =
            static_cast<T>(value | static_cast<T>(static_cast<unsigned char>(bytes[i])) << (8 * i));
    return value;
}

} // namespace

WireWriter& WireWriter::u8(std::uint8_t value) {
    out_ += static_cast<char>(value);
    return *this;
}

WireWriter& WireWriter::u32(std::uint32_t value) {
    put(out_, value);
    return *this;
}

WireWriter& WireWriter::u64(std::uint64_t value) {
    put(out_, value);
    return *this;
}

WireWriter& WireWriter::bytes(std::string_view value) {
    put(out_, static_cast<std::uint32_t>(value.size()));
    out_ += value;
    return *this;
}

std::string_view WireReader::take(std::size_t count) {
    if (broken_ || left_.size() < count) {
        broken_ = true;
        return {};
    }
    const auto taken = left_.substr(0, count);
    left_.remove_prefix(count);
    return taken;
}

std::uint8_t WireReader::u8() {
    return get<std::uint8_t>(take(1));
}

std::uint32_t WireReader::u32() {
    return get<std::uint32_t>(take(4));
}

std::uint64_t WireReader::u64() {
    return get<std::uint64_t>(take(8));
}

std::string WireReader::bytes() {
    const auto length = u32();
    return std::string{take(length)};
}

Result<void> WireReader::finish() const {
    if (broken_) return fail(Fault::malformed, "message is too short");
    if (!left_.empty()) return fail(Fault::malformed, "message has bytes left over");
    return {};
}

} // namespace skep
