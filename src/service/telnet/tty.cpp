#include "service/telnet/tty.hpp"

#include <algorithm>
#include <utility>

namespace skep::service::telnet {
namespace {

/// The kernel's iscntrl(): C1 bytes are not among them.
bool is_control(std::uint8_t byte) {
    return byte < 32 || byte == 127;
}

/// The kernel's isalnum() || '_': letters of Latin-1 count.
bool is_word(std::uint8_t byte) {
    if (byte >= 0xc0) return byte != 0xd7 && byte != 0xf7;
    const auto folded = static_cast<std::uint8_t>(byte | 0x20);
    return (byte >= '0' && byte <= '9') || (folded >= 'a' && folded <= 'z') || byte == '_';
}

/// Echo that a stopped terminal keeps; the kernel's echo buffer holds as much.
constexpr std::size_t held_bytes_max = 4096;

} // namespace

void Tty::type(std::string_view bytes) {
    for (const char byte : bytes)
        type_one(static_cast<std::uint8_t>(modes.strip ? byte & 0x7f : byte));
}

void Tty::type_one(std::uint8_t byte) {
    if (std::exchange(literal_, false)) {
        echo(byte);
        keep(byte);
        return;
    }
    if (control(byte)) return;
    if (byte == '\r') byte = '\n'; // ICRNL
    if (modes.canonical && edit(byte)) return;
    if (byte == '\n')
        echo_raw(byte);
    else
        echo(byte);
    keep(byte);
}

/// IXON and ISIG.
bool Tty::control(std::uint8_t byte) {
    if (is(start, byte)) {
        stopped_ = false;
        released_ = out_.size();
        return true;
    }
    if (is(stop, byte)) {
        stopped_ = true;
        return true;
    }
    if (!modes.signals) return false;
    std::uint8_t sent = no_signal;
    if (is(intr, byte)) sent = interrupt;
    if (is(quit, byte)) sent = quit_signal;
    if (is(susp, byte)) sent = suspend;
    if (sent == no_signal) return false;
    signals_ |= sent;
    out_.clear(); // isig() without NOFLSH
    flush_input();
    stopped_ = false;
    released_ = 0;
    echo(byte);
    return true;
}

bool Tty::edit(std::uint8_t byte) {
    if (is(erase, byte) || is(kill, byte) || is(word_erase, byte)) {
        erase_by(byte);
        return true;
    }
    if (is(next_literal, byte)) {
        literal_ = true;
        if (modes.echo) {
            echo_raw('^');
            echo_raw('\b');
        }
        return true;
    }
    if (is(reprint, byte) && modes.echo) {
        echo(byte);
        echo_raw('\n');
        for (const char typed : edit_)
            echo(static_cast<std::uint8_t>(typed));
        return true;
    }
    if (byte == '\n') {
        echo_raw('\n');
        finish_line(true);
        return true;
    }
    if (is(eof, byte)) {
        finish_line(false);
        return true;
    }
    if (is(end_of_line, byte) || is(end_of_line_2, byte)) {
        echo(byte);
        edit_ += static_cast<char>(byte);
        finish_line(false);
        return true;
    }
    return false;
}

void Tty::keep(std::uint8_t byte) {
    if (edit_.size() + queued_bytes_ >= input_bytes_max) {
        // A full line: the kernel overwrites its last character until the line ends.
        if (lines_.empty() && !edit_.empty()) edit_.back() = static_cast<char>(byte);
        return;
    }
    edit_ += static_cast<char>(byte);
}

void Tty::finish_line(bool with_newline) {
    constexpr std::size_t lines_max = 1024;
    if (lines_.size() < lines_max && queued_bytes_ <= input_bytes_max) {
        if (with_newline) edit_ += '\n';
        queued_bytes_ += edit_.size() + 1;
        lines_.push_back(std::move(edit_));
    }
    edit_ = {};
}

void Tty::erase_by(std::uint8_t key) {
    bool word = false;
    while (!edit_.empty()) {
        const auto last = static_cast<std::uint8_t>(edit_.back());
        if (is(word_erase, key)) {
            if (is_word(last))
                word = true;
            else if (word)
                break;
        }
        edit_.pop_back();
        if (modes.echo && last == '\t') erase_tab();
        if (modes.echo && last != '\t')
            for (int i = 0; i < (is_control(last) ? 2 : 1); ++i)
                for (const char back : {'\b', ' ', '\b'})
                    echo_raw(static_cast<std::uint8_t>(back));
        if (is(erase, key)) break;
    }
}

/// Goes back to where a tab began: the kernel counts columns since the tab before it or since the
/// start of the line.
void Tty::erase_tab() {
    std::uint32_t columns = 0;
    bool after_tab = false;
    for (auto at = edit_.rbegin(); at != edit_.rend() && !after_tab; ++at) {
        const auto byte = static_cast<std::uint8_t>(*at);
        if (byte == '\t')
            after_tab = true;
        else
            columns += is_control(byte) ? 2 : 1;
    }
    if (!after_tab) columns += line_column_;
    for (std::uint32_t back = 8 - (columns & 7); back > 0; --back)
        echo_raw('\b');
}

void Tty::echo(std::uint8_t byte) {
    if (!modes.echo) return;
    if (edit_.empty()) line_column_ = column_;
    if (is_control(byte) && byte != '\t') {
        echo_raw('^');
        echo_raw(byte ^ 0x40);
    } else {
        echo_raw(byte);
    }
}

void Tty::echo_raw(std::uint8_t byte) {
    if (modes.echo && (!stopped_ || out_.size() < held_bytes_max)) put(byte);
}

/// do_output_char(): OPOST, ONLCR, XTABS and the column.
void Tty::put(std::uint8_t byte) {
    if (!modes.process) {
        out_ += static_cast<char>(byte);
        return;
    }
    if (byte == '\n') {
        out_ += "\r\n";
        column_ = 0;
        return;
    }
    if (byte == '\t') {
        const auto spaces = 8 - (column_ & 7);
        column_ += spaces;
        if (modes.expand_tabs)
            out_.append(spaces, ' ');
        else
            out_ += '\t';
        return;
    }
    if (byte == '\r')
        column_ = 0;
    else if (byte == '\b')
        column_ -= column_ > 0 ? 1 : 0;
    else if (!is_control(byte))
        ++column_;
    out_ += static_cast<char>(byte);
}

std::uint8_t Tty::take_signals() noexcept {
    return std::exchange(signals_, no_signal);
}

std::optional<std::string> Tty::read(std::size_t bytes_max) {
    std::string text;
    if (lines_.empty()) {
        if (modes.canonical || edit_.empty()) return std::nullopt;
        text = edit_.substr(0, bytes_max);
        edit_.erase(0, text.size());
        return text;
    }
    auto& first = lines_.front();
    text = first.substr(0, bytes_max);
    queued_bytes_ -= text.size();
    first.erase(0, text.size());
    if (first.empty()) {
        lines_.erase(lines_.begin());
        --queued_bytes_;
    }
    return text;
}

void Tty::flush_input() noexcept {
    edit_ = {};
    lines_ = {};
    queued_bytes_ = 0;
}

std::string Tty::take_input() {
    std::string text;
    for (const auto& line : lines_)
        text += line;
    text += edit_;
    flush_input();
    return text;
}

void Tty::print(std::string_view text) {
    for (const char byte : text)
        put(static_cast<std::uint8_t>(byte));
}

std::string Tty::take_output() {
    const auto released = std::exchange(released_, 0);
    if (!stopped_) return std::exchange(out_, {});
    auto text = out_.substr(0, released);
    out_.erase(0, released);
    return text;
}

} // namespace skep::service::telnet
