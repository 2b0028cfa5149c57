#include "event/event.hpp"

#include "base/bytes.hpp"
#include "base/ids.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace skep::event {
namespace {

namespace json = boost::json;
constexpr std::string_view exact_suffix = "_b64";
/// More members than any event has; setting a value looks at all that are there.
constexpr std::size_t members_max = 256;

struct Writer {
    std::string& out;

    void string(std::string_view text) const {
        out += json::serialize(json::string_view{text.data(), text.size()});
    }

    void member(std::string_view name) const {
        if (out.size() > 1) out += ',';
        string(name);
        out += ':';
    }

    void text(std::string_view name, std::string_view bytes) const {
        member(name);
        if (is_utf8(bytes)) return string(bytes);
        string(to_utf8(bytes));
        member(std::string{name} + std::string{exact_suffix});
        string(base64(bytes));
    }

    void list(std::string_view name, const std::vector<std::string>& entries) const {
        const bool exact =
            std::ranges::all_of(entries, [](const auto& entry) { return is_utf8(entry); });
        member(name);
        array(entries, [](const std::string& entry) { return to_utf8(entry); });
        if (exact) return;
        member(std::string{name} + std::string{exact_suffix});
        array(entries, [](const std::string& entry) { return base64(entry); });
    }

  private:
    template <class F> void array(const std::vector<std::string>& entries, F shown) const {
        out += '[';
        for (std::size_t i = 0; i < entries.size(); ++i) {
            if (i != 0) out += ',';
            string(shown(entries[i]));
        }
        out += ']';
    }
};

void write(const Writer& to, const std::string& name, const Value& value) {
    if (const auto* text = std::get_if<std::string>(&value)) return to.text(name, *text);
    if (const auto* list = std::get_if<std::vector<std::string>>(&value))
        return to.list(name, *list);
    to.member(name);
    if (const auto* number = std::get_if<std::int64_t>(&value)) to.out += std::to_string(*number);
    if (const auto* real = std::get_if<double>(&value))
        to.out += json::serialize(json::value(*real));
    if (const auto* flag = std::get_if<bool>(&value)) to.out += *flag ? "true" : "false";
    if (const auto* raw = std::get_if<Raw>(&value)) to.out += raw->json;
}

bool all_strings(const json::array& entries) {
    return std::ranges::all_of(entries, [](const json::value& entry) { return entry.is_string(); });
}

std::vector<std::string> strings(const json::array& entries) {
    std::vector<std::string> list;
    list.reserve(entries.size());
    for (const auto& entry : entries)
        list.emplace_back(entry.get_string());
    return list;
}

Value to_value(const json::value& member) {
    if (const auto* text = member.if_string()) return std::string{*text};
    if (const auto* number = member.if_int64()) return *number;
    if (const auto* real = member.if_double()) return *real;
    if (const auto* flag = member.if_bool()) return *flag;
    if (const auto* entries = member.if_array(); entries != nullptr && all_strings(*entries))
        return strings(*entries);
    return Raw{json::serialize(member)};
}

/// Puts the exact bytes of a `NAME_b64` member in place of the lossy text. False if it is no such
/// member.
bool restore(Event& event, std::string_view name, const json::value& member) {
    if (!name.ends_with(exact_suffix)) return false;
    const auto plain = name.substr(0, name.size() - exact_suffix.size());
    const auto* lossy = event.find(plain);
    if (lossy == nullptr) return false;
    bool ok = true;
    if (const auto* text = member.if_string();
        text != nullptr && std::holds_alternative<std::string>(*lossy)) {
        auto bytes = from_base64(*text, ok);
        if (ok) event.set(plain, std::move(bytes));
        return ok;
    }
    const auto* entries = member.if_array();
    const auto* lossy_list = std::get_if<std::vector<std::string>>(lossy);
    if (entries == nullptr || !all_strings(*entries) || lossy_list == nullptr ||
        lossy_list->size() != entries->size())
        return false;
    auto list = strings(*entries);
    for (auto& entry : list) {
        bool entry_ok = true;
        entry = from_base64(entry, entry_ok);
        ok = ok && entry_ok;
    }
    if (ok) event.set(plain, std::move(list));
    return ok;
}

std::string_view string_member(const json::object& object, std::string_view name) {
    const auto* member = object.if_contains({name.data(), name.size()});
    if (member == nullptr || !member->is_string()) return {};
    return member->get_string();
}

} // namespace

