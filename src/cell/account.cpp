#include "cell/account.hpp"

#include "cell/text_line.hpp"

#include <array>
#include <charconv>
#include <unistd.h>

namespace skep::cell {
namespace {

constexpr std::size_t table_bytes_max = std::size_t{256} * 1024;

std::string read_table(const CellView& view, const std::string& path) {
    const auto place = view.find({}, path);
    if (view.on_proc(place)) return {};
    const auto file = CellView::open_for_reading(place);
    std::string text(table_bytes_max, '\0');
    std::size_t used = 0;
    for (ssize_t count = 0; file.valid() && used < text.size() &&
                            (count = ::pread(file.get(), text.data() + used, text.size() - used,
                                             static_cast<off_t>(used))) > 0;)
        used += static_cast<std::size_t>(count);
    text.resize(used);
    return text;
}

using Fields = std::array<std::string_view, 4>;

std::optional<Fields> find_entry(std::string_view table, std::string_view name) {
    while (!table.empty()) {
        auto line = take_line(table);
        Fields fields;
        std::size_t count = 0;
        for (; count < fields.size(); ++count) {
            const auto colon = line.find(':');
            fields.at(count) = line.substr(0, colon);
            if (colon == std::string_view::npos) break;
            line.remove_prefix(colon + 1);
        }
        if (count >= 2 && fields[0] == name) return fields;
    }
    return std::nullopt;
}

std::int64_t number(std::string_view text) {
    std::int64_t value = -1;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

} // namespace

std::optional<CellAccount> find_account(const CellView& view, std::string_view name) {
    const auto table = read_table(view, "/etc/passwd");
    const auto fields = find_entry(table, name);
    if (!fields) return std::nullopt;
    return CellAccount{.uid = number((*fields)[2]), .gid = number((*fields)[3])};
}

} // namespace skep::cell
