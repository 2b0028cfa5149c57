#include "cell/state.hpp"

#include "cell/account.hpp"
#include "cell/tracee.hpp"

#include <fmt/format.h>

#include <sys/ioctl.h>
#include <sys/utsname.h>

namespace skep::cell {

std::string CellState::host_name() const {
    utsname names{};
    return ::uname(&names) == 0 ? std::string{names.nodename} : plan.persona.hostname;
}

void CellState::name_servers(std::uint64_t request, int terminal) {
    auto& visit = peers[request];
    unsigned number = 0;
    if (terminal >= 0 && ::ioctl(terminal, TIOCGPTN, &number) == 0)
        visit.line = fmt::format("pts/{}", number);
    const auto account = find_account(view, visit.user);
    visit.uid = account ? account->uid : 0;
    processes.name_servers(request, visit);
}

void CellState::restart() {
    constexpr std::int64_t services_stop_ms = 900;
    if (restart_ms != 0) return;
    restart_ms = monotonic_ms() + services_stop_ms;
    event::Event event{"cell.restarted", system_clock().now()};
    outlet.send(0, std::move(event));
}

Visit visit_of(const process::CellRequest& request) {
    return {.src_ip = request.src_ip,
            .src_port = static_cast<std::uint16_t>(request.src_port),
            .dst_port = static_cast<std::uint16_t>(request.dst_port),
            .protocol = request.protocol,
            .user = request.username};
}

MachineState CellState::machine() const {
    const auto now = system_clock().now();
    return {.now = now / 1000000,
            .now_nanos = now % 1000000 * 1000,
            .processes = static_cast<std::int64_t>(tasks.size()),
            .others = static_cast<std::int64_t>(processes.made_up().size()),
            .last_pid = last_pid,
            .used_kib = used_bytes / 1024};
}

} // namespace skep::cell
