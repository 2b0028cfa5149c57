#include "persona/host_keys.hpp"
#include "persona/template.hpp"
#include "sensor/ssh_listener.hpp"
#include "service/ssh/profile.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace skep;
using namespace skep::sensor;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view software = "OpenSSH_9.2p1 Debian-2+deb12u10";

struct State {
    fs::path path = fs::temp_directory_path() / ("skep-ssh-listener-" + std::to_string(::getpid()));

    State() { fs::create_directories(path / "images/debian"); }

    State(const State&) = delete;
    State& operator=(const State&) = delete;

    ~State() { fs::remove_all(path); }
};

Listener debian_listener() {
    Listener listener;
    listener.name = "ssh";
    listener.persona.name = "debian";
    listener.persona.image = "debian";
    listener.persona.ssh_server = "openssh-9.2p1";
    listener.persona.ssh_identification = "SSH-2.0-OpenSSH_9.2p1 Debian-{revision}";
    return listener;
}

} // namespace

TEST_CASE("the greeting has the revision of the image's package", "[ssh]") {
    const auto resolve = [](std::string_view line, std::string_view packages) {
        return resolve_identification(line, packages, software);
    };
    constexpr std::string_view line = "SSH-2.0-OpenSSH_9.2p1 Debian-{revision}";
    CHECK(resolve(line, "openssh-client 1:9.2p1-9\nopenssh-server 1:9.2p1-2+deb12u99\n") ==
          "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u99");
    CHECK(resolve(line, "") == "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10");
    CHECK(resolve("SSH-2.0-x", "openssh-server 1:9.2p1-3\n") == "SSH-2.0-x");
    CHECK(resolve("", "") == "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10");
    CHECK(resolve_identification("SSH-2.0-dropbear-{revision}", "", "dropbear_2022.83") ==
          "SSH-2.0-dropbear-");
}

TEST_CASE("a listener of kind ssh gets its line and its keys", "[ssh]") {
    const State state;
    auto listener = debian_listener();
    const auto without_keys = prepare_ssh(listener, Settings{}, state.path.string());
    REQUIRE_FALSE(without_keys);
    CHECK(without_keys.error().detail().contains("keys/debian has no host key"));

    constexpr std::array kinds{crypto::KeyKind::ed25519, crypto::KeyKind::ecdsa_p256};
    REQUIRE(persona::make_host_keys(state.path.string(), "debian", kinds));
    std::ofstream{state.path / "images/debian/packages"} << "openssh-server 1:9.2p1-2+deb12u7\n";
    listener = debian_listener();
    REQUIRE(prepare_ssh(listener, Settings{}, state.path.string()));
    CHECK(listener.persona.ssh_identification == "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7");
    REQUIRE(listener.host_keys.size() == 2);
    CHECK(listener.host_keys[0].type() == "ecdsa-sha2-nistp256");
}

TEST_CASE("the documentation of ssh_server names every server", "[ssh]") {
    const auto keys = persona::keys();
    const auto key = std::ranges::find(keys, "ssh_server", &persona::Key::name);
    REQUIRE(key != keys.end());
    for (const auto& profile : service::ssh::profiles())
        CHECK(key->sentence.contains(profile.name));
}

TEST_CASE("a server that is not there is refused with those that are", "[ssh]") {
    auto listener = debian_listener();
    listener.persona.ssh_server = "openssh-99";
    const auto prepared = prepare_ssh(listener, Settings{}, "/nowhere");
    REQUIRE_FALSE(prepared);
    CHECK(prepared.error().detail().starts_with(
        "/nowhere/personas/debian.toml: `ssh_server` must be one of openssh-9.2p1, "));
}
