#include "cell/tar_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <sys/stat.h>

namespace skep::cell {
namespace {

constexpr std::size_t block_bytes = 512;

/// The fields of a ustar header (POSIX.1-2001, pax, "ustar Interchange Format").
struct Field {
    std::size_t at;
    std::size_t bytes;
};

constexpr Field name{0, 100}, mode{100, 8}, uid{108, 8}, gid{116, 8}, size{124, 12}, mtime{136, 12},
    checksum{148, 8}, type{156, 1}, link{157, 100}, magic{257, 8};

using Block = std::array<char, block_bytes>;

void put(Block& block, Field field, std::string_view text) {
    text.substr(0, field.bytes).copy(block.data() + field.at, field.bytes);
}

/// Octal with a NUL behind it; what does not fit stands in the pax header and is 0 here.
void put_number(Block& block, Field field, std::int64_t value) {
    const bool fits = value >= 0 && value < std::int64_t{1} << (3 * (field.bytes - 1));
    put(block, field, fmt::format("{:0{}o}", fits ? value : 0, field.bytes - 1));
}

char type_of(unsigned file_mode) {
    switch (file_mode & S_IFMT) {
    case S_IFDIR: return '5';
    case S_IFLNK: return '2';
    case S_IFCHR: return '3';
    case S_IFBLK: return '4';
    case S_IFIFO: return '6';
    default: return '0';
    }
}

std::string header(const TarEntry& entry, char kind) {
    Block block{};
    put(block, name, entry.path);
    put_number(block, mode, entry.mode & 07777U);
    put_number(block, uid, entry.uid);
    put_number(block, gid, entry.gid);
    put_number(block, size, entry.size);
    put_number(block, mtime, entry.mtime);
    put(block, checksum, "        ");
    put(block, type, {&kind, 1});
    put(block, link, entry.link);
    put(block, magic,
        std::string_view{"ustar\0"
                         "00",
                         8});
    const auto sum = std::accumulate(block.begin(), block.end(), 0U, [](unsigned total, char byte) {
        return total + static_cast<unsigned char>(byte);
    });
    put(block, checksum, fmt::format("{:06o}", sum) + '\0' + ' ');
    return {block.data(), block.size()};
}

/// `LENGTH key=value\n`, where LENGTH counts itself.
std::string record(std::string_view key, std::string_view value) {
    const auto rest = key.size() + value.size() + 3;
    auto length = rest + 1;
    while (std::to_string(length).size() + rest != length)
        length = std::to_string(length).size() + rest;
    return fmt::format("{} {}={}\n", length, key, value);
}

std::size_t to_block(std::int64_t bytes) {
    const auto over = static_cast<std::size_t>(bytes) % block_bytes;
    return over == 0 ? 0 : block_bytes - over;
}

constexpr bool is_small(std::int64_t value, Field field) {
    return value >= 0 && value < std::int64_t{1} << (3 * (field.bytes - 1));
}

} // namespace

Result<void> TarWriter::add(const TarEntry& entry) {
    if (auto done = fill(); !done) return done;
    std::string extended;
    if (entry.path.size() > name.bytes) extended += record("path", entry.path);
    if (entry.link.size() > link.bytes) extended += record("linkpath", entry.link);
    if (!is_small(entry.size, size)) extended += record("size", std::to_string(entry.size));
    if (!is_small(entry.mtime, mtime)) extended += record("mtime", std::to_string(entry.mtime));
    if (!is_small(entry.uid, uid)) extended += record("uid", std::to_string(entry.uid));
    if (!is_small(entry.gid, gid)) extended += record("gid", std::to_string(entry.gid));
    std::string out;
    if (!extended.empty()) {
        const TarEntry about{.path = "pax",
                             .mode = 0644,
                             .size = static_cast<std::int64_t>(extended.size()),
                             .mtime = std::max<std::int64_t>(entry.mtime, 0),
                             .link = {}};
        out += header(about, 'x') + extended;
        out.append(to_block(about.size), '\0');
    }
    out += header(entry, type_of(entry.mode));
    missing_ = entry.size;
    padding_ = to_block(entry.size);
    return write_(out);
}

Result<void> TarWriter::content(std::string_view bytes) {
    if (static_cast<std::int64_t>(bytes.size()) > missing_)
        return fail(Fault::over_limit, "more content than the entry's size");
    missing_ -= static_cast<std::int64_t>(bytes.size());
    return write_(bytes);
}

Result<void> TarWriter::fill() {
    const std::string zeros(std::size_t{64} * 1024, '\0');
    while (missing_ > 0) {
        const auto part = std::min<std::int64_t>(missing_, static_cast<std::int64_t>(zeros.size()));
        if (auto done = content({zeros.data(), static_cast<std::size_t>(part)}); !done) return done;
    }
    const auto padding = std::exchange(padding_, 0);
    return padding == 0 ? Result<void>{} : write_({zeros.data(), padding});
}

Result<void> TarWriter::finish() {
    if (auto done = fill(); !done) return done;
    return write_(std::string(2 * block_bytes, '\0'));
}

} // namespace skep::cell
