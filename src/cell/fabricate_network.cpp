// /proc/net/tcp as a machine has it that serves Telnet to its visitors.
#include "cell/fabricate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstdint>

namespace skep::cell {
namespace {

constexpr std::uint16_t telnet_port = 23;
constexpr std::uint16_t ssh_port = 22;
constexpr std::uint16_t http_port = 80;
constexpr int listening = 10; // TCP_LISTEN
constexpr int established = 1;
constexpr int line_bytes = 149; // as tcp4_seq_show pads it

/// An address as the kernel prints it: the bytes as a number of the machine.
std::uint32_t raw_address(const std::string& text) {
    in_addr address{};
    return ::inet_aton(text.c_str(), &address) == 0 ? 0 : address.s_addr;
}

/// A port that such a peer's system could have taken, always the same for it.
std::uint16_t peer_port(std::uint32_t address) {
    return static_cast<std::uint16_t>(32768 + (address * 2654435761U >> 8U) % 28000);
}

struct Row {
    std::uint32_t local = 0;
    std::uint16_t port = 0;
    std::uint32_t remote = 0;
    std::uint16_t remote_port = 0;
};

std::string line_of(int number, const Row& row) {
    const bool open = row.remote != 0;
    const auto text = fmt::format("{:4}: {:08X}:{:04X} {:08X}:{:04X} {:02X} 00000000:00000000 "
                                  "{}:00000000 00000000     0        0 {} {} 0000000000000000 {}",
                                  number, row.local, row.port, row.remote, row.remote_port,
                                  open ? established : listening, open ? "02" : "00",
                                  13000 + row.port * 17 + number, open ? 3 : 1,
                                  open ? "20 4 30 10 -1" : "100 0 0 10 0");
    return fmt::format("{:<{}}\n", text, line_bytes);
}

} // namespace

std::string proc_net_tcp(const persona::Persona& persona,
                         const std::vector<std::string>& peers,
                         std::string_view real) {
    const auto end = std::min(real.find('\n'), real.size());
    std::string out{real.substr(0, end)};
    out += '\n';
    real.remove_prefix(std::min(end + 1, real.size()));
    int number = 0;
    for (const auto port :
         std::array{persona.image == "router" ? http_port : ssh_port, telnet_port})
        out += line_of(number++, {.port = port});
    const auto own = raw_address(persona.address.substr(0, persona.address.find('/')));
    for (const auto& peer : peers)
        if (const auto address = raw_address(peer); address != 0)
            out += line_of(number++, {own, telnet_port, address, peer_port(address)});
    // The kernel's own rows, numbered on.
    while (!real.empty()) {
        const auto line = real.substr(0, real.find('\n'));
        real.remove_prefix(std::min(line.size() + 1, real.size()));
        const auto colon = line.find(':');
        if (colon != std::string_view::npos)
            out += fmt::format("{:4}{}\n", number++, line.substr(colon));
    }
    return out;
}

} // namespace skep::cell
