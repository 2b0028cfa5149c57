// Terminal modes as SSH encodes them.
#pragma once

namespace skep::cell_init {

/// Applies the modes of RFC 4254 section 8, given in hexadecimal, to a terminal as
/// ssh_tty_parse_modes of OpenSSH 9.2p1 does: not at all if they are cut off, or if bytes follow
/// their end. With `dropbear` as get_termmodes of dropbear 2022.83 does: speeds are not taken, 255
/// is a character as any other, and what stands before the end counts whatever follows.
void apply_modes(int terminal, const char* modes, bool dropbear);

} // namespace skep::cell_init
