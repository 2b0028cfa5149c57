// Calls about the machine, memory and network.
#include "cell/fabricate.hpp"
#include "cell/notifier.hpp"
#include "cell/tracee.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace skep::cell {
namespace {

constexpr std::size_t load_shift = 16;
constexpr std::size_t mask_bytes = 32; // as a kernel built for 256 processors
constexpr std::uint16_t dns_port = 53;

template <std::size_t Size>
void put(char (&field)[Size],
         const std::string& text) { // NOLINT(modernize-avoid-c-arrays): struct utsname
    std::memset(field, 0, Size);
    std::memcpy(field, text.data(), std::min(text.size(), Size - 1));
}

template <class Struct> std::string_view bytes_of(const Struct& value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
}

/// A steady number for an address, so that the same peer always answers after the same time.
std::int64_t distance_ms(std::string_view address) {
    std::uint32_t hash = 2166136261U;
    for (const char byte : address)
        hash = (hash ^ static_cast<unsigned char>(byte)) * 16777619U;
    return 18 + hash % 170;
}

/// SOCK_STREAM or what else the caller's socket is; SOCK_STREAM if that cannot be seen.
int socket_type(pid_t pid, int descriptor) {
    const process::Descriptor process{
        static_cast<int>(::syscall(SYS_pidfd_open, task_status(pid).tgid, 0))};
    const process::Descriptor socket{
        static_cast<int>(::syscall(SYS_pidfd_getfd, process.get(), descriptor, 0))};
    int type = SOCK_STREAM;
    socklen_t size = sizeof type;
    ::getsockopt(socket.get(), SOL_SOCKET, SO_TYPE, &type, &size);
    return type;
}

bool is_own(const sockaddr_storage& address, const persona::Persona& persona) {
    if (address.ss_family == AF_INET) {
        sockaddr_in in{};
        std::memcpy(&in, &address, sizeof in);
        const auto host = ntohl(in.sin_addr.s_addr);
        in_addr own{};
        ::inet_aton(persona.address.substr(0, persona.address.find('/')).c_str(), &own);
        return host >> 24U == 127 || host == 0 || in.sin_addr.s_addr == own.s_addr;
    }
    sockaddr_in6 in{};
    std::memcpy(&in, &address, sizeof in);
    return IN6_IS_ADDR_LOOPBACK(&in.sin6_addr) || IN6_IS_ADDR_UNSPECIFIED(&in.sin6_addr);
}

} // namespace

Answer answer_uname(CellState& state, const Request& request) {
    utsname names{};
    const auto& persona = state.plan.persona;
    put(names.sysname, "Linux");
    put(names.nodename, state.host_name());
    put(names.release, persona.kernel_release);
    put(names.version, persona.kernel_version);
    put(names.machine, persona.machine);
    put(names.domainname, "(none)");
    return write_memory(request.pid, request.args[0], bytes_of(names)) ? Answer::value(0)
                                                                       : Answer::error(EFAULT);
}

Answer answer_sysinfo(CellState& state, const Request& request) {
    struct sysinfo info{};
    const auto& persona = state.plan.persona;
    const auto machine = state.machine();
    std::string text;
    fabricated_proc(persona, machine, "meminfo", text);
    const auto kib = [&](std::string_view name) -> unsigned long {
        const auto at = text.find(name);
        return at == std::string::npos ? 0
                                       : std::strtoul(text.c_str() + at + name.size(), nullptr, 10);
    };
    info.uptime = std::max<long>(machine.now - persona.boot_time, 1);
    for (auto& load : info.loads)
        load = (1UL << load_shift) * 3 / 100;
    info.mem_unit = 1024;
    info.totalram = kib("MemTotal:");
    info.freeram = kib("MemFree:");
    info.sharedram = kib("Shmem:");
    info.bufferram = kib("Buffers:");
    info.totalswap = kib("SwapTotal:");
    info.freeswap = kib("SwapFree:");
    info.procs = static_cast<unsigned short>(machine.others + machine.processes);
    return write_memory(request.pid, request.args[0], bytes_of(info)) ? Answer::value(0)
                                                                      : Answer::error(EFAULT);
}

