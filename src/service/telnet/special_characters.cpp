#include "service/telnet/special_characters.hpp"

#include <optional>

namespace skep::service::telnet {
namespace {

constexpr std::uint8_t no_support = 0, cannot_change = 1, variable = 2, by_default = 3;
constexpr std::uint8_t level_bits = 3, ack = 0x80;
constexpr std::uint8_t flush_in = 0x40, flush_out = 0x20;
constexpr std::uint8_t xon = 15, xoff = 16;
constexpr std::size_t answer_bytes_max = 18 * 6 - 4 - 6; // slcbuf, its head, add_slc()'s reserve

struct Function {
    std::uint8_t number;
    std::optional<Tty::Key> key; ///< The terminal's character that it is; none: telnetd has none.
    std::uint8_t flags;
};

/// term.c, spcset(), on Linux.
constexpr std::array table{
    Function{1, std::nullopt, by_default},
    Function{2, std::nullopt, by_default},
    Function{3, Tty::intr, variable | flush_in | flush_out},
    Function{4, Tty::discard, variable | flush_out},
    Function{5, std::nullopt, by_default},
    Function{6, std::nullopt, by_default},
    Function{7, Tty::quit, variable | flush_in | flush_out},
    Function{8, Tty::eof, variable},
    Function{9, Tty::susp, variable | flush_in},
    Function{10, Tty::erase, variable},
    Function{11, Tty::kill, variable},
    Function{12, Tty::word_erase, variable},
    Function{13, Tty::reprint, variable},
    Function{14, Tty::next_literal, variable},
    Function{xon, Tty::start, variable},
    Function{xoff, Tty::stop, variable},
    Function{17, Tty::end_of_line, variable},
    Function{18, Tty::end_of_line_2, variable},
};

const Function& row(std::uint8_t function) {
    return table.at(function - 1U);
}

/// add_slc()
void add(std::string& answer, std::uint8_t function, std::uint8_t flags, std::uint8_t value) {
    if (answer.size() > answer_bytes_max) return;
    for (const auto byte : {function, flags, value}) {
        answer += static_cast<char>(byte);
        if (byte == 0xff) answer += static_cast<char>(byte);
    }
}

} // namespace

SpecialCharacters::SpecialCharacters() {
    const Tty fresh;
    for (const auto& function : table) {
        auto& preset = preset_.at(function.number);
        preset.flags = function.flags;
        if (function.key) preset.value = fresh.keys.at(*function.key);
    }
}

void SpecialCharacters::set_flow(Flow flow) noexcept {
    const std::uint8_t level = flow == Flow::fixed  ? cannot_change
                               : flow == Flow::free ? by_default
                                                    : variable;
    preset_[xon].flags = level;
    preset_[xoff].flags = level;
}

/// do_opt_slc()
void SpecialCharacters::process(std::string_view triplets, Tty& tty, std::string& answer) {
    for (std::size_t i = 0; i + 2 < triplets.size(); i += 3)
        one(static_cast<std::uint8_t>(triplets[i]), static_cast<std::uint8_t>(triplets[i + 1]),
            static_cast<std::uint8_t>(triplets[i + 2]), tty, answer);
}

/// process_slc()
void SpecialCharacters::one(
    std::uint8_t function, std::uint8_t flags, std::uint8_t value, Tty& tty, std::string& answer) {
    if (function > functions) {
        add(answer, function, no_support, 0);
        return;
    }
    const std::uint8_t level = flags & level_bits;
    if (function == 0) {
        if (level == by_default) reset(tty);
        if (level == by_default || level == variable) list(answer);
        return;
    }
    const auto& now = current_.at(function);
    const bool is_ack = (flags & ack) != 0;
    if (level == (now.flags & level_bits) && (value == now.value || is_ack)) return;
    if (!is_ack) change(function, flags, value, tty, answer);
}

/// change_slc()
void SpecialCharacters::change(
    std::uint8_t function, std::uint8_t flags, std::uint8_t value, Tty& tty, std::string& answer) {
    auto& now = current_.at(function);
    const auto& preset = preset_.at(function);
    const std::uint8_t level = flags & level_bits;
    if (level == no_support) {
        now = {.flags = flags, .value = 0};
        add(answer, function, flags | ack, value);
        return;
    }
    if (level == by_default) {
        now.flags = (preset.flags & level_bits) == by_default ? no_support : preset.flags;
        now.value = preset.value;
        add(answer, function, now.flags, now.value);
        return;
    }
    if (const auto key = row(function).key) {
        now = {.flags = flags, .value = value};
        tty.keys.at(*key) = value;
        add(answer, function, flags | ack, value);
        return;
    }
    impossible(function, flags, value, answer);
}

/// The last branch of change_slc(): a function without a character of the terminal.
void SpecialCharacters::impossible(std::uint8_t function,
                                   std::uint8_t flags,
                                   std::uint8_t value,
                                   std::string& answer) {
    auto& now = current_.at(function);
    const std::uint8_t mine = preset_.at(function).flags & level_bits;
    if (mine == by_default) {
        now = {.flags = flags, .value = value};
        flags |= ack;
    } else if ((flags & level_bits) == cannot_change && mine == cannot_change) {
        flags = flags & static_cast<std::uint8_t>(~level_bits);
        now.flags = flags;
    } else {
        flags = static_cast<std::uint8_t>((flags & ~level_bits) | mine);
        now.flags = flags;
        if (mine == cannot_change) value = now.value = preset_.at(function).value;
    }
    add(answer, function, flags, value);
}

/// default_slc()
void SpecialCharacters::reset(Tty& tty) {
    for (const auto& function : table) {
        auto& now = current_.at(function.number);
        now = preset_.at(function.number);
        if (now.value == 0) now.flags = no_support;
        if (function.key) tty.keys.at(*function.key) = now.value;
    }
}

/// send_slc(): a client is urged to choose the editing characters that are not supported.
void SpecialCharacters::list(std::string& answer) const {
    for (std::uint8_t i = 1; i <= functions; ++i) {
        const auto& now = current_.at(i);
        if ((now.flags & level_bits) != no_support)
            add(answer, i, now.flags, now.value);
        else if (i >= 10 && i <= 14)
            add(answer, i, static_cast<std::uint8_t>(now.flags | by_default), 0);
    }
}

} // namespace skep::service::telnet
