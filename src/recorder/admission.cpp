#include "recorder/admission.hpp"

#include <algorithm>

namespace skep::recorder {
namespace {

constexpr std::size_t word_bytes_max = 64;

constexpr std::string_view name_also = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"; // Cowrie has kexAlgs

bool is_word(std::string_view text, std::string_view also) {
    return !text.empty() && text.size() <= word_bytes_max && std::ranges::all_of(text, [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               also.find(c) != std::string_view::npos;
    });
}

} // namespace

Result<event::Event> admit_event(std::string_view json, const std::string& sensor) {
    TRY(auto event, event::from_json(json));
    if (!is_word(event.id(), "-")) return fail(Fault::malformed, "id");
    if (!is_word(event.eventid(), "._-")) return fail(Fault::malformed, "eventid");
    for (const auto& [name, value] : event.values()) {
        if (!is_word(name, name_also) || name == "crc")
            return fail(Fault::malformed, "name of a value");
    }
    if (event.text_of("sensor").empty()) event.text("sensor", sensor);
    return event;
}

} // namespace skep::recorder
