#include "recorder/terminal_filter.hpp"

#include "base/bytes.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

namespace skep::recorder {
namespace {

constexpr std::size_t parameter_bytes_max = 64;
constexpr std::size_t parameters_max = 24;
/// A string that does not end is given up, or it would hide the rest of the recording.
constexpr std::size_t string_bytes_max = 4096;
constexpr unsigned position_max = 9999;
constexpr unsigned repeat_max = 1000;
constexpr unsigned colour_max = 255;

constexpr std::string_view cancel = "\x18\x1a"; // CAN and SUB end any sequence
constexpr std::string_view c1_string_end = "\xc2\x9c";
/// In place of another screen or a full reset.
constexpr std::string_view clear = "\x1b[0m\x1b[2J\x1b[H";

using Numbers = std::vector<unsigned>;

/// Decimal numbers between semicolons, empty ones as 0; nothing if there is anything else.
std::optional<Numbers> numbers_of(std::string_view text) {
    Numbers numbers;
    while (!text.empty() || !numbers.empty()) {
        const auto end = std::min(text.find(';'), text.size());
        unsigned value = 0;
        if (end != 0) {
            const auto number = text.substr(0, end);
            const auto [stop, error] = std::from_chars(number.begin(), number.end(), value);
            if (error != std::errc{} || stop != number.end()) return std::nullopt;
        }
        numbers.push_back(value);
        if (numbers.size() > parameters_max) return std::nullopt;
        if (end == text.size()) break;
        text.remove_prefix(end + 1);
    }
    return numbers;
}

bool all_at_most(const Numbers& numbers, std::size_t count_max, unsigned value_max) {
    return numbers.size() <= count_max &&
           std::ranges::all_of(numbers, [=](unsigned n) { return n <= value_max; });
}

/// A row for each final byte that passes without a private mark.
struct Allowed {
    char last;
    std::size_t count_max;
    unsigned value_max;
};

constexpr Allowed allowed_rows[] = {
    {'@', 1, position_max}, // insert characters
    {'A', 1, position_max}, // cursor up, down, right, left
    {'B', 1, position_max},
    {'C', 1, position_max},
    {'D', 1, position_max},
    {'E', 1, position_max}, // next and previous lines
    {'F', 1, position_max},
    {'G', 1, position_max}, // column
    {'H', 2, position_max}, // position
    {'J', 1, 2},            // erase on the screen; 3 would erase what was there before us
    {'K', 1, 2},            // erase in the line
    {'L', 1, position_max}, // insert and delete lines, delete and erase characters
    {'M', 1, position_max},
    {'P', 1, position_max},
    {'X', 1, position_max},
    {'S', 1, position_max}, // scroll; longer forms of T are mouse tracking
    {'T', 1, position_max},
    {'`', 1, position_max}, // column, absolute and relative; row, likewise
    {'a', 1, position_max},
    {'b', 1, repeat_max}, // repeat a character
    {'d', 1, position_max},
    {'e', 1, position_max},
    {'f', 2, position_max}, // position
    {'r', 2, position_max}, // margins, undone by reset()
    {'s', 0, 0},            // save and restore the position
    {'u', 0, 0},
};

bool is_allowed(char last, const Numbers& numbers) {
    const auto* row = std::ranges::find(allowed_rows, last, &Allowed::last);
    return row != std::end(allowed_rows) && all_at_most(numbers, row->count_max, row->value_max);
}

std::string sequence(std::string_view mark, const Numbers& numbers, char last) {
    std::string text = "\x1b[";
    text += mark;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        if (i != 0) text += ';';
        text += std::to_string(numbers[i]);
    }
    return text + last;
}

/// Colours may be written with colons (ISO 8613-6): 38:2::255:0:0.
bool is_colour(std::string_view text) {
    std::string plain{text};
    std::ranges::replace(plain, ':', ';');
    const auto numbers = numbers_of(plain);
    return numbers && all_at_most(*numbers, parameters_max, colour_max);
}

bool is_screen_mode(unsigned mode) {
    return mode == 47 || mode == 1047 || mode == 1049;
}

std::string private_mode(const Numbers& numbers, char last) {
    if (numbers.size() != 1) return {};
    if (is_screen_mode(numbers[0])) return std::string{clear};
    const bool harmless = numbers[0] == 25 || numbers[0] == 7; // cursor shown, lines wrap
    return harmless ? sequence("?", numbers, last) : std::string{};
}

} // namespace