Answer answer_affinity(CellState& state, const Request& request) {
    if (request.args[1] < mask_bytes || request.args[1] % 8 != 0) return Answer::error(EINVAL);
    std::string mask(mask_bytes, '\0');
    for (std::int64_t cpu = 0; cpu < std::min<std::int64_t>(state.plan.persona.cpus, 256); ++cpu)
        mask[static_cast<std::size_t>(cpu / 8)] =
            static_cast<char>(static_cast<unsigned char>(mask[static_cast<std::size_t>(cpu / 8)]) |
                              (1U << (cpu % 8)));
    return write_memory(request.pid, request.args[2], mask) ? Answer::value(mask_bytes)
                                                            : Answer::error(EFAULT);
}

/// The limits that a login has on such a machine; our own are lower and show only when they are
/// reached.
Answer answer_limit(CellState& state, const Request& request) {
    if (request.args[0] != 0 &&
        static_cast<pid_t>(request.args[0]) != task_status(request.pid).cell_pid)
        return {};
    const auto processes = static_cast<std::uint64_t>(state.plan.persona.memory_kib / 260);
    constexpr auto infinity = ~std::uint64_t{0};
    std::array<std::uint64_t, 2> limit{infinity, infinity};
    if (request.args[1] == RLIMIT_NPROC || request.args[1] == RLIMIT_SIGPENDING)
        limit = {processes, processes};
    if (request.args[1] == RLIMIT_NOFILE) limit = {1024, 1048576};
    return write_memory(request.pid, request.args[3], bytes_of(limit)) ? Answer::value(0)
                                                                       : Answer::error(EFAULT);
}

Answer answer_mmap(CellState& state, const Request& request) {
    // With a second thread, the descriptor could be another file by the time the kernel maps it.
    // The filter makes sure that no other process shares the table.
    if (!is_single_threaded(request.pid)) return Answer::error(EACCES);
    const auto place = state.view.open_file({request.pid}, static_cast<int>(request.args[4]));
    if (!place.exists() || state.view.is_base(place)) return {};
    state.capture.keep(place, "exec", state.request_of(request.pid));
    return Answer::error(EACCES);
}

Answer answer_connect(CellState& state, const Request& request) {
    const auto length = std::min<std::uint64_t>(request.args[2], sizeof(sockaddr_storage));
    sockaddr_storage address{};
    const auto bytes = read_memory(request.pid, request.args[1], length);
    if (!bytes || length < sizeof(sa_family_t)) return {};
    std::memcpy(&address, bytes->data(), bytes->size());
    if (address.ss_family != AF_INET && address.ss_family != AF_INET6) return {};
    if (address.ss_family == AF_INET6 && length < sizeof(sockaddr_in6)) return {};
    if (is_own(address, state.plan.persona)) return {};
    std::uint16_t port = 0;
    std::memcpy(&port, bytes->data() + 2, sizeof port);
    if (ntohs(port) == 0) return {}; // a library asks for the source address that it would get
    // A datagram socket only remembers the address; what it sends gets lost behind eth0. Names fail
    // at once.
    if (ntohs(port) != dns_port &&
        socket_type(request.pid, static_cast<int>(request.args[0])) != SOCK_STREAM)
        return {};
    Answer answer =
        address.ss_family == AF_INET6 ? Answer::error(ENETUNREACH) : Answer::error(ECONNREFUSED);
    if (address.ss_family == AF_INET)
        answer.delay_ms = distance_ms(std::string_view{*bytes}.substr(4, 4));
    if (ntohs(port) == dns_port) answer.delay_ms = 2;
    return answer;
}

} // namespace skep::cell
