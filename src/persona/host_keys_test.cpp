#include "persona/host_keys.hpp"

#include <fmt/format.h>

#include <array>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace skep;
using namespace skep::persona;
using crypto::KeyKind;
namespace fs = std::filesystem;

namespace {

struct State {
    std::string path =
        (fs::temp_directory_path() / fmt::format("skep-keys-test-{}", ::getpid())).string();

    State() { fs::create_directory(path); }

    State(const State&) = delete;
    State& operator=(const State&) = delete;

    ~State() { fs::remove_all(path); }
};

constexpr std::array kinds{KeyKind::rsa_2048, KeyKind::ecdsa_p256, KeyKind::ed25519};

} // namespace

TEST_CASE("host keys are made once and stay", "[ssh]") {
    const State state;
    REQUIRE(make_host_keys(state.path, "debian", kinds).value_or(-1) == 3);
    const auto first = load_host_keys(state.path, "debian");
    REQUIRE(first);
    REQUIRE(first->size() == 3);
    CHECK(first->at(0).type() == "ssh-ed25519");
    CHECK(first->at(1).type() == "ecdsa-sha2-nistp256");
    CHECK(first->at(2).type() == "ssh-rsa");
    const auto rsa = host_key_file(state.path, "debian", KeyKind::rsa_3072);
    CHECK(fs::status(rsa).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
    CHECK(fs::status(state.path + "/keys/debian").permissions() == fs::perms::owner_all);

    fs::remove(host_key_file(state.path, "debian", KeyKind::ed25519));
    CHECK(make_host_keys(state.path, "debian", kinds).value_or(-1) == 1);
    const auto again = load_host_keys(state.path, "debian");
    REQUIRE(again);
    CHECK(again->at(0).blob() != first->at(0).blob());
    CHECK(again->at(1).blob() == first->at(1).blob());
    CHECK(again->at(2).blob() == first->at(2).blob());
}

TEST_CASE("a damaged host key is named, not replaced", "[ssh]") {
    const State state;
    const auto path = host_key_file(state.path, "web", KeyKind::ed25519);
    CHECK(load_host_keys(state.path, "web").value().empty());
    fs::create_directories(fs::path{path}.parent_path());
    std::ofstream{path} << "-----BEGIN PRIVATE KEY-----\n";
    constexpr std::array only{KeyKind::ed25519};
    CHECK(make_host_keys(state.path, "web", only).value_or(-1) == 0);
    const auto loaded = load_host_keys(state.path, "web");
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().detail().starts_with(path + " is no key: "));
}
