#include "cell/one_processor.hpp"

#include <sched.h>

namespace skep::cell {

void take_one_processor(unsigned slot) {
    cpu_set_t allowed;
    if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
    auto skip = slot % static_cast<unsigned>(CPU_COUNT(&allowed));
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (!CPU_ISSET(cpu, &allowed) || skip-- != 0) continue;
        CPU_ZERO(&allowed);
        CPU_SET(cpu, &allowed);
        ::sched_setaffinity(0, sizeof allowed, &allowed);
        return;
    }
}

} // namespace skep::cell