Event::Event(std::string_view eventid, Micros time) : Event{eventid, time, uuid7(time)} {}

Event::Event(std::string_view eventid, Micros time, std::string id)
    : id_{std::move(id)}, eventid_{eventid}, time_{time} {}

Event& Event::set(std::string_view name, Value value) {
    if (name == "id" || name == "eventid" || name == "timestamp") return *this;
    const auto found = std::ranges::find(
        values_, name, [](const auto& entry) { return std::string_view{entry.first}; });
    if (found != values_.end())
        found->second = std::move(value);
    else
        values_.emplace_back(std::string{name}, std::move(value));
    return *this;
}

Event& Event::text(std::string_view name, std::string_view bytes) {
    return set(name, std::string{bytes});
}

Event& Event::number(std::string_view name, std::int64_t value) {
    return set(name, value);
}

const Value* Event::find(std::string_view name) const noexcept {
    const auto found = std::ranges::find(
        values_, name, [](const auto& entry) { return std::string_view{entry.first}; });
    return found == values_.end() ? nullptr : &found->second;
}

std::string_view Event::text_of(std::string_view name) const noexcept {
    const auto* value = find(name);
    const auto* text = value == nullptr ? nullptr : std::get_if<std::string>(value);
    return text == nullptr ? std::string_view{} : std::string_view{*text};
}

std::int64_t Event::number_of(std::string_view name, std::int64_t otherwise) const noexcept {
    const auto* value = find(name);
    const auto* number = value == nullptr ? nullptr : std::get_if<std::int64_t>(value);
    return number == nullptr ? otherwise : *number;
}

namespace {

/// Bytes of a text, or of a list with an end for each entry.
std::size_t text_bytes(const Value& value) {
    if (const auto* text = std::get_if<std::string>(&value)) return text->size();
    std::size_t total = 0;
    if (const auto* list = std::get_if<std::vector<std::string>>(&value))
        for (const auto& entry : *list)
            total += entry.size() + 1;
    return total;
}

} // namespace

void limit_texts(Event& event, std::size_t bytes_max) {
    if (std::ranges::none_of(event.values(), [&](const auto& entry) {
            return text_bytes(entry.second) > bytes_max;
        }))
        return;
    bool cut = false;
    const auto limited = [&](std::string text) {
        if (text.size() <= bytes_max) return text;
        cut = true;
        const auto kept = utf8_prefix(text, bytes_max).size();
        text.resize(kept);
        return text;
    };
    const auto values = event.values();
    for (const auto& [name, value] : values) {
        if (const auto* text = std::get_if<std::string>(&value);
            text != nullptr && text->size() > bytes_max)
            event.set(name, limited(*text));
        if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
            auto shorter = *list;
            std::size_t total = 0;
            for (std::size_t i = 0; i < shorter.size(); ++i) {
                shorter[i] = limited(std::move(shorter[i]));
                total += shorter[i].size() + 1;
                if (total > bytes_max && i + 1 < shorter.size()) {
                    shorter.resize(i + 1);
                    cut = true;
                }
            }
            event.set(name, std::move(shorter));
        }
    }
    if (cut) event.set("truncated", true);
}

std::string to_json(const Event& event) {
    std::string out = "{";
    const Writer writer{out};
    writer.text("id", event.id());
    writer.text("eventid", event.eventid());
    writer.text("timestamp", iso8601(event.time()));
    for (const auto& [name, value] : event.values())
        write(writer, name, value);
    out += '}';
    return out;
}

Result<Event> from_json(std::string_view line) {
    json::error_code error;
    const auto document = json::parse({line.data(), line.size()}, error);
    if (error) return fail(Fault::malformed, error.message());
    const auto* object = document.if_object();
    if (object == nullptr) return fail(Fault::malformed, "not an object");
    if (object->size() > members_max) return fail(Fault::malformed, "too many members");
    const auto id = string_member(*object, "id");
    const auto eventid = string_member(*object, "eventid");
    if (id.empty() || eventid.empty()) return fail(Fault::malformed, "no id or no eventid");
    TRY(const Micros time, parse_iso8601(string_member(*object, "timestamp")));
    Event event{eventid, time, std::string{id}};
    for (const auto& member : *object) {
        if (!restore(event, member.key(), member.value()))
            event.set(member.key(), to_value(member.value()));
    }
    return event;
}

} // namespace skep::event
