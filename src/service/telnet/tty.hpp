// The kernel's terminal line, as a login program and its user see it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skep::service::telnet {

/// A pseudo-terminal's line discipline (Linux drivers/tty/n_tty.c, 6.1) in canonical mode: echo,
/// erasing, control characters, flow control, expansion of tabs. Both login programs sit behind
/// one, so what a peer sees while it types is decided here. After the login the cell's own
/// terminal takes over.
class Tty {
  public:
    /// Settings of termios that a login program or a telnetd changes.
    struct Modes {
        bool echo = true;         ///< ECHO, with ECHOE, ECHOK, ECHOKE and ECHOCTL.
        bool canonical = true;    ///< ICANON
        bool process = true;      ///< OPOST with ONLCR
        bool expand_tabs = false; ///< XTABS
        bool strip = false;       ///< ISTRIP
        bool signals = true;      ///< ISIG
    };

    /// Index of a special character (termios c_cc).
    enum Key : std::uint8_t {
        intr,
        quit,
        erase,
        kill,
        eof,
        start,
        stop,
        susp,
        word_erase,
        reprint,
        next_literal,
        discard,
        end_of_line,
        end_of_line_2,
        key_count
    };

    /// What was sent to the program: bits.
    enum Signal : std::uint8_t { no_signal = 0, interrupt = 1, quit_signal = 2, suspend = 4 };

    /// N_TTY_BUF_SIZE less the place kept for the end of the line.
    static constexpr std::size_t input_bytes_max = 4095;

    /// The peer types. A character that sends a signal drops what was typed, and what was printed
    /// and not yet taken, as the kernel flushes.
    void type(std::string_view bytes);

    /// Signals since the last call.
    std::uint8_t take_signals() noexcept;

    /// read(2): nothing if there is no line yet, an empty text for end of file.
    std::optional<std::string> read(std::size_t bytes_max);

    bool readable() const noexcept {
        return !lines_.empty() || (!modes.canonical && !edit_.empty());
    }

    /// Bytes that read() would give now.
    std::size_t queued() const noexcept {
        return queued_bytes_ + (modes.canonical ? 0 : edit_.size());
    }

    /// tcflush(TCIFLUSH): forgets what was typed.
    void flush_input() noexcept;

    /// What was typed and not read, to be given to the next reader.
    std::string take_input();

    /// write(2) of the program.
    void print(std::string_view text);

    /// What the terminal's other side reads; nothing while ^S holds it.
    std::string take_output();

    Modes modes;
    std::array<std::uint8_t, key_count> keys{3,    0x1c, 0x7f, 0x15, 4,    0x11, 0x13,
                                             0x1a, 0x17, 0x12, 0x16, 0x0f, 0,    0};

  private:
    void type_one(std::uint8_t byte);
    bool control(std::uint8_t byte);
    bool edit(std::uint8_t byte);
    void keep(std::uint8_t byte);
    void finish_line(bool with_newline);
    void erase_by(std::uint8_t key);
    void erase_tab();
    void echo(std::uint8_t byte);
    void echo_raw(std::uint8_t byte);
    void put(std::uint8_t byte);

    bool is(Key key, std::uint8_t byte) const noexcept { return byte != 0 && keys[key] == byte; }

    std::string edit_;               ///< The line being typed.
    std::vector<std::string> lines_; ///< Lines typed and not read; without LF if ^D ended one.
    std::string out_;
    std::size_t released_ = 0;     ///< Bytes of out_ that ^Q let go before another ^S.
    std::size_t queued_bytes_ = 0; ///< Of lines_.
    std::uint32_t column_ = 0;
    std::uint32_t line_column_ = 0; ///< Column at which edit_ began.
    std::uint8_t signals_ = no_signal;
    bool literal_ = false;
    bool stopped_ = false;
};

} // namespace skep::service::telnet
