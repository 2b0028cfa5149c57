#include "apps/setting_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace skep::apps {
namespace {

std::string quoted_text(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

SettingValue default_value(const SettingRow& row) {
    switch (row.kind) {
    case SettingKind::text: return std::string{row.text_default};
    case SettingKind::number: return row.number_default;
    case SettingKind::flag: return row.number_default != 0;
    case SettingKind::list: return split_bars(row.text_default);
    }
    std::unreachable();
}

struct AsToml {
    std::string operator()(const std::string& text) const { return quoted_text(text); }

    std::string operator()(std::int64_t number) const { return fmt::to_string(number); }

    std::string operator()(bool flag) const { return fmt::to_string(flag); }

    std::string operator()(const std::vector<std::string>& list) const {
        std::string out = "[";
        for (const auto& entry : list)
            out += (out.size() == 1 ? "" : ", ") + quoted_text(entry);
        return out + ']';
    }
};

std::string_view table_of(std::string_view key) {
    return key.substr(0, key.rfind('.'));
}

std::string_view name_of(std::string_view key) {
    return key.substr(key.rfind('.') + 1);
}

/// What a new deployment sets, by table.
struct Preset {
    std::string_view table;
    std::string_view row_table;
    std::string_view lines;
};

constexpr std::array presets{
    Preset{.table = "service.ssh",
           .row_table = "service.*",
           .lines = "kind = \"ssh\"\npersona = \"debian\"\naddress = \"127.0.0.1:2222\"\n"},
    Preset{.table = "service.router-ssh",
           .row_table = "service.*",
           .lines = "kind = \"ssh\"\npersona = \"router\"\naddress = \"127.0.0.1:2223\"\n"},
    Preset{.table = "service.telnet",
           .row_table = "service.*",
           .lines = "kind = \"telnet\"\npersona = \"debian\"\naddress = \"127.0.0.1:2323\"\n"},
    Preset{.table = "service.router",
           .row_table = "service.*",
           .lines = "kind = \"telnet\"\npersona = \"router\"\naddress = \"127.0.0.1:2324\"\n"},
    Preset{.table = "hub", .row_table = "hub", .lines = "address = \"127.0.0.1:8080\"\n"},
};

std::string comment(const SettingRow& row) {
    return fmt::format("# {} ({})\n", row.sentence, type_words(row));
}

/// Whether the preset's own lines set this key already.
bool sets(const Preset& preset, std::string_view key) {
    return preset.lines.find(fmt::format("{} = ", name_of(key))) != std::string_view::npos;
}

std::string table_text(std::string_view table, const Preset* preset) {
    const auto row_table = preset == nullptr ? table : preset->row_table;
    std::string out = fmt::format("\n[{}]\n", table);
    if (preset != nullptr) out += preset->lines;
    for (const auto& row : setting_rows())
        if (table_of(row.key) == row_table && (preset == nullptr || !sets(*preset, row.key)))
            out += comment(row) + fmt::format("#{} = {}\n", name_of(row.key), default_toml(row));
    return out;
}

} // namespace

std::string default_toml(const SettingRow& row) {
    return to_toml(default_value(row));
}

std::string to_toml(const SettingValue& value) {
    return std::visit(AsToml{}, value);
}

std::string type_words(const SettingRow& row) {
    switch (row.kind) {
    case SettingKind::text:
        return row.unit_or_choices.empty()
                   ? "text"
                   : fmt::format("one of {}", fmt::join(split_bars(row.unit_or_choices), ", "));
    case SettingKind::number:
        return fmt::format("{} to {} {}", row.min, row.max, row.unit_or_choices);
    case SettingKind::flag: return "true or false";
    case SettingKind::list: return "list of texts";
    }
    std::unreachable();
}

std::string value_toml(const Settings& settings, std::string_view key) {
    const auto found = settings.values().find(key);
    if (found != settings.values().end()) return to_toml(found->second);
    const auto* row = find_setting(key);
    return row == nullptr ? std::string{} : default_toml(*row);
}

std::string new_configuration() {
    std::string out = "# Configuration of this deployment. `#key = value` is a default: remove the "
                      "# to change it.\n"
                      "# Files in conf.d/ are read after this one, in the order of their names. "
                      "`skep config` prints what is\n"
                      "# in force, `skep config --explain KEY` what a key means, and `skep check` "
                      "what is wrong.\n";
    for (const auto& preset : presets)
        out += table_text(preset.table, &preset);
    std::vector<std::string_view> done{"service.*", "hub"};
    const auto add = [&](std::string_view table) {
        if (std::ranges::find(done, table) != done.end()) return;
        done.push_back(table);
        out += table_text(table, nullptr);
    };
    for (const auto& row : setting_rows())
        if (table_of(row.key) != "limits") add(table_of(row.key));
    add("limits");
    return out;
}

} // namespace skep::apps
