#include "event/journal_line.hpp"

#include "base/crc32.hpp"

#include <fmt/format.h>

namespace skep::event {
namespace {

constexpr std::string_view crc_member = R"(,"crc":")";
constexpr std::size_t tail_bytes = crc_member.size() + 8 + 2;

std::string tail_of(std::string_view covered) {
    return fmt::format(R"({}{:08x}"}})", crc_member, crc32(covered));
}

} // namespace

std::string frame_line(std::string_view json) {
    const auto covered = json.substr(0, json.size() - 1);
    std::string line{covered};
    line += tail_of(covered);
    line += '\n';
    return line;
}

Result<std::string> unframe_line(std::string_view line) {
    if (line.size() <= tail_bytes || line.front() != '{')
        return fail(Fault::malformed, "not a journal line");
    const auto covered = line.substr(0, line.size() - tail_bytes);
    if (line.substr(covered.size()) != tail_of(covered))
        return fail(Fault::malformed, "wrong checksum");
    std::string json{covered};
    json += '}';
    return json;
}

} // namespace skep::event
