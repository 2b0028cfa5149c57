#include "cell/plain_link.hpp"

#include "process/descriptor.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <span>
#include <sys/socket.h>

namespace skep::cell {
namespace {

constexpr std::uint32_t queue_length = 1000;
constexpr std::uint8_t operational = 6; // IF_OPER_UP, which the system's headers keep to themselves

/// One request about a link, and its attributes behind it.
class LinkRequest {
  public:
    explicit LinkRequest(std::uint16_t flags) noexcept {
        header_.nlmsg_type = RTM_NEWLINK;
        header_.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
        header_.nlmsg_len = NLMSG_LENGTH(sizeof(ifinfomsg));
        ifinfomsg about{};
        about.ifi_family = AF_UNSPEC;
        about.ifi_flags = IFF_MULTICAST;
        about.ifi_change = IFF_MULTICAST | IFF_NOARP;
        std::memcpy(bytes_.data() + NLMSG_HDRLEN, &about, sizeof about);
    }

    void add(std::uint16_t type, std::span<const std::byte> value) noexcept {
        const auto size = static_cast<std::uint16_t>(RTA_LENGTH(value.size()));
        if (header_.nlmsg_len + RTA_ALIGN(size) > bytes_.size()) return; // short names only
        const rtattr attribute{.rta_len = size, .rta_type = type};
        std::memcpy(bytes_.data() + header_.nlmsg_len, &attribute, sizeof attribute);
        if (!value.empty())
            std::memcpy(bytes_.data() + header_.nlmsg_len + RTA_LENGTH(0), value.data(),
                        value.size());
        header_.nlmsg_len += RTA_ALIGN(size);
    }

    void add(std::uint16_t type, const char* text) noexcept {
        add(type, std::as_bytes(std::span{text, std::strlen(text) + 1}));
    }

    /// Everything that is added from here on stands inside this attribute, until `close`.
    std::size_t open(std::uint16_t type) noexcept {
        const auto at = header_.nlmsg_len;
        add(type, std::span<const std::byte>{});
        return at;
    }

    void close(std::size_t at) noexcept {
        const auto size = static_cast<std::uint16_t>(header_.nlmsg_len - at);
        std::memcpy(bytes_.data() + at + offsetof(rtattr, rta_len), &size, sizeof size);
    }

    Result<void> ask() noexcept {
        const process::Descriptor socket{
            ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)};
        if (!socket.valid()) return fail(Fault::refused, "rtnetlink");
        std::memcpy(bytes_.data(), &header_, sizeof header_);
        if (::send(socket.get(), bytes_.data(), header_.nlmsg_len, 0) < 0)
            return fail(Fault::refused,
                        std::strerror(errno)); // NOLINT(concurrency-mt-unsafe): one thread

        struct {
            nlmsghdr header;
            nlmsgerr error;
        } answer{};

        const auto got = ::recv(socket.get(), &answer, sizeof answer, 0);
        if (got < static_cast<ssize_t>(NLMSG_LENGTH(sizeof(int))) ||
            answer.header.nlmsg_type != NLMSG_ERROR)
            return fail(Fault::refused, "no answer of rtnetlink");
        if (answer.error.error != 0)
            return fail(
                Fault::refused,
                std::strerror(-answer.error.error)); // NOLINT(concurrency-mt-unsafe): one thread
        return {};
    }

  private:
    nlmsghdr header_{};
    std::array<std::byte, 256> bytes_{};
};

} // namespace

Result<void> add_plain_link(const char* name, std::span<const std::byte, 6> hardware_address) {
    Result<void> done;
    for (const char* kind : {"dummy", "ifb"}) {
        LinkRequest request{NLM_F_CREATE | NLM_F_EXCL};
        request.add(IFLA_IFNAME, name);
        request.add(IFLA_ADDRESS, hardware_address);
        request.add(IFLA_TXQLEN, std::as_bytes(std::span{&queue_length, 1}));
        const auto info = request.open(IFLA_LINKINFO);
        request.add(IFLA_INFO_KIND, kind);
        request.close(info);
        done = request.ask();
        if (done) return done;
    }
    return done;
}

Result<void> show_as_up(const char* name) {
    LinkRequest request{0};
    request.add(IFLA_IFNAME, name);
    request.add(IFLA_OPERSTATE, std::as_bytes(std::span{&operational, 1}));
    return request.ask();
}

} // namespace skep::cell
