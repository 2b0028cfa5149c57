// Both Telnet decoders alone: whatever comes, they use up the input, stay within their bounds, and
// what encode() made is read back as the same data.
#include "service/telnet/codec.hpp"

#include <cstdint>
#include <cstdlib>

using namespace skep::service::telnet;

namespace {

void check(bool holds) {
    if (!holds) std::abort();
}

template <class D> void drain(D& decoder, std::string_view input) {
    auto left = input.size() + 1;
    while (auto token = decoder.next(input)) {
        check(token->bytes.size() <= std::max(left, Decoder::subnegotiation_bytes_max));
        check(token->kind != Token::Kind::data || !token->bytes.empty());
        check(left > 0);
        --left;
    }
    check(input.empty());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view input{reinterpret_cast<const char*>(data) + 2, size - 2};
    Decoder decoder;
    decoder.binary = (data[0] & 1) != 0;
    decoder.lines = (data[0] & 2) != 0;
    BusyboxDecoder busybox;
    const auto cut = std::min<std::size_t>(data[1], input.size());
    for (const auto part : {input.substr(0, cut), input.substr(cut)}) {
        drain(decoder, part);
        drain(busybox, BusyboxDecoder::accept(part));
    }
    std::string wire, back;
    encode(input, false, wire);
    Decoder reader;
    reader.binary = true;
    std::string_view rest = wire;
    while (auto token = reader.next(rest))
        back += token->bytes;
    check(back == input);
    return 0;
}
