#include "persona/host_keys.hpp"

#include "base/crypto/digest.hpp"
#include "base/crypto/random.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <unistd.h>

namespace skep::persona {
namespace {

namespace fs = std::filesystem;
using crypto::HostKey;
using crypto::KeyKind;

std::string_view type_of(KeyKind kind) {
    switch (kind) {
    case KeyKind::ed25519: return "ed25519";
    case KeyKind::ecdsa_p256: return "ecdsa";
    case KeyKind::rsa_3072:
    case KeyKind::rsa_2048: return "rsa";
    }
    return {};
}

std::unexpected<Error> system_error(const std::string& path) {
    return fail(Fault::refused, fmt::format("{} cannot be written: {}", path,
                                            std::strerror(errno))); // NOLINT(concurrency-mt-unsafe)
}

/// A private directory. Its parent, the state directory, is private too.
Result<void> make_directory(const std::string& path) {
    std::error_code error;
    fs::create_directory(path, error);
    if (!error) fs::permissions(path, fs::perms::owner_all, error);
    if (error)
        return fail(Fault::refused, fmt::format("{} cannot be made: {}", path, error.message()));
    return {};
}

/// Whole or not at all: a key that is half written would be refused for ever.
Result<void> write_file(const std::string& path, const std::string& content) {
    const auto temporary = path + ".new";
    const int file =
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0) return system_error(temporary);
    const auto written = ::write(file, content.data(), content.size());
    const bool whole = written == static_cast<ssize_t>(content.size()) && ::fsync(file) == 0;
    const int error = errno;
    ::close(file);
    errno = error;
    if (!whole) return system_error(temporary);
    std::error_code moved;
    fs::rename(temporary, path, moved);
    if (moved)
        return fail(Fault::refused, fmt::format("{} cannot be written: {}", path, moved.message()));
    return {};
}

} // namespace

std::string host_key_file(std::string_view state, std::string_view persona, KeyKind kind) {
    return fmt::format("{}/keys/{}/ssh_host_{}_key", state, persona, type_of(kind));
}

Result<int>
make_host_keys(std::string_view state, std::string_view persona, std::span<const KeyKind> kinds) {
    int made = 0;
    for (const auto& directory :
         {fmt::format("{}/keys", state), fmt::format("{}/keys/{}", state, persona)})
        if (auto done = make_directory(directory); !done) return std::unexpected{done.error()};
    for (const auto kind : kinds) {
        const auto path = host_key_file(state, persona, kind);
        std::error_code error;
        if (fs::exists(path, error)) continue;
        auto pem = HostKey::generate(kind).to_pem();
        auto written = write_file(path, pem);
        crypto::wipe(pem);
        if (!written) return std::unexpected{written.error()};
        ++made;
    }
    return made;
}

Result<std::string> host_key_salt(std::string_view state, std::string_view persona) {
    constexpr std::size_t salt_bytes = 32;
    const auto directory = fmt::format("{}/keys/{}", state, persona);
    const auto path = directory + "/salt";
    std::ifstream in{path, std::ios::binary};
    std::string salt{std::istreambuf_iterator<char>{in}, {}};
    if (salt.size() == salt_bytes) return salt;
    for (const auto& place : {fmt::format("{}/keys", state), directory})
        if (auto done = make_directory(place); !done) return std::unexpected{done.error()};
    salt = crypto::random_bytes(salt_bytes);
    if (auto written = write_file(path, salt); !written) return std::unexpected{written.error()};
    return salt;
}

Result<std::vector<HostKey>> load_host_keys(std::string_view state, std::string_view persona) {
    std::vector<HostKey> keys;
    for (const auto kind : {KeyKind::ed25519, KeyKind::ecdsa_p256, KeyKind::rsa_3072}) {
        const auto path = host_key_file(state, persona, kind);
        std::error_code error;
        if (!fs::exists(path, error)) continue;
        std::ifstream in{path, std::ios::binary};
        std::string pem{std::istreambuf_iterator<char>{in}, {}};
        auto key = HostKey::from_pem(pem);
        crypto::wipe(pem);
        if (!in || !key)
            return fail(Fault::refused,
                        fmt::format("{} is no key: {}", path,
                                    in ? key.error().detail() : "it cannot be read"));
        keys.push_back(*std::move(key));
    }
    return keys;
}

} // namespace skep::persona
