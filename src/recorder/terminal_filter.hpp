// Makes an attacker's terminal output harmless for the terminal of the person who watches it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace skep::recorder {

/// Passes printable text, CR, LF, BS and TAB, colours, and the sequences that move the cursor,
/// erase, insert, delete and scroll, rebuilt from their numbers. Everything else is dropped: what
/// asks the terminal for an answer, sets a title, the clipboard, keys, mouse or modes, switches
/// character sets or the screen, every OSC, DCS, APC, PM and SOS, C1 controls, characters that
/// reorder text, and whatever is not known (ECMA-48, xterm's ctlseqs).
///
/// Keeps its state between calls, so that sequences may be split anywhere.
class TerminalFilter {
  public:
    enum class Keep : bool {
        text,      ///< Text and line ends only.
        movements, ///< Also colours and movements.
    };

    explicit TerminalFilter(Keep keep = Keep::movements) : keep_{keep} {}

    std::string filter(std::string_view bytes);

    /// What undoes everything that may have passed: colours, hidden cursor, margins, modes.
    static std::string_view reset() noexcept;

  private:
    enum class State : std::uint8_t {
        ground,
        escape,
        intermediate,
        control,
        string,
        string_escape
    };

    void step(std::string& out, std::string_view character);
    void ground(std::string& out, std::string_view character);
    void escape(std::string& out, char c);
    void control(std::string& out, char c);
    void finish_control(std::string& out, char last);

    Keep keep_;
    State state_ = State::ground;
    std::string partial_;     ///< The start of a character whose end has not come yet.
    std::string parameters_;  ///< Of the control sequence so far.
    std::size_t dropped_ = 0; ///< Bytes of the string so far.
};

} // namespace skep::recorder
