#include "cell/authorized_keys.hpp"

#include "base/bytes.hpp"
#include "base/ssh_wire.hpp"
#include "process/user_namespace.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <unistd.h>

namespace skep::cell {
namespace {

constexpr std::size_t file_bytes_max = std::size_t{256} * 1024;
constexpr std::size_t user_bytes_max = 64;
constexpr int directories_max = 64;
constexpr unsigned others_may_write = 022;

struct Owner {
    std::int64_t uid = -1;
    std::string home;
};

std::string beginning_of(const Place& place) {
    const auto file = CellView::open_for_reading(place);
    std::string text(file_bytes_max, '\0');
    std::size_t used = 0;
    while (file.valid() && used < text.size()) {
        const auto count =
            ::pread(file.get(), text.data() + used, text.size() - used, static_cast<off_t>(used));
        if (count <= 0) break;
        used += static_cast<std::size_t>(count);
    }
    text.resize(used);
    return text;
}

/// Takes the next line off `text`.
std::string_view take_line(std::string_view& text) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    return line;
}

std::optional<Owner> find_owner(const CellView& view, std::string_view user) {
    const auto table = beginning_of(view.find({}, "/etc/passwd"));
    for (std::string_view left{table}; !left.empty();) {
        auto line = take_line(left);
        std::array<std::string_view, 6> fields; // name:x:uid:gid:comment:home:shell
        std::size_t count = 0;
        for (; count < fields.size(); ++count) {
            const auto colon = line.find(':');
            fields.at(count) = line.substr(0, colon);
            if (colon == std::string_view::npos) break;
            line.remove_prefix(colon + 1);
        }
        if (count < fields.size() || fields[0] != user || !fields[5].starts_with('/')) continue;
        Owner owner{.uid = -1, .home = std::string{fields[5]}};
        std::from_chars(fields[2].data(), fields[2].data() + fields[2].size(), owner.uid);
        if (owner.uid >= 0) return owner;
    }
    return std::nullopt;
}

/// misc.c, safe_path: root's or the user's, and nobody else may write it.
bool is_safe(const Place& place, const Owner& owner) {
    const auto uid = std::int64_t{place.info.st_uid} - process::cell_id_first;
    return place.exists() && (uid == 0 || uid == owner.uid) &&
           (place.info.st_mode & others_may_write) == 0;
}

/// The file, if StrictModes lets it and each directory up to the home directory pass.
std::optional<Place>
open_strictly(const CellView& view, const std::string& path, const Owner& owner) {
    auto place = view.find({}, path);
    if (!place.regular() || view.on_proc(place) || !is_safe(place, owner)) return std::nullopt;
    const auto home = view.find({}, owner.home);
    std::string at = place.path;
    for (int i = 0; i < directories_max && at != "/"; ++i) {
        const auto slash = at.find_last_of('/');
        if (slash == std::string::npos) return std::nullopt;
        at.resize(std::max<std::size_t>(slash, 1));
        const auto directory = view.find({}, at, false);
        if (!is_safe(directory, owner)) return std::nullopt;
        if (at == home.path) return place;
    }
    if (at != "/") return std::nullopt;
    return place;
}

/// sshd reads it as the user.
bool can_read(const Place& place, const Owner& owner) {
    if (owner.uid == 0) return true;
    const bool own = std::int64_t{place.info.st_uid} - process::cell_id_first == owner.uid;
    return (place.info.st_mode & (own ? 0400U : 0004U)) != 0;
}

void skip_blanks(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

std::string_view take_word(std::string_view& text) {
    const auto word = text.substr(0, text.find_first_of(" \t\r"));
    text.remove_prefix(word.size());
    skip_blanks(text);
    return word;
}

/// Options in front of a key: commas between them, blanks only inside of quotes.
std::string_view take_options(std::string_view& text) {
    bool quoted = false;
    std::size_t at = 0;
    for (; at < text.size() && (quoted || (text[at] != ' ' && text[at] != '\t')); ++at) {
        if (text[at] == '\\' && at + 1 < text.size() && text[at + 1] == '"')
            ++at;
        else if (text[at] == '"')
            quoted = !quoted;
    }
    const auto options = text.substr(0, at);
    text.remove_prefix(at);
    skip_blanks(text);
    return options;
}

} // namespace

bool line_allows(std::string_view line, std::string_view blob) {
    skip_blanks(line);
    const auto type = SshReader{blob}.string();
    if (line.empty() || line.front() == '#' || type.empty()) return false;
    auto rest = line;
    if (take_word(rest) != type) {
        rest = line;
        // Such a key signs certificates and opens nothing itself.
        if (take_options(rest).contains("cert-authority") || take_word(rest) != type) return false;
    }
    bool good = false;
    return from_base64(take_word(rest), good) == blob && good;
}

bool holds_key(const CellView& view,
               const persona::Persona& /*persona*/,
               std::string_view user,
               std::string_view blob) {
    if (user.empty() || user.size() > user_bytes_max) return false;
    const auto owner = find_owner(view, user);
    if (!owner) return false;
    for (const auto* const name : {"/.ssh/authorized_keys", "/.ssh/authorized_keys2"}) {
        const auto place = open_strictly(view, owner->home + name, *owner);
        if (!place || !can_read(*place, *owner)) continue;
        const auto text = beginning_of(*place);
        for (std::string_view left{text}; !left.empty();)
            if (line_allows(take_line(left), blob)) return true;
    }
    return false;
}

} // namespace skep::cell
