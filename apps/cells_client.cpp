#include "apps/cells_client.hpp"

#include "apps/subcommand.hpp"
#include "base/bytes.hpp"
#include "cell/broker_operator.hpp"
#include "cell/cell_id.hpp"
#include "process/descriptor.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace skep::apps {
namespace json = boost::json;

namespace {

constexpr time_t answer_seconds = 30; ///< Between two parts of an answer.
constexpr std::size_t answer_bytes_max = std::size_t{16} << 20;

/// The state directory's name may be longer than an address of a Unix socket takes.
Result<process::Descriptor> connect_cells(const std::string& state) {
    const process::Descriptor directory{::open(state.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    process::Descriptor socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const auto path = fmt::format("/proc/self/fd/{}/{}", directory.get(), cell::control_socket);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (!directory.valid() || !socket.valid() || path.size() >= sizeof address.sun_path)
        return fail(Fault::refused, fmt::format("{}: there is no such directory", state));
    path.copy(address.sun_path, path.size());
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
        return socket;
    if (errno == ENOENT || errno == ECONNREFUSED)
        return fail(Fault::refused, "this deployment does not run, or has no cells");
    return fail(Fault::refused,
                fmt::format("{}/{}: {}", state, cell::control_socket,
                            std::strerror(errno))); // NOLINT(concurrency-mt-unsafe): one thread
}

/// The process on the other side may have been taken over: its answer is bounded.
Result<std::string> exchange(int socket, std::string request) {
    request += '\n';
    std::string answer;
    const timeval patience{.tv_sec = answer_seconds, .tv_usec = 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (::send(socket, request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size()))
        return fail(Fault::closed, "the cells do not answer");
    std::array<char, 65536> part{};
    for (ssize_t size = 0; (size = ::recv(socket, part.data(), part.size(), 0)) > 0;) {
        answer.append(part.data(), static_cast<std::size_t>(size));
        if (answer.size() > answer_bytes_max)
            return fail(Fault::over_limit, "the answer is too long");
    }
    return answer;
}

} // namespace

Result<std::vector<json::object>> ask_cells(const std::string& state, const std::string& request) {
    TRY(const auto socket, connect_cells(state));
    TRY(const auto answer, exchange(socket.get(), request));
    std::vector<json::object> rows;
    for (std::string_view rest{answer}; !rest.empty();) {
        const auto end = std::min(rest.find('\n'), rest.size());
        boost::system::error_code error;
        auto row = json::parse(rest.substr(0, end), error);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (error || !row.is_object()) break;
        auto& object = row.get_object();
        if (object.contains("done")) return rows;
        if (object.contains("error")) return fail(Fault::refused, shown(object, "error"));
        rows.push_back(std::move(object));
    }
    return fail(Fault::closed, "the cells have ended before they answered");
}

int tell_cell(const std::string& state,
              const std::string& verb,
              const std::vector<std::string>& words) {
    if (words.size() != 1 || !cell::is_cell_id(words[0]))
        return complain("name one cell, as `skep cell list` shows it", 2);
    const auto said = ask_cells(state, verb + ' ' + words[0]);
    if (!said) return complain(said.error().detail());
    return 0;
}

std::string shown(const json::object& row, std::string_view name) {
    const auto* value = row.if_contains({name.data(), name.size()});
    if (value == nullptr) return {};
    return value->is_string() ? escape_text(value->get_string()) : json::serialize(*value);
}

} // namespace skep::apps
