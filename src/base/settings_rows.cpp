// The rows of settings.def and limits.def as one table.
#include "base/settings.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <optional>

namespace skep {
namespace {

constexpr std::array rows{
#define TEXT(path, value, choices, why)                                                            \
    SettingRow{.key = path,                                                                        \
               .kind = SettingKind::text,                                                          \
               .text_default = value,                                                              \
               .unit_or_choices = choices,                                                         \
               .sentence = why},
#define NUMBER(path, value, low, high, unit, why)                                                  \
    SettingRow{.key = path,                                                                        \
               .kind = SettingKind::number,                                                        \
               .text_default = {},                                                                 \
               .number_default = value,                                                            \
               .min = low,                                                                         \
               .max = high,                                                                        \
               .unit_or_choices = unit,                                                            \
               .sentence = why},
#define FLAG(path, value, why)                                                                     \
    SettingRow{.key = path,                                                                        \
               .kind = SettingKind::flag,                                                          \
               .text_default = {},                                                                 \
               .number_default = value,                                                            \
               .max = 1,                                                                           \
               .unit_or_choices = {},                                                              \
               .sentence = why},
#define LIST(path, value, why)                                                                     \
    SettingRow{.key = path,                                                                        \
               .kind = SettingKind::list,                                                          \
               .text_default = value,                                                              \
               .unit_or_choices = {},                                                              \
               .sentence = why},
#define LIMIT(name, value, low, high, unit, why)                                                   \
    NUMBER("limits." #name, value, low, high, unit, why)
#include "base/limits.def"
#include "base/settings.def"
#undef TEXT
#undef NUMBER
#undef FLAG
#undef LIST
#undef LIMIT
};

std::string_view take_segment(std::string_view& path) {
    const auto dot = path.find('.');
    const auto segment = path.substr(0, dot);
    path = dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
    return segment;
}

/// What is left of `pattern` behind the segments of `key`; nothing if they do not match.
std::optional<std::string_view> behind(std::string_view pattern, std::string_view key) {
    while (!key.empty()) {
        if (pattern.empty()) return std::nullopt;
        const auto wanted = take_segment(pattern);
        const auto segment = take_segment(key);
        if (segment.empty() || (wanted != "*" && wanted != segment)) return std::nullopt;
    }
    return pattern;
}

bool matches(std::string_view pattern, std::string_view key) {
    const auto left = behind(pattern, key);
    return left && left->empty();
}

/// Levenshtein distance, one row at a time.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const auto above = row[j + 1];
            row[j + 1] = std::min({above + 1, row[j] + 1, diagonal + (a[i] != b[j])});
            diagonal = above;
        }
    }
    return row.back();
}

} // namespace

std::span<const SettingRow> setting_rows() {
    return rows;
}

const SettingRow* find_setting(std::string_view key) {
    const auto* found =
        std::ranges::find_if(rows, [&](const SettingRow& row) { return matches(row.key, key); });
    return found == rows.end() ? nullptr : found;
}

bool is_setting_table(std::string_view key) {
    return std::ranges::any_of(rows, [&](const SettingRow& row) {
        const auto left = behind(row.key, key);
        return left && !left->empty();
    });
}

std::string_view nearest_setting(std::string_view key) {
    constexpr std::size_t key_bytes_max = 200;
    key = key.substr(0, key_bytes_max);
    std::string_view best = rows.front().key;
    auto best_distance = std::numeric_limits<std::size_t>::max();
    for (const auto& row : rows) {
        const auto d = distance(row.key, key);
        if (d < best_distance) {
            best_distance = d;
            best = row.key;
        }
    }
    return best;
}

} // namespace skep
