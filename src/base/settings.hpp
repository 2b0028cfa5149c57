// What the owner of a deployment may choose: rows, and the values read from TOML files.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace skep {

enum class SettingKind : std::uint8_t { text, number, flag, list };

/// One configuration key: the source of the parser, of `skep config`, and of the reference page.
struct SettingRow {
    std::string_view key; ///< `*` is a name that the user chooses.
    SettingKind kind;
    std::string_view text_default;   ///< Of text and list (entries separated by `|`).
    std::int64_t number_default = 0; ///< Of number, and 0 or 1 of flag.
    std::int64_t min = 0, max = 0;   ///< Of number, both included.
    std::string_view
        unit_or_choices; ///< Unit of a number; choices of a text separated by `|`, empty for any.
    std::string_view sentence;
};

/// The entries of such a default or choice; none of an empty text.
std::vector<std::string> split_bars(std::string_view text);

/// Every key in the order of the documentation, limits (`limits.NAME`) last.
std::span<const SettingRow> setting_rows();

/// The row that `key` belongs to, a `*` of the row standing for any one name; null if there is
/// none.
const SettingRow* find_setting(std::string_view key);

/// Whether rows lie below `key`: `service`, `service.telnet`, `limits`.
bool is_setting_table(std::string_view key);

/// The key of a row that looks most like `key`, for messages.
std::string_view nearest_setting(std::string_view key);

using SettingValue = std::variant<std::string, std::int64_t, bool, std::vector<std::string>>;

/// The values of one deployment. Parsed once, constant afterwards, passed down.
class Settings {
  public:
    /// Reads one TOML text on top of what is here. Fault::refused, with `file:line: what is wrong;
    /// what would be right`, for a key without a row, a wrong type, a value out of range, or a
    /// syntax error.
    Result<void> read(std::string_view toml, const std::string& file);

    /// Reads `directory/skep.toml` and then `directory/conf.d/*.toml` in the order of their names.
    static Result<Settings> load(const std::string& directory);

    /// Sets one `KEY=VALUE` as `skep init --set` has it: VALUE is TOML, or a bare word that is
    /// taken as text.
    Result<void> assign(std::string_view assignment);

    /// `assignment` as a line of TOML, checked as `assign` checks it.
    static Result<std::string> to_toml(std::string_view assignment);

    /// The value or the row's default. Asking for a key without a row or of another type is a bug
    /// and throws.
    std::string text(std::string_view key) const;
    std::int64_t number(std::string_view key) const;
    bool flag(std::string_view key) const;
    std::vector<std::string> list(std::string_view key) const;

    /// Shorthand for number("limits." + name).
    std::int64_t limit(std::string_view name) const;

    /// The chosen names below a table of a `*` row, sorted: names("service") of `[service.telnet]`
    /// is {"telnet"}.
    std::vector<std::string> names(std::string_view table) const;

    /// Every value set in a file, by key.
    const std::map<std::string, SettingValue, std::less<>>& values() const noexcept {
        return values_;
    }

  private:
    std::map<std::string, SettingValue, std::less<>> values_;
};

} // namespace skep
