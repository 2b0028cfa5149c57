#include "base/settings.hpp"

#include "base/toml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>

namespace skep {
namespace {

std::string_view kind_name(SettingKind kind) {
    switch (kind) {
    case SettingKind::text: return "a text in quotes";
    case SettingKind::number: return "a whole number";
    case SettingKind::flag: return "true or false";
    case SettingKind::list: return "a list of texts";
    }
    std::unreachable();
}

/// Checks one TOML node against its row; the text of the failure says what would be right.
Result<SettingValue> convert(const SettingRow& row, const toml::node& node) {
    const auto wrong_type = [&] {
        return fail(Fault::refused, fmt::format("must be {}", kind_name(row.kind)));
    };
    switch (row.kind) {
    case SettingKind::text: {
        const auto* text = node.as_string();
        if (text == nullptr) return wrong_type();
        const auto choices = split_bars(row.unit_or_choices);
        if (!choices.empty() && std::ranges::find(choices, text->get()) == choices.end())
            return fail(Fault::refused, fmt::format("must be one of {}", fmt::join(choices, ", ")));
        return SettingValue{text->get()};
    }
    case SettingKind::number: {
        const auto* number = node.as_integer();
        if (number == nullptr) return wrong_type();
        if (number->get() < row.min || number->get() > row.max)
            return fail(Fault::refused, fmt::format("must be from {} to {} {}", row.min, row.max,
                                                    row.unit_or_choices));
        return SettingValue{number->get()};
    }
    case SettingKind::flag: {
        const auto* flag = node.as_boolean();
        if (flag == nullptr) return wrong_type();
        return SettingValue{flag->get()};
    }
    case SettingKind::list: {
        const auto* array = node.as_array();
        if (array == nullptr) return wrong_type();
        std::vector<std::string> entries;
        for (const auto& entry : *array) {
            const auto* text = entry.as_string();
            if (text == nullptr) return wrong_type();
            entries.push_back(text->get());
        }
        return SettingValue{std::move(entries)};
    }
    }
    std::unreachable();
}

struct Place {
    const std::string& file;
    std::map<std::string, SettingValue, std::less<>>& values;

    std::unexpected<Error> error(const toml::node& node, const std::string& what) const {
        return fail(Fault::refused, fmt::format("{}:{}: {}", file, node.source().begin.line, what));
    }
};

// NOLINTNEXTLINE(misc-no-recursion): toml++ bounds the nesting of a document
// (TOML_MAX_NESTED_VALUES, 256).
Result<void> read_table(const toml::table& table, const std::string& prefix, const Place& place) {
    for (const auto& [name, node] : table) {
        const std::string key = prefix + std::string{name.str()};
        if (const auto* inner = node.as_table(); inner != nullptr && is_setting_table(key)) {
            if (auto read = read_table(*inner, key + '.', place); !read) return read;
            continue;
        }
        const auto* row = find_setting(key);
        if (row == nullptr)
            return place.error(node, fmt::format("there is no key `{}`; did you mean `{}`?", key,
                                                 nearest_setting(key)));
        auto value = convert(*row, node);
        if (!value) return place.error(node, fmt::format("`{}` {}", key, value.error().detail()));
        place.values.insert_or_assign(key, *std::move(value));
    }
    return {};
}

Result<std::string> read_file(const std::filesystem::path& path) {
    std::ifstream file{path, std::ios::binary};
    if (!file) return fail(Fault::refused, fmt::format("{}: cannot be read", path.string()));
    return std::string{std::istreambuf_iterator<char>{file}, {}};
}

const SettingRow& row_of(std::string_view key, SettingKind kind) {
    const auto* row = find_setting(key);
    if (row == nullptr || row->kind != kind)
        throw std::logic_error{fmt::format("no setting {} of that kind", key)};
    return *row;
}

bool is_bare_word(std::string_view value) {
    return !value.empty() && value.find_first_of("\"'[]{}\n\r\\") == std::string_view::npos;
}

} // namespace

std::vector<std::string> split_bars(std::string_view text) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const auto bar = text.find('|');
        parts.emplace_back(text.substr(0, bar));
        text = bar == std::string_view::npos ? std::string_view{} : text.substr(bar + 1);
    }
    return parts;
}

