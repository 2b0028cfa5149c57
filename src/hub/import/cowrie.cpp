#include "hub/import/cowrie.hpp"

#include "base/crypto/sha256.hpp"
#include "base/ids.hpp"
#include "hub/import/python_bytes.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace skep::hub {
namespace {

namespace json = boost::json;

constexpr std::string_view product = "cowrie.";

json::value parse(std::string_view text, json::error_code& error) {
    json::parse_options options;
    options.allow_invalid_utf8 = true; // a text's bytes are kept whatever they are
    return json::parse({text.data(), text.size()}, error, {}, options);
}

/// The code unit of a `\uXXXX` escape at the start of `text`; 0 if there is none.
unsigned code_unit(std::string_view text) {
    constexpr std::size_t escape = 6;
    unsigned value = 0;
    if (text.size() < escape || !text.starts_with("\\u")) return 0;
    const char* end = text.data() + escape;
    return std::from_chars(text.data() + 2, end, value, 16).ptr == end ? value : 0;
}

bool is_high(unsigned unit) {
    return unit >= 0xd800 && unit <= 0xdbff;
}

bool is_low(unsigned unit) {
    return unit >= 0xdc00 && unit <= 0xdfff;
}

/// Makes half surrogates, which no JSON text may hold, readable: `\udc80` to `\udcff` become the
/// byte 80 to ff that they stand for, any other stays visible as its escape.
std::string restore_bytes(std::string_view text) {
    constexpr std::size_t escape = 6;
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const auto unit = code_unit(text);
        std::size_t length = text.front() == '\\' ? std::min<std::size_t>(2, text.size()) : 1;
        if (is_high(unit) && is_low(code_unit(text.substr(escape)))) length = 2 * escape;
        if (length <= 2 && unit >= 0xdc80 && unit <= 0xdcff) {
            out += static_cast<char>(unit & 0xffU);
            length = escape;
        } else if (length <= 2 && (is_high(unit) || is_low(unit))) {
            out += '\\';
            out += text.substr(0, escape);
            length = escape;
        } else {
            out += text.substr(0, length);
        }
        text.remove_prefix(length);
    }
    return out;
}

std::string_view text_of(const json::object& object, std::string_view name) {
    const auto* member = object.if_contains({name.data(), name.size()});
    return member == nullptr || !member->is_string() ? std::string_view{}
                                                     : std::string_view{member->get_string()};
}

event::Value to_value(const json::value& member) {
    if (const auto* text = member.if_string()) return std::string{*text};
    if (const auto* number = member.if_int64()) return *number;
    if (const auto* real = member.if_double()) return *real;
    if (const auto* flag = member.if_bool()) return *flag;
    if (const auto* entries = member.if_array()) {
        std::vector<std::string> list;
        for (const auto& entry : *entries) {
            if (!entry.is_string()) return event::Raw{json::serialize(member)};
            list.emplace_back(entry.get_string());
        }
        return list;
    }
    return event::Raw{json::serialize(member)};
}

std::optional<double> seconds(const json::value& duration) {
    if (const auto* real = duration.if_double()) return *real;
    if (const auto* whole = duration.if_int64()) return static_cast<double>(*whole);
    const auto* text = duration.if_string();
    if (text == nullptr) return std::nullopt;
    double value = 0;
    const char* end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data(), end, value);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return value;
}

/// False if the member is to be kept as it is.
bool set_duration(event::Event& event, const json::value& duration) {
    constexpr double longest = 1e12; // 30,000 years
    const auto value = seconds(duration);
    if (!value || !(*value >= 0 && *value < longest)) return false;
    if (event.find("duration_ms") == nullptr)
        event.number("duration_ms", std::llround(*value * 1000));
    return true;
}

void set_member(event::Event& event, std::string_view name, const json::value& member) {
    if (name == "eventid" || name == "timestamp") return;
    if (name == "duration" && set_duration(event, member)) return;
    auto value = to_value(member);
    if (auto* text = std::get_if<std::string>(&value);
        text != nullptr && (name == "version" || name == "data"))
        if (auto bytes = from_python_bytes(*text)) *text = *std::move(bytes);
    event.set(name == "id" ? "channel" : name, std::move(value));
}

void copy_if_absent(event::Event& event, std::string_view from, std::string_view to) {
    const auto* value = event.find(from);
    const auto* present = event.find(to);
    if (value == nullptr || (present != nullptr && *present != event::Value{std::string{}})) return;
    const auto copy = *value;
    event.set(to, copy);
}

std::string our_eventid(std::string_view theirs, const json::object& object) {
    if (theirs.starts_with(product)) theirs.remove_prefix(product.size());
    const bool moved = theirs == "session.file_download" || theirs == "session.file_upload";
    return moved && !text_of(object, "shasum").empty() ? "file.captured" : std::string{theirs};
}

} // namespace

Result<event::Event> from_cowrie(std::string_view line) {
    json::error_code error;
    auto document = parse(line, error);
    if (error && line.contains("\\ud")) document = parse(restore_bytes(line), error);
    if (error) return fail(Fault::malformed, "not JSON: " + error.message());
    const auto* object = document.if_object();
    if (object == nullptr) return fail(Fault::malformed, "not a JSON object");
    const auto theirs = text_of(*object, "eventid");
    if (theirs.empty()) return fail(Fault::malformed, "no eventid");
    const auto time = parse_iso8601(text_of(*object, "timestamp"));
    if (!time) return fail(Fault::malformed, "timestamp: " + time.error().detail());
    event::Event event{our_eventid(theirs, *object), *time,
                       uuid7_from(*time, crypto::sha256(line))};
    if (const auto* exact = object->if_contains("duration_ms"); exact != nullptr)
        set_member(event, "duration_ms", *exact);
    for (const auto& member : *object)
        set_member(event, member.key(), member.value());
    copy_if_absent(event, "option_byte", "option");
    if (event.eventid() == "file.captured") {
        copy_if_absent(event, "filename", "destfile");
        event.text("reason", theirs.ends_with("upload") ? "upload" : "download");
    }
    return event;
}

} // namespace skep::hub
