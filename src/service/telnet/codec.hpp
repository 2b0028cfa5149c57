// The Telnet data stream taken apart and put together: bytes in, tokens out; no I/O, no policy.
#pragma once

#include "service/telnet/protocol.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace skep::service::telnet {

/// One piece of the peer's stream. `bytes` is valid until the decoder is used again.
struct Token {
    enum class Kind : std::uint8_t {
        data,           ///< `bytes` for the terminal, never empty.
        command,        ///< IAC `command`, one of the two-byte commands.
        negotiation,    ///< IAC WILL/WONT/DO/DONT `option`.
        subnegotiation, ///< `option` and what followed it in `bytes`, IAC IAC undone.
    };

    Kind kind = Kind::data;
    std::uint8_t command = 0;
    std::uint8_t option = 0;
    std::string_view bytes;
    bool broken = false; ///< A subnegotiation that IAC SE did not end.
};

/// RFC 854 as telnetd of GNU inetutils 2.4 reads it (telnetd/state.c, telrcv).
///
/// Holds nothing but a subnegotiation that has not ended yet, at most subnegotiation_bytes_max of
/// it: the rest is dropped, as the 512 bytes of that telnetd's buffer do.
class Decoder {
  public:
    static constexpr std::size_t subnegotiation_bytes_max = 512;

    /// Takes one token off the front of `input`; nothing when all of it is used up. The bytes of a
    /// token lie in `input`, in the decoder, or in static storage.
    std::optional<Token> next(std::string_view& input);

    /// WILL BINARY is agreed: CR has no meaning of its own (RFC 856).
    bool binary = false;
    /// The client edits lines itself: CR LF and CR NUL become the LF of the local system.
    bool lines = false;

  private:
    enum class State : std::uint8_t { data, iac, carriage_return, sub, sub_iac, option };

    std::optional<Token> data(std::string_view& input);
    std::optional<Token> after_iac(std::uint8_t byte);
    std::optional<Token> after_sub_iac(std::string_view& input);
    void collect(std::uint8_t byte);
    Token finish(bool broken);

    State state_ = State::data;
    std::uint8_t verb_ = 0;
    bool told_ = false; ///< sub_ was given out and can go.
    std::unique_ptr<std::string> sub_;
};

/// The same as telnetd of BusyBox 1.30 to 1.36 reads it (networking/telnetd.c,
/// safe_write_to_pty_decode_iac): by the buffer, with its mistakes at a buffer's end, and without
/// subnegotiations: only NAWS is known, of any other the first three bytes are skipped and the rest
/// is typed into the terminal.
class BusyboxDecoder {
  public:
    /// What one read of that telnetd gets at most.
    static constexpr std::size_t chunk_bytes_max = 2000;

    /// Makes `chunk` what the server has in its buffer after a read: without a NUL at its end.
    static std::string_view accept(std::string_view chunk) noexcept;

    std::optional<Token> next(std::string_view& input);

  private:
    std::optional<Token> sequence(std::string_view& input, std::size_t before);

    bool dangling_ = false; ///< The last buffer ended in an IAC.
};

/// What a terminal printed as bytes of the stream: IAC doubled; with `nvt`, a CR that no LF follows
/// gets its NUL (RFC 854 "THE NVT PRINTER"). A CR at the end of `bytes` counts as not followed.
void encode(std::string_view bytes, bool nvt, std::string& out);

} // namespace skep::service::telnet
