#include "cell/state.hpp"

#include <sys/utsname.h>

namespace skep::cell {

std::string CellState::host_name() const {
    utsname names{};
    return ::uname(&names) == 0 ? std::string{names.nodename} : plan.persona.hostname;
}

MachineState CellState::machine() const {
    const auto now = system_clock().now();
    return {.now = now / 1000000,
            .now_nanos = now % 1000000 * 1000,
            .processes = static_cast<std::int64_t>(tasks.size()),
            .last_pid = last_pid,
            .used_kib = used_bytes / 1024};
}

} // namespace skep::cell
