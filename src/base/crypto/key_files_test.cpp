#include "base/bytes.hpp"
#include "base/crypto/key_files.hpp"

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace skep;
using namespace skep::crypto;
namespace fs = std::filesystem;

namespace {

struct Folder {
    fs::path path = fs::temp_directory_path() / ("skep-keys-" + std::to_string(::getpid()));

    Folder() { fs::create_directory(path); }

    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    ~Folder() { fs::remove_all(path); }

    std::string write(const std::string& name, const std::string& content) const {
        const auto file = path / name;
        std::ofstream{file, std::ios::binary} << content;
        fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
        return file.string();
    }
};

/// What a program prints; empty if it fails or is not here.
std::string output_of(const std::string& command) {
    auto* const pipe = ::popen((command + " 2>/dev/null").c_str(), "r");
    std::string text;
    for (int c = 0; pipe != nullptr && (c = std::fgetc(pipe)) != EOF;)
        text += static_cast<char>(c);
    return pipe != nullptr && ::pclose(pipe) == 0 ? text : std::string{};
}

} // namespace

TEST_CASE("ssh-keygen and dropbearkey read our key files and find the same public keys") {
    const Folder folder;
    for (const auto kind : {KeyKind::ed25519, KeyKind::ecdsa_p256, KeyKind::rsa_2048}) {
        const auto key = HostKey::generate(kind);
        CAPTURE(key.type());
        const auto text = openssh_key_file(key, "root@web01", "salt");
        CHECK(text == openssh_key_file(key, "root@web01", "salt"));
        CHECK(text != openssh_key_file(key, "root@web01", "other"));
        const auto line = openssh_public_key_file(key, "root@web01");
        CHECK(line == std::string{key.type()} + ' ' + base64(key.blob()) + " root@web01\n");
        const auto openssh = folder.write("openssh", text);
        if (!output_of("command -v ssh-keygen").empty())
            CHECK(output_of("ssh-keygen -y -f " + openssh) == line);
        const auto dropbear = folder.write("dropbear", dropbear_key_file(key));
        if (!output_of("command -v dropbearkey").empty())
            CHECK(output_of("dropbearkey -y -f " + dropbear)
                      .contains(std::string{key.type()} + ' ' + base64(key.blob()) + ' '));
    }
}
