// /proc/net/tcp and tcp6 as a machine has them that serves its visitors.
#include "cell/fabricate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstdint>
#include <cstring>

namespace skep::cell {
namespace {

constexpr std::uint16_t telnet_port = 23;
constexpr std::uint16_t ssh_port = 22;
constexpr std::uint16_t http_port = 80;
constexpr std::uint16_t names_port = 53;
constexpr std::uint16_t six_offset = 10000; // of the key of a socket's number
constexpr int listening = 10;               // TCP_LISTEN
constexpr int established = 1;
constexpr std::size_t line_bytes = 149; // as tcp4_seq_show pads it; tcp6 is not padded

/// An address as the kernel prints it: its bytes as numbers of the machine. Four zeros for none.
std::string raw_address(const std::string& text, bool six) {
    std::array<std::uint32_t, 4> parts{};
    ::inet_pton(six ? AF_INET6 : AF_INET, text.c_str(), parts.data());
    std::string out;
    for (std::size_t i = 0; i < (six ? parts.size() : 1); ++i)
        out += fmt::format("{:08X}", parts.at(i));
    return out;
}

struct Row {
    std::string local;
    std::uint16_t port = 0;
    std::string remote;
    std::uint16_t remote_port = 0;
    std::uint64_t inode = 0;
};

std::string line_of(int number, const Row& row, bool six) {
    const bool open = row.remote_port != 0;
    const auto text = fmt::format(
        "{:4}: {}:{:04X} {}:{:04X} {:02X} 00000000:00000000 {}:00000000 00000000     0        0 {} "
        "{} 0000000000000000 {}",
        number, row.local, row.port, row.remote, row.remote_port, open ? established : listening,
        open ? "02" : "00", row.inode, open ? 4 : 1, open ? "20 4 30 10 -1" : "100 0 0 10 0");
    return six ? text + '\n' : fmt::format("{:<{}}\n", text, line_bytes);
}

bool has(std::string_view text, char letter) {
    return text.find(letter) != std::string_view::npos;
}

/// Where the service is reached: behind a redirection it may be another port than its own.
std::uint16_t
port_of(std::string_view protocol, std::uint16_t usual, const std::vector<Visit>& visits) {
    const auto visit = std::ranges::find(visits, protocol, &Visit::protocol);
    return visit == visits.end() || visit->dst_port == 0 ? usual : visit->dst_port;
}

std::vector<Row>
services(const persona::Persona& persona, const std::vector<Visit>& visits, bool six) {
    const auto any = raw_address(six ? "::" : "0.0.0.0", six);
    std::vector<Row> rows;
    const auto add = [&](std::uint16_t usual, std::uint16_t port) {
        const auto key = static_cast<std::uint16_t>(six ? usual + six_offset : usual);
        rows.push_back({any, port, any, 0, listening_inode(persona, key)});
    };
    const bool router = persona.image == "router";
    if (router) add(http_port, http_port);
    if (router) add(names_port, names_port);
    add(ssh_port, port_of("ssh", ssh_port, visits));
    if (router || !six) add(telnet_port, port_of("telnet", telnet_port, visits));
    return rows;
}

} // namespace

std::string proc_net_tcp(const persona::Persona& persona,
                         const std::vector<Visit>& visits,
                         std::string_view real,
                         bool six) {
    const auto end = std::min(real.find('\n'), real.size());
    std::string out{real.substr(0, end)};
    out += '\n';
    real.remove_prefix(std::min(end + 1, real.size()));
    int number = 0;
    for (const auto& row : services(persona, visits, six))
        out += line_of(number++, row, six);
    const auto own = persona.address.substr(0, persona.address.find('/'));
    for (const auto& visit : visits) {
        if (has(visit.src_ip, ':') != six || visit.src_port == 0) continue;
        const auto usual = visit.protocol == "ssh" ? ssh_port : telnet_port;
        const Row row{raw_address(six ? "::" : own, six),
                      visit.dst_port == 0 ? usual : visit.dst_port, raw_address(visit.src_ip, six),
                      visit.src_port, connection_inode(persona, visit)};
        out += line_of(number++, row, six);
    }
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
