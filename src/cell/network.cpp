#include "cell/network.hpp"

#include "cell/plain_link.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_tun.h>
#include <linux/route.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <tuple>
#include <unistd.h>

namespace skep::cell {
namespace {

using process::Descriptor;

constexpr unsigned long tun_set_carrier = 0x400454e2; // TUNSETCARRIER, Linux 5.0

ifreq request_for(const char* name) {
    ifreq request{};
    std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    return request;
}

sockaddr as_address(in_addr_t bits) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = bits;
    sockaddr out{};
    std::memcpy(&out, &address, sizeof out);
    return out;
}

Result<void> raise(int socket, const char* name) {
    auto request = request_for(name);
    if (::ioctl(socket, SIOCGIFFLAGS, &request) != 0) return fail(Fault::refused, name);
    request.ifr_flags |= IFF_UP;
    if (::ioctl(socket, SIOCSIFFLAGS, &request) != 0) return fail(Fault::refused, name);
    return {};
}

std::array<std::byte, 6> parse_hardware_address(const std::string& mac) {
    std::array<std::byte, 6> out{};
    for (std::size_t i = 0; i < out.size(); ++i) {
        unsigned byte = 0;
        const char* at = mac.c_str() + std::min(i * 3, mac.size());
        std::from_chars(at, mac.c_str() + mac.size(), byte, 16);
        out[i] = static_cast<std::byte>(byte);
    }
    return out;
}

Result<void> set_hardware_address(int socket, const std::array<std::byte, 6>& mac) {
    auto request = request_for("eth0");
    request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
    std::memcpy(request.ifr_hwaddr.sa_data, mac.data(), mac.size());
    if (::ioctl(socket, SIOCSIFHWADDR, &request) != 0)
        return fail(Fault::refused, "hardware address");
    return {};
}

Result<void> set_address(int socket, const persona::Persona& persona) {
    const auto slash = persona.address.find('/');
    in_addr address{};
    in_addr gateway{};
    unsigned bits = 24;
    if (slash != std::string::npos)
        std::from_chars(persona.address.data() + slash + 1,
                        persona.address.data() + persona.address.size(), bits);
    if (bits > 32 || ::inet_aton(persona.address.substr(0, slash).c_str(), &address) == 0)
        return fail(Fault::refused, "address");
    auto request = request_for("eth0");
    request.ifr_addr = as_address(address.s_addr);
    if (::ioctl(socket, SIOCSIFADDR, &request) != 0) return fail(Fault::refused, "address");
    const std::uint32_t mask = bits == 0 ? 0 : ~std::uint32_t{0} << (32 - bits);
    request.ifr_netmask = as_address(htonl(mask));
    if (::ioctl(socket, SIOCSIFNETMASK, &request) != 0) return fail(Fault::refused, "netmask");
    request.ifr_broadaddr = as_address(address.s_addr | htonl(~mask));
    ::ioctl(socket, SIOCSIFBRDADDR, &request);
    if (auto done = raise(socket, "eth0"); !done) return done;
    if (::inet_aton(persona.gateway.c_str(), &gateway) == 0) return {};
    rtentry route{};
    route.rt_dst = as_address(0);
    route.rt_genmask = as_address(0);
    route.rt_gateway = as_address(gateway.s_addr);
    route.rt_flags = RTF_UP | RTF_GATEWAY;
    if (::ioctl(socket, SIOCADDRT, &route) != 0) return fail(Fault::refused, "default route");
    return {};
}

/// The tap device eth0, as long as the descriptor is open.
Result<Descriptor> open_tap() {
    Descriptor card{::open("/dev/net/tun", O_RDWR | O_CLOEXEC)};
    if (!card.valid()) return fail(Fault::refused, "/dev/net/tun");
    auto request = request_for("eth0");
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    if (::ioctl(card.get(), TUNSETIFF, &request) != 0) return fail(Fault::refused, "eth0");
    return card;
}

} // namespace

Result<Descriptor> make_network(const persona::Persona& persona) {
    const Descriptor socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    if (!socket.valid()) return fail(Fault::refused, "socket");
    if (auto done = raise(socket.get(), "lo"); !done) return std::unexpected{done.error()};
    const auto mac = parse_hardware_address(persona.mac);
    auto card = open_tap();
    if (card) {
        if (auto done = set_hardware_address(socket.get(), mac); !done)
            return std::unexpected{done.error()};
    } else {
        if (auto done = add_plain_link("eth0", mac); !done) return std::unexpected{done.error()};
        card = Descriptor{};
    }
    if (auto done = set_address(socket.get(), persona); !done) return std::unexpected{done.error()};
    if (!card->valid()) {
        std::ignore = show_as_up("eth0"); // else it says UNKNOWN, as some cards do
        return card;
    }
    // Off and on again: only a change makes the kernel show the card as UP, not UNKNOWN.
    for (int carrier : {0, 1})
        ::ioctl(card->get(), tun_set_carrier, &carrier);
    return card;
}

} // namespace skep::cell
