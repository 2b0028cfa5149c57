#include "recorder/cast.hpp"

#include "base/bytes.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace skep::recorder {
namespace {

namespace json = boost::json;

constexpr std::uint32_t size_max = 1000;
constexpr std::uint64_t micros_max = 30ULL * 86'400 * 1'000'000;
constexpr std::size_t term_bytes_max = 64;

std::string quoted(std::string_view text) {
    return json::serialize(json::string_view{text.data(), text.size()});
}

std::string cast_line(std::uint64_t micros, char kind, std::string_view text) {
    return fmt::format("[{}.{:06},\"{}\",{}]\n", micros / 1'000'000, micros % 1'000'000, kind,
                       quoted(text));
}

/// `COLSxROWS` with both brought into range; empty for anything else.
std::string bounded_size(std::string_view text) {
    const auto cross = text.find('x');
    if (cross == std::string_view::npos) return {};
    const auto bounded = [](std::string_view part) -> std::uint32_t {
        std::uint32_t value = 0;
        const auto [stop, error] = std::from_chars(part.begin(), part.end(), value);
        return error != std::errc{} || stop != part.end() ? 0 : std::clamp(value, 1U, size_max);
    };
    const auto columns = bounded(text.substr(0, cross));
    const auto rows = bounded(text.substr(cross + 1));
    return columns == 0 || rows == 0 ? std::string{} : fmt::format("{}x{}", columns, rows);
}

} // namespace

std::string cast_header(std::uint32_t width,
                        std::uint32_t height,
                        std::int64_t unix_seconds,
                        std::string_view term) {
    return fmt::format(
        "{{\"version\":2,\"width\":{},\"height\":{},\"timestamp\":{},\"env\":{{\"TERM\":{}}}}}\n",
        std::clamp(width, 1U, size_max), std::clamp(height, 1U, size_max), unix_seconds,
        quoted(to_utf8(term.substr(0, term_bytes_max))));
}

std::string CastState::add(const Chunk& chunk) {
    micros_ = std::clamp(chunk.micros, micros_, micros_max);
    ++chunks_;
    if (chunk.kind != 'i' && chunk.kind != 'o') {
        const auto size = chunk.kind == 'r' ? bounded_size(chunk.bytes) : std::string{};
        return cast_line(micros_, size.empty() ? 'm' : 'r', size);
    }
    auto& unfinished = held(chunk.kind);
    auto joined = unfinished + chunk.bytes;
    const auto left = utf8_unfinished(joined);
    unfinished = joined.substr(joined.size() - left);
    joined.resize(joined.size() - left);
    const auto text = to_utf8(joined);
    auto lines = cast_line(micros_, chunk.kind, text);
    if (text != chunk.bytes) lines += cast_line(micros_, 'B', base64(chunk.bytes));
    return lines;
}

Result<CastLine> parse_cast_line(std::string_view line) {
    json::error_code error;
    const auto document = json::parse({line.data(), line.size()}, error);
    const auto* entries = error ? nullptr : document.if_array();
    if (entries == nullptr || entries->size() != 3 || !entries->at(0).is_number() ||
        !entries->at(1).is_string() || !entries->at(2).is_string())
        return fail(Fault::malformed, "line of a recording");
    const std::string_view kind{entries->at(1).get_string()};
    if (kind.size() != 1 || std::string_view{"iormB"}.find(kind[0]) == std::string_view::npos)
        return fail(Fault::malformed, "kind of a recording's line");
    const auto seconds = entries->at(0).to_number<double>(error);
    constexpr double seconds_max = static_cast<double>(micros_max) / 1e6;
    if (error || !(seconds >= 0 && seconds <= seconds_max))
        return fail(Fault::malformed, "time of a recording's line");
    return CastLine{.micros = static_cast<std::uint64_t>(std::llround(seconds * 1e6)),
                    .kind = kind[0],
                    .text = std::string{entries->at(2).get_string()}};
}

Result<void> CastState::read(std::string_view line) {
    TRY(const auto parsed, parse_cast_line(line));
    const auto hold = [this](std::string_view bytes) {
        const auto joined = before_ + std::string{bytes};
        held(last_kind_) = joined.substr(joined.size() - utf8_unfinished(joined));
    };
    if (parsed.kind == 'B') {
        bool ok = true;
        const auto bytes = from_base64(parsed.text, ok);
        if (!ok) return fail(Fault::malformed, "bytes of a recording");
        hold(bytes);
        return {};
    }
    micros_ = parsed.micros;
    ++chunks_;
    if (parsed.kind == 'r' || parsed.kind == 'm') return {};
    last_kind_ = parsed.kind;
    before_ = held(parsed.kind);
    hold(parsed.text);
    return {};
}

} // namespace skep::recorder
