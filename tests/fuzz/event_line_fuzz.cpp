// A line of a journal that somebody damaged, or an event as a client of the recorder sends it.
#include "event/event.hpp"
#include "event/filter.hpp"
#include "event/journal_line.hpp"
#include "hub/store/record.hpp"

#include <cstdlib>

using namespace skep;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view line{reinterpret_cast<const char*>(data), size};
    if (const auto inside = event::unframe_line(line);
        inside && event::frame_line(*inside) != std::string{line} + '\n')
        std::abort();
    (void)event::parse_when(line, 1'764'000'000'000'000);
    auto event = event::from_json(line);
    if (!event) return 0;
    const auto json = event::to_json(*event);
    if (json.contains('\n')) std::abort();
    const auto again = event::from_json(json);
    if (!again || event::to_json(*again) != json) std::abort();
    (void)hub::store::to_record(*again);
    // What a person sees of it on a terminal is one line of printable text.
    for (const char c : event::to_line(*again, event::Colour::no))
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) std::abort();
    event::limit_texts(*event, 16);
    if (event::to_json(*event).contains('\n')) std::abort();
    return 0;
}