std::string_view TerminalFilter::reset() noexcept {
    // Setting the margins moves the cursor, so its place is saved around it.
    return "\x1b[0m\x1b[?7h\x1b[4l\x1b"
           "7\x1b[r\x1b"
           "8\x1b[?25h";
}

std::string TerminalFilter::filter(std::string_view bytes) {
    std::string joined = std::move(partial_);
    partial_.clear();
    joined += bytes;
    const auto unfinished = utf8_unfinished(joined);
    partial_ = joined.substr(joined.size() - unfinished);
    joined.resize(joined.size() - unfinished);
    std::string out;
    std::string_view left{joined};
    while (!left.empty()) {
        const auto length = utf8_length(left);
        step(out, length == 0 ? "\xef\xbf\xbd" : left.substr(0, length));
        left.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return out;
}

void TerminalFilter::step(std::string& out, std::string_view character) {
    const char c = character[0];
    if (cancel.find(c) != std::string_view::npos) {
        state_ = State::ground;
        return;
    }
    if (c == '\x1b') {
        state_ = state_ == State::string ? State::string_escape : State::escape;
        return;
    }
    switch (state_) {
    case State::ground: return ground(out, character);
    case State::escape: return escape(out, c);
    case State::intermediate:
        if (static_cast<unsigned char>(c) >= 0x30) state_ = State::ground; // a character set
        return;
    case State::control: return control(out, c);
    case State::string_escape:
        // ESC \ ends the string; anything else ends it too and begins something new.
        state_ = State::ground;
        if (c != '\\') escape(out, c);
        return;
    case State::string:
        dropped_ += character.size();
        if (c == '\a' || character == c1_string_end || dropped_ > string_bytes_max)
            state_ = State::ground;
        return;
    }
}

void TerminalFilter::ground(std::string& out, std::string_view character) {
    const char c = character[0];
    if (c == '\n' || c == '\r' || c == '\b' || c == '\t') {
        out += c;
    } else if (c == '\v' || c == '\f') {
        out += '\n';
    } else if (c == '\\' || escape_text(character) == character) {
        out += character; // printable and not deceptive
    }
}

void TerminalFilter::escape(std::string& out, char c) {
    state_ = State::ground;
    if (c == '[') {
        state_ = State::control;
        parameters_.clear();
    } else if (c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_' || c == 'k') {
        state_ = State::string; // k: the title of screen and tmux
        dropped_ = 0;
    } else if (c >= 0x20 && c <= 0x2f) {
        state_ = State::intermediate;
    } else if (keep_ == Keep::movements) {
        // Save and restore the cursor; index, next line, reverse index; a full reset.
        if (std::string_view{"78DEM"}.find(c) != std::string_view::npos) {
            out += '\x1b';
            out += c;
        } else if (c == 'c') {
            out += clear;
        }
    }
}

void TerminalFilter::control(std::string& out, char c) {
    if (c >= 0x40 && c <= 0x7e) {
        state_ = State::ground;
        if (keep_ == Keep::movements && parameters_.size() <= parameter_bytes_max)
            finish_control(out, c);
    } else if (c >= 0x20 && c < 0x40) {
        // One byte over the limit marks the sequence as too long.
        if (parameters_.size() <= parameter_bytes_max) parameters_ += c;
    } else if (static_cast<unsigned char>(c) >= 0x80) {
        state_ = State::ground;
    }
}

void TerminalFilter::finish_control(std::string& out, char last) {
    const std::string_view text{parameters_};
    if (last == 'm') {
        if (is_colour(text)) out += "\x1b[" + parameters_ + 'm';
        return;
    }
    const bool is_private = text.starts_with('?');
    const auto numbers = numbers_of(is_private ? text.substr(1) : text);
    if (!numbers) return;
    const bool is_mode = last == 'h' || last == 'l';
    if (is_private) {
        if (is_mode) out += private_mode(*numbers, last);
    } else if (is_mode) {
        if (*numbers == Numbers{4}) out += sequence({}, *numbers, last); // insert mode
    } else if (last == 'J' && *numbers == Numbers{3}) {
        out += sequence({}, Numbers{2}, last);
    } else if (is_allowed(last, *numbers)) {
        out += sequence({}, *numbers, last);
    }
}

} // namespace skep::recorder