Result<void> Settings::read(std::string_view toml, const std::string& file) {
    TRY(const auto parsed, parse_toml(toml, file));
    auto values = values_;
    if (auto read = read_table(parsed, "", Place{file, values}); !read) return read;
    values_ = std::move(values);
    return {};
}

Result<Settings> Settings::load(const std::string& directory) {
    namespace fs = std::filesystem;
    std::vector<fs::path> files{fs::path{directory} / "skep.toml"};
    std::error_code ignored;
    std::set<fs::path> extra;
    for (const auto& entry : fs::directory_iterator{fs::path{directory} / "conf.d", ignored})
        if (entry.path().extension() == ".toml") extra.insert(entry.path());
    files.insert(files.end(), extra.begin(), extra.end());
    Settings settings;
    for (const auto& file : files) {
        TRY(const auto text, read_file(file));
        if (auto read = settings.read(text, file.string()); !read)
            return std::unexpected{read.error()};
    }
    return settings;
}

Result<std::string> Settings::to_toml(std::string_view assignment) {
    const auto equals = assignment.find('=');
    if (equals == std::string_view::npos || equals == 0)
        return fail(Fault::refused, fmt::format("`{}` is not KEY=VALUE", assignment));
    const auto key = assignment.substr(0, equals);
    const auto value = assignment.substr(equals + 1);
    const auto* row = find_setting(key);
    if (row == nullptr)
        return fail(Fault::refused, fmt::format("there is no key `{}`; did you mean `{}`?", key,
                                                nearest_setting(key)));
    const bool is_bare = row->kind == SettingKind::text && is_bare_word(value);
    auto line =
        is_bare ? fmt::format("{} = \"{}\"\n", key, value) : fmt::format("{} = {}\n", key, value);
    auto right = Settings{}.read(line, "--set");
    if (right) return line;
    // What is no TOML at all is told as a wrong value too: the person typed a word, not a file.
    if (right.error().detail().find(key) != std::string::npos)
        return std::unexpected{right.error()};
    const auto wanted = row->kind == SettingKind::number
                            ? fmt::format("{} to {} {}", row->min, row->max, row->unit_or_choices)
                            : std::string{kind_name(row->kind)};
    return fail(Fault::refused, fmt::format("`{}` must be {}", key, wanted));
}

Result<void> Settings::assign(std::string_view assignment) {
    TRY(const auto line, to_toml(assignment));
    return read(line, "--set");
}

std::string Settings::text(std::string_view key) const {
    const auto& row = row_of(key, SettingKind::text);
    const auto found = values_.find(key);
    return found == values_.end() ? std::string{row.text_default}
                                  : std::get<std::string>(found->second);
}

std::int64_t Settings::number(std::string_view key) const {
    const auto& row = row_of(key, SettingKind::number);
    const auto found = values_.find(key);
    return found == values_.end() ? row.number_default : std::get<std::int64_t>(found->second);
}

bool Settings::flag(std::string_view key) const {
    const auto& row = row_of(key, SettingKind::flag);
    const auto found = values_.find(key);
    return found == values_.end() ? row.number_default != 0 : std::get<bool>(found->second);
}

std::vector<std::string> Settings::list(std::string_view key) const {
    const auto& row = row_of(key, SettingKind::list);
    const auto found = values_.find(key);
    return found == values_.end() ? split_bars(row.text_default)
                                  : std::get<std::vector<std::string>>(found->second);
}

std::int64_t Settings::limit(std::string_view name) const {
    return number(fmt::format("limits.{}", name));
}

std::vector<std::string> Settings::names(std::string_view table) const {
    std::set<std::string> found;
    for (const auto& [key, value] : values_) {
        if (!key.starts_with(table) || key.size() <= table.size() || key[table.size()] != '.')
            continue;
        const auto rest = std::string_view{key}.substr(table.size() + 1);
        found.emplace(rest.substr(0, rest.find('.')));
    }
    return {found.begin(), found.end()};
}

} // namespace skep
