#include "hub/store/repair.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>

namespace skep::hub::store {
namespace {

// DuckDB 1.5.6: `Corrupt WAL file: entry at byte position 12669 computed checksum ...`. The
// position is behind the entry's size and checksum, 8 bytes each.
constexpr std::string_view torn = "Corrupt WAL file: entry at byte position ";
constexpr std::uintmax_t entry_head_bytes = 16;

} // namespace

bool is_torn_log(std::string_view message) noexcept {
    return message.contains(torn);
}

bool is_surroundings(std::string_view message) noexcept {
    constexpr std::array<std::string_view, 5> words{"Permission denied", "No space left",
                                                    "Disk quota exceeded", "Too many open files",
                                                    "Out of Memory"};
    return is_locked(message) || std::ranges::any_of(words, [&](std::string_view word) {
               return message.contains(word);
           });
}

bool is_locked(std::string_view message) noexcept {
    return message.contains("Could not set lock on file");
}

bool is_damage(std::string_view message) noexcept {
    return message.contains("Corrupt") || message.contains("checksum") ||
           message.contains("deserialize");
}

Result<void> cut_torn_log(const std::string& path, std::string_view message) {
    const auto at = message.find(torn);
    if (at == std::string_view::npos) return fail(Fault::refused, "the message names no position");
    const auto digits = message.substr(at + torn.size());
    std::uintmax_t position = 0;
    const auto [stop, wrong] =
        std::from_chars(digits.data(), digits.data() + digits.size(), position);
    if (wrong != std::errc{} || position < entry_head_bytes)
        return fail(Fault::refused, "the message names no position");
    std::error_code error;
    if (std::filesystem::file_size(path, error) < position - entry_head_bytes || error)
        return fail(Fault::refused, "the position is behind the end of the log");
    std::filesystem::resize_file(path, position - entry_head_bytes, error);
    if (error) return fail(Fault::refused, error.message());
    return {};
}

} // namespace skep::hub::store
