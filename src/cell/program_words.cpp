#include "cell/program_words.hpp"

#include "base/bytes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <sys/wait.h>

namespace skep::cell {
namespace {

using Kind = process::CellRequest::Kind;

constexpr std::uint32_t terminal_side_max = 1000;
constexpr std::size_t modes_bytes_max = 1024;
/// For the words besides those that the request brings.
constexpr std::size_t overhead_bytes = 8192;

std::string flags_of(const process::CellRequest& request, const persona::Persona& persona) {
    std::string flags{"-"};
    if (persona.every_user_is_root) flags += 'r';
    const bool ssh = request.protocol == "ssh";
    if (ssh ? persona.plays_dropbear() : persona.plays_busybox()) flags += 'b';
    if (ssh) flags += 's';
    if (request.terminal) flags += 't';
    if (request.kind != Kind::shell) flags += 'c';
    if (request.user_rc) flags += 'u';
    return flags;
}

} // namespace

bool can_start(const process::CellRequest& request) {
    if (request.kind == Kind::subsystem && request.command != "sftp") return false;
    std::size_t bytes = request.command.size() + request.username.size() + request.term.size() +
                        request.remote_host.size() + request.src_ip.size() + request.dst_ip.size();
    for (const auto& [name, value] : request.environment)
        bytes += name.size() + value.size() + 2;
    return bytes + 2 * modes_bytes_max + overhead_bytes < process::message_bytes_max;
}

std::vector<std::string> program_words(const process::CellRequest& request,
                                       const persona::Persona& persona) {
    const auto side = [](std::uint32_t cells) {
        return std::to_string(std::min(cells, terminal_side_max));
    };
    std::vector<std::string> words{
        "program",
        std::to_string(request.request),
        flags_of(request, persona),
        request.username,
        request.term,
        side(request.columns),
        side(request.rows),
        request.remote_host,
        hex(std::string_view{request.modes}.substr(0, modes_bytes_max)),
        fmt::format("{} {} {} {}", request.src_ip, request.src_port, request.dst_ip,
                    request.dst_port),
        request.kind == Kind::subsystem ? std::string{persona.sftp_server()} : request.command};
    for (const auto& [name, value] : request.environment)
        words.emplace_back(name).append("=").append(value);
    return words;
}

bool is_upload(const process::CellRequest& request) {
    if (request.kind == Kind::subsystem) return true;
    if (request.kind != Kind::command) return false;
    // As clients write it: `scp [-v] [-r] [-p] [-d] -t FILE`.
    std::string_view left{request.command};
    const auto program = left.substr(0, left.find(' '));
    if (program != "scp" && !program.ends_with("/scp")) return false;
    left.remove_prefix(program.size());
    while (left.starts_with(" -")) {
        const auto option = left.substr(1, left.find(' ', 1) - 1);
        if (option == "--") return false;
        if (option.contains('t')) return true;
        left.remove_prefix(option.size() + 1);
    }
    return false;
}

process::CellExit exit_of(std::uint64_t request, int status) {
    process::CellExit exit;
    exit.request = request;
    if (WIFEXITED(status)) exit.status = static_cast<std::uint32_t>(WEXITSTATUS(status));
    if (WIFSIGNALED(status)) {
        exit.signal = static_cast<std::uint32_t>(WTERMSIG(status));
        exit.core = WCOREDUMP(status) != 0;
    }
    return exit;
}

int signal_number(std::string_view name) {
    struct Row {
        std::string_view name;
        int number;
    };

    constexpr std::array rows{Row{"ABRT", SIGABRT}, Row{"ALRM", SIGALRM}, Row{"FPE", SIGFPE},
                              Row{"HUP", SIGHUP},   Row{"ILL", SIGILL},   Row{"INT", SIGINT},
                              Row{"KILL", SIGKILL}, Row{"PIPE", SIGPIPE}, Row{"QUIT", SIGQUIT},
                              Row{"SEGV", SIGSEGV}, Row{"TERM", SIGTERM}, Row{"USR1", SIGUSR1},
                              Row{"USR2", SIGUSR2}};
    const auto* const found = std::ranges::find(rows, name, &Row::name);
    return found == rows.end() ? 0 : found->number;
}

} // namespace skep::cell
