#include "cell/authorized_keys.hpp"

#include "cell/text_line.hpp"
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

/// sshd reads it as the user.
bool can_read(const Place& place, const Owner& owner) {
    if (owner.uid == 0) return true;
    const bool own = std::int64_t{place.info.st_uid} - process::cell_id_first == owner.uid;
    return (place.info.st_mode & (own ? 0400U : 0004U)) != 0;
}

/// The file, if StrictModes lets it and each directory up to the home directory pass. Otherwise
/// sshd tells the peer why.
std::optional<Place> open_strictly(const CellView& view,
                                   const std::string& path,
                                   const Owner& owner,
                                   std::vector<std::string>& notes) {
    auto place = view.find({}, path);
    if (!place.regular() || view.on_proc(place) || !can_read(place, owner)) return std::nullopt;
    const auto refuse = [&](std::string_view what, std::string_view bad) {
        notes.push_back("Ignored authorized keys: bad ownership or modes for " + std::string{what} +
                        ' ' + std::string{bad});
        return std::nullopt;
    };
    if (!is_safe(place, owner)) return refuse("file", place.path);
    const auto home = view.find({}, owner.home);
    std::string at = place.path;
    for (int i = 0; i < directories_max && at != "/"; ++i) {
        const auto slash = at.find_last_of('/');
        if (slash == std::string::npos) return std::nullopt;
        at.resize(std::max<std::size_t>(slash, 1));
        const auto directory = view.find({}, at, false);
        if (!is_safe(directory, owner)) return refuse("directory", at);
        if (at == home.path) return place;
    }
    if (at != "/") return std::nullopt;
    return place;
}

} // namespace

KeyVerdict judge_key(const CellView& view,
                     const persona::Persona& persona,
                     std::string_view user,
                     const ShownKey& key) {
    KeyVerdict verdict;
    if (user.empty() || user.size() > user_bytes_max) return verdict;
    const auto owner = find_owner(view, user);
    if (!owner) return verdict;
    const bool dropbear = persona.plays_dropbear();
    for (const auto* const name : {"/.ssh/authorized_keys", "/.ssh/authorized_keys2"}) {
        const auto path = owner->home + name;
        const auto place = open_strictly(view, path, *owner, verdict.notes);
        if (place && dropbear)
            judge_dropbear_lines(beginning_of(*place), key, verdict);
        else if (place)
            judge_openssh_lines(beginning_of(*place), path, key, verdict);
        if (dropbear) verdict.notes.clear();
        if (dropbear || verdict.held) break;
    }
    verdict.notes.resize(std::min(verdict.notes.size(), key_notes_max));
    for (auto& note : verdict.notes)
        note.resize(std::min(note.size(), key_note_bytes_max));
    return verdict;
}

} // namespace skep::cell
