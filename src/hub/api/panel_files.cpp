// Answers that are files of the state directory. Their paths are made of a checked digest or of a
// checked session name and its own time, never of what was stored or sent.
#include "base/ids.hpp"
#include "hub/api/file_kind.hpp"
#include "hub/api/panel.hpp"

#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

namespace skep::hub::api {
namespace {

std::optional<FileBody> open_file(const std::string& path) {
    // O_NONBLOCK: a pipe under that name would otherwise hold us.
    process::Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
    if (!file.valid()) return std::nullopt;
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) return std::nullopt;
    const auto end = ::lseek(file.get(), 0, SEEK_END);
    if (end < 0) return std::nullopt;
    return FileBody{std::move(file), static_cast<std::uint64_t>(end)};
}

/// Where the last whole line of a growing file ends.
std::uint64_t whole_lines(const FileBody& body) {
    constexpr std::size_t tail_max = std::size_t{256} * 1024;
    const auto count = std::min<std::uint64_t>(body.bytes, tail_max);
    std::string tail(count, '\0');
    const auto start = static_cast<off_t>(body.bytes - count);
    const auto got = ::pread(body.file.get(), tail.data(), tail.size(), start);
    if (got < 0) return 0;
    tail.resize(static_cast<std::size_t>(got));
    const auto last = tail.rfind('\n');
    return last == std::string::npos ? 0 : static_cast<std::uint64_t>(start) + last + 1;
}

} // namespace

Result<Response> recording(store::Connection&, const Asked& asked) {
    constexpr std::size_t date_characters = 10;
    // A session's later programs have a number after its name.
    const auto made = id_time(std::string_view{asked.name}.substr(0, asked.name.find('-')));
    if (made < 0) return Response::error(404, "there is no recording of this session");
    auto body = open_file(asked.state_directory + "/recordings/" +
                          iso8601(made).substr(0, date_characters) + "/" + asked.name + ".cast");
    if (!body) return Response::error(404, "there is no recording of this session");
    body->bytes = whole_lines(*body);
    Response response;
    response.type = "application/x-asciicast";
    response.file = std::move(body);
    return response;
}

Result<Response> artifact_content(store::Connection&, const Asked& asked) {
    auto body = open_file(artifact_path(asked.state_directory, asked.name));
    if (!body) return Response::error(404, "this artifact is not kept");
    Response response;
    response.type = "application/octet-stream";
    response.headers.emplace_back("Content-Disposition",
                                  "attachment; filename=\"" + asked.name + ".bin\"");
    response.file = std::move(body);
    return response;
}

} // namespace skep::hub::api
