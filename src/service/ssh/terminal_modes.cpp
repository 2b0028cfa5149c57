#include "service/ssh/terminal_modes.hpp"

#include "service/ssh/wire.hpp"

namespace skep::service::ssh {
namespace {

/// RFC 4254 section 8: "Opcodes 1 to 159 have a single uint32 argument. Opcodes 160 to 255 are not
/// yet defined, and cause parsing to stop"; 0 is TTY_OP_END.
constexpr std::uint8_t argument_opcode_max = 159;

bool has_argument(std::uint8_t opcode) {
    return opcode != 0 && opcode <= argument_opcode_max;
}

} // namespace

std::optional<std::string_view> accepted_modes(std::string_view modes) {
    Reader reader{modes};
    while (reader.left() > 0) {
        if (!has_argument(reader.u8())) break;
        reader.u32();
        if (!reader.ok()) return std::nullopt;
    }
    return reader.left() == 0 ? modes : std::string_view{};
}

bool dropbear_reads_modes(std::string_view modes) {
    if (modes.empty()) return true;
    Reader reader{modes};
    while (has_argument(reader.u8()))
        reader.u32();
    return reader.ok();
}

} // namespace skep::service::ssh
