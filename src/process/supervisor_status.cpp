#include "process/supervisor_status.hpp"

#include "process/user.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <poll.h>
#include <sstream>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace skep::process {
namespace json = boost::json;

namespace {

constexpr int orphan_wait_ms = 5000;

json::object services_of(const std::vector<Listening>& listeners, const char* what) {
    json::object object;
    object["event"] = what;
    json::array services;
    for (const auto& entry : listeners) {
        if (entry.kind == "hub") {
            object["hub"] = {{"url", "http://" + entry.address}};
            continue;
        }
        services.push_back({{"service", entry.service},
                            {"address", entry.address},
                            {"kind", entry.kind},
                            {"persona", entry.persona}});
    }
    object["services"] = std::move(services);
    return object;
}

std::string read_text(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    return std::string{std::istreambuf_iterator<char>{file}, {}};
}

/// A process of ours that the status file names and that still is the same one.
bool is_orphan(const json::object& entry) {
    const auto* pid = entry.if_contains("pid");
    const auto* started = entry.if_contains("start_time");
    const auto* role = entry.if_contains("role");
    if (pid == nullptr || started == nullptr || role == nullptr || !pid->is_int64() ||
        !role->is_string())
        return false;
    const auto id = static_cast<pid_t>(pid->get_int64());
    if (id <= 1 || std::to_string(start_time(id)) != json::serialize(*started)) return false;
    return read_text(fmt::format("/proc/{}/cmdline", id))
        .starts_with("skep-" + std::string{role->get_string()});
}

void end_process(pid_t pid) {
    const Descriptor handle{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
    if (!handle.valid()) return;
    ::kill(pid, SIGTERM);
    pollfd wait{handle.get(), POLLIN, 0};
    if (::poll(&wait, 1, orphan_wait_ms) == 0) ::kill(pid, SIGKILL);
}

} // namespace

std::string ready_json(const std::vector<Listening>& listeners) {
    return json::serialize(services_of(listeners, "ready"));
}

std::string status_json(const std::vector<Listening>& listeners,
                        const std::vector<ProcessStatus>& processes,
                        const std::string& started) {
    auto object = services_of(listeners, "status");
    object["pid"] = ::getpid();
    object["started"] = started;
    json::array rows;
    for (const auto& entry : processes) {
        json::object row{{"role", entry.role},   {"pid", entry.pid},
                         {"ready", entry.ready}, {"restarts", entry.restarts},
                         {"since", entry.since}, {"start_time", start_time(entry.pid)}};
        json::object reports;
        for (const auto& [name, value] : entry.reports)
            reports[name] = value;
        json::object notices;
        for (const auto& [name, text] : entry.notices)
            notices[name] = text;
        row["reports"] = std::move(reports);
        row["notices"] = std::move(notices);
        rows.push_back(std::move(row));
    }
    object["processes"] = std::move(rows);
    return json::serialize(object);
}

bool write_status(const std::string& text) {
    const std::string temporary = std::string{status_file} + ".new";
    {
        std::ofstream file{temporary, std::ios::binary | std::ios::trunc};
        file << text << '\n';
        if (!file.flush()) return false;
    }
    return ::rename(temporary.c_str(), status_file) == 0;
}

std::uint64_t start_time(pid_t pid) {
    const auto text = read_text(fmt::format("/proc/{}/stat", pid));
    const auto name_end = text.rfind(')'); // the name before it may hold anything
    if (name_end == std::string::npos) return 0;
    std::istringstream fields{text.substr(name_end + 1)};
    std::string field;
    constexpr int start_time_field = 22;
    for (int number = 3; number <= start_time_field; ++number)
        fields >> field;
    return std::strtoull(field.c_str(), nullptr, 10);
}

Result<Descriptor> take_lock() {
    Descriptor lock{::open(lock_file, O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    if (!lock.valid()) return fail(Fault::refused, std::string{lock_file} + " cannot be opened");
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
        return fail(Fault::refused, "this deployment is running already; see `skep status`");
    return lock;
}

bool is_running(const std::string& directory) {
    const Descriptor lock{::open((directory + '/' + lock_file).c_str(), O_RDONLY | O_CLOEXEC)};
    if (!lock.valid()) return false;
    if (::flock(lock.get(), LOCK_SH | LOCK_NB) != 0) return errno == EWOULDBLOCK;
    return false;
}

void end_orphans() {
    json::error_code error;
    const auto status = json::parse(read_text(status_file), error);
    if (error || !status.is_object()) return;
    const auto* processes = status.get_object().if_contains("processes");
    if (processes == nullptr || !processes->is_array()) return;
    for (const auto& entry : processes->get_array()) {
        if (!entry.is_object() || !is_orphan(entry.get_object())) continue;
        const auto pid = static_cast<pid_t>(entry.get_object().at("pid").get_int64());
        fmt::print(stderr,
                   "warning supervisor: ending process {} that an earlier supervisor left behind\n",
                   pid);
        end_process(pid);
    }
}

} // namespace skep::process
