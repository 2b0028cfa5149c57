// Numbers and names of the Telnet protocol.
#pragma once

#include <cstdint>
#include <string_view>

namespace skep::service::telnet {

/// The byte after IAC (RFC 854 "TELNET COMMAND STRUCTURE"; 236 to 239 from RFC 1184 and RFC 885).
namespace command {
inline constexpr std::uint8_t end_of_file = 236, suspend = 237, abort = 238, end_of_record = 239;
inline constexpr std::uint8_t se = 240, nop = 241, data_mark = 242, brk = 243, interrupt = 244;
inline constexpr std::uint8_t abort_output = 245, are_you_there = 246, erase_character = 247;
inline constexpr std::uint8_t erase_line = 248, go_ahead = 249, sb = 250;
inline constexpr std::uint8_t will = 251, wont = 252, do_it = 253, dont = 254, iac = 255;
} // namespace command

/// Option numbers (IANA "telnet-options").
namespace option {
inline constexpr std::uint8_t binary = 0, echo = 1, suppress_go_ahead = 3, status = 5;
inline constexpr std::uint8_t timing_mark = 6, logout = 18, terminal_type = 24, end_of_record = 25;
inline constexpr std::uint8_t window_size = 31, terminal_speed = 32, flow_control = 33;
inline constexpr std::uint8_t line_mode = 34, display = 35, environment = 36, authentication = 37;
inline constexpr std::uint8_t encryption = 38, new_environment = 39;
} // namespace option

/// First byte of the subnegotiations of RFC 1091, 1079, 1096, 1572, 859, 2941.
namespace qualifier {
inline constexpr std::uint8_t is = 0, send = 1, info = 2, name = 3;
} // namespace qualifier

/// `ECHO`, `NAWS`, ... as RFC texts abbreviate them; empty for an option without a name.
std::string_view option_name(std::uint8_t number) noexcept;

/// `WILL`, `WONT`, `DO`, `DONT`.
std::string_view verb_name(std::uint8_t command) noexcept;

} // namespace skep::service::telnet
