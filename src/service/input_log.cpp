#include "service/input_log.hpp"

#include <utility>

namespace skep::service {
namespace {

/// Above the largest value of limits.event_text_bytes, which the recorder of the event applies.
constexpr std::size_t line_bytes_max = 32768 + 1;
constexpr char erase = '\x7f', backspace = '\b', kill = '\x15', interrupt = '\x03';

} // namespace

void InputLog::type(std::string_view bytes) {
    for (const char byte : bytes)
        type_one(byte);
}

void InputLog::type_one(char byte) {
    const bool after_cr = std::exchange(after_cr_, byte == '\r');
    switch (byte) {
    case '\n':
    case '\0':
        if (!after_cr && byte == '\n') flush();
        if (after_cr || byte == '\n') return;
        break;
    case '\r': flush(); return;
    case erase:
    case backspace:
        if (!line_.empty()) line_.pop_back();
        return;
    case kill: line_.clear(); return;
    case interrupt: flush(); return;
    default: break;
    }
    if (line_.size() < line_bytes_max) line_ += byte;
}

void InputLog::flush() {
    if (line_.empty()) return;
    event::Event event{"command.input", events_.now()};
    event.text("input", std::exchange(line_, {}));
    events_.record(std::move(event));
}

} // namespace skep::service
