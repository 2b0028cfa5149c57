// The table of special characters that the LINEMODE option negotiates (RFC 1184, SLC).
#pragma once

#include "service/telnet/tty.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace skep::service::telnet {

/// The server's side of SLC as telnetd/slc.c plays it: what both sides agreed, kept beside the
/// terminal's own characters.
class SpecialCharacters {
  public:
    enum class Flow : std::uint8_t { variable, free, fixed };

    SpecialCharacters();

    /// Answers a client's list of (function, flags, value) triplets and changes `tty`'s
    /// characters; the answer's triplets, IAC doubled, are appended to `answer`.
    void process(std::string_view triplets, Tty& tty, std::string& answer);

    /// What is in use now, as triplets (send_slc()).
    void list(std::string& answer) const;

    /// What the client said of flow control decides how XON and XOFF may be changed.
    void set_flow(Flow flow) noexcept;

  private:
    struct Entry {
        std::uint8_t flags = 0, value = 0;
    };

    static constexpr std::uint8_t functions = 18; // NSLC

    void one(std::uint8_t function,
             std::uint8_t flags,
             std::uint8_t value,
             Tty& tty,
             std::string& answer);
    void change(std::uint8_t function,
                std::uint8_t flags,
                std::uint8_t value,
                Tty& tty,
                std::string& answer);
    void
    impossible(std::uint8_t function, std::uint8_t flags, std::uint8_t value, std::string& answer);
    void reset(Tty& tty);

    std::array<Entry, functions + 1> current_{};
    std::array<Entry, functions + 1> preset_{};
};

} // namespace skep::service::telnet
