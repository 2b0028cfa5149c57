#include "cell/standalone/modes.hpp"

#include <cstddef>
#include <cstdint>
#include <termios.h>

namespace skep::cell_init {
namespace {

constexpr unsigned end_of_modes = 0;
constexpr unsigned input_speed = 128;
constexpr unsigned output_speed = 129;
constexpr unsigned opcodes_end = 160; ///< "Opcodes 160 to 255 are not yet defined" and stop.

struct Character {
    unsigned opcode;
    int index;
};

/// Without 16: both servers know it as VSWTCH, which Linux calls VSWTC.
constexpr Character characters[] = {
    {1, VINTR},     {2, VQUIT},    {3, VERASE},  {4, VKILL},     {5, VEOF},
    {6, VEOL},      {7, VEOL2},    {8, VSTART},  {9, VSTOP},     {10, VSUSP},
    {12, VREPRINT}, {13, VWERASE}, {14, VLNEXT}, {18, VDISCARD},
};

struct Flag {
    unsigned opcode;
    tcflag_t termios::* field;
    tcflag_t bit;
};

constexpr Flag flags[] = {
    {30, &termios::c_iflag, IGNPAR}, {31, &termios::c_iflag, PARMRK},
    {32, &termios::c_iflag, INPCK},  {33, &termios::c_iflag, ISTRIP},
    {34, &termios::c_iflag, INLCR},  {35, &termios::c_iflag, IGNCR},
    {36, &termios::c_iflag, ICRNL},  {37, &termios::c_iflag, IUCLC},
    {38, &termios::c_iflag, IXON},   {39, &termios::c_iflag, IXANY},
    {40, &termios::c_iflag, IXOFF},  {41, &termios::c_iflag, IMAXBEL},
    {42, &termios::c_iflag, IUTF8},  {50, &termios::c_lflag, ISIG},
    {51, &termios::c_lflag, ICANON}, {52, &termios::c_lflag, XCASE},
    {53, &termios::c_lflag, ECHO},   {54, &termios::c_lflag, ECHOE},
    {55, &termios::c_lflag, ECHOK},  {56, &termios::c_lflag, ECHONL},
    {57, &termios::c_lflag, NOFLSH}, {58, &termios::c_lflag, TOSTOP},
    {59, &termios::c_lflag, IEXTEN}, {60, &termios::c_lflag, ECHOCTL},
    {61, &termios::c_lflag, ECHOKE}, {62, &termios::c_lflag, PENDIN},
    {70, &termios::c_oflag, OPOST},  {71, &termios::c_oflag, OLCUC},
    {72, &termios::c_oflag, ONLCR},  {73, &termios::c_oflag, OCRNL},
    {74, &termios::c_oflag, ONOCR},  {75, &termios::c_oflag, ONLRET},
    {90, &termios::c_cflag, CS7},    {91, &termios::c_cflag, CS8},
    {92, &termios::c_cflag, PARENB}, {93, &termios::c_cflag, PARODD},
};

struct Speed {
    unsigned baud;
    speed_t speed;
};

constexpr Speed speeds[] = {
    {0, B0},         {50, B50},       {75, B75},         {110, B110},       {134, B134},
    {150, B150},     {200, B200},     {300, B300},       {600, B600},       {1200, B1200},
    {1800, B1800},   {2400, B2400},   {4800, B4800},     {9600, B9600},     {19200, B19200},
    {38400, B38400}, {57600, B57600}, {115200, B115200}, {230400, B230400},
};

/// ttymodes.c, baud_to_speed: what it does not know is 9600.
speed_t speed_of(unsigned baud) {
    for (const auto& row : speeds)
        if (row.baud == baud) return row.speed;
    return B9600;
}

int digit(char letter) {
    if (letter >= '0' && letter <= '9') return letter - '0';
    if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
    return -1;
}

/// The next byte of hexadecimal text, or -1 at its end.
int take_byte(const char*& text) {
    const int high = digit(text[0]);
    const int low = high < 0 ? -1 : digit(text[1]);
    if (low < 0) return -1;
    text += 2;
    return high * 16 + low;
}

bool take_number(const char*& text, std::uint32_t& value) {
    value = 0;
    for (int i = 0; i < 4; ++i) {
        const int byte = take_byte(text);
        if (byte < 0) return false;
        value = value << 8U | static_cast<unsigned>(byte);
    }
    return true;
}

void set_speed(termios& state, unsigned opcode, std::uint32_t value) {
    if (opcode == input_speed) ::cfsetispeed(&state, speed_of(value));
    if (opcode == output_speed) ::cfsetospeed(&state, speed_of(value));
}

void apply_one(termios& state, unsigned opcode, std::uint32_t value, bool dropbear) {
    if (!dropbear) set_speed(state, opcode, value);
    for (const auto& row : characters) {
        if (row.opcode != opcode) continue;
        const bool disabled = value == 255 && !dropbear;
        state.c_cc[row.index] = disabled ? cc_t{0} : static_cast<cc_t>(value);
    }
    for (const auto& row : flags) {
        if (row.opcode != opcode) continue;
        if (value != 0)
            state.*row.field |= row.bit;
        else
            state.*row.field &= ~row.bit;
    }
}

} // namespace

void apply_modes(int terminal, const char* modes, bool dropbear) {
    termios state{};
    if (*modes == 0 || ::tcgetattr(terminal, &state) != 0) return;
    for (int byte = take_byte(modes); byte >= 0; byte = take_byte(modes)) {
        const auto opcode = static_cast<unsigned>(byte);
        if (opcode == end_of_modes || opcode >= opcodes_end) break;
        std::uint32_t value = 0;
        if (!take_number(modes, value)) return;
        apply_one(state, opcode, value, dropbear);
    }
    if (*modes == 0 || dropbear) ::tcsetattr(terminal, TCSANOW, &state);
}

} // namespace skep::cell_init
