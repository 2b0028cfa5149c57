// Lines of a recording that is continued or replayed, and chunks of one that is written.
#include "recorder/cast.hpp"

#include <cstdlib>

using namespace skep;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
    (void)recorder::parse_cast_line(text);
    recorder::CastState read;
    (void)read.read(text);
    // What is written can be read, line by line, and counts the same.
    recorder::CastState written;
    recorder::CastState reader;
    const char kind = "ior"[data[0] % 3];
    const auto cut = text.size() * (data[0] / 3) / 86;
    for (std::uint32_t index = 0; index < 2; ++index) {
        const auto part = index == 0 ? text.substr(0, cut) : text.substr(cut);
        auto lines = written.add({index, index * 1000ULL, kind, std::string{part}});
        for (std::string_view rest{lines}; !rest.empty();) {
            const auto end = rest.find('\n');
            if (end == std::string_view::npos || !reader.read(rest.substr(0, end))) std::abort();
            rest.remove_prefix(end + 1);
        }
    }
    if (reader.chunks() != written.chunks()) std::abort();
    return 0;
}
