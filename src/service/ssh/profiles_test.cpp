#include "base/bytes.hpp"
#include "service/ssh/kex_method.hpp"
#include "service/ssh/name_list.hpp"
#include "service/ssh/profile.hpp"
#include "service/ssh/protection.hpp"

#include <catch2/catch.hpp>

using namespace skep;
using namespace skep::service::ssh;

TEST_CASE("the HASSHServer of Debian 12's sshd is the real one") {
    const auto* profile = find_profile("openssh-9.2p1");
    REQUIRE(profile != nullptr);
    std::string text{profile->kex};
    for (const auto list : {profile->ciphers, profile->macs, profile->compression})
        text += ';' + std::string{list};
    CHECK(hex(crypto::digest(crypto::Hash::md5, text)) == "425d29fe50d8e4f5e37efb6e24bcf660");
}

TEST_CASE("every name in an ssh profile is implemented") {
    CHECK(find_profile("openssh-1.0") == nullptr);
    for (const auto& profile : profiles()) {
        INFO(profile.name);
        CHECK(find_profile(profile.name) == &profile);
        CHECK(lists(profile.kex, "kex-strict-s-v00@openssh.com") == profile.strict_kex);
        for (auto list = profile.kex; !list.empty();) {
            const auto name = take_name(list);
            INFO(name);
            const bool marker = name.starts_with("kex-strict-") || name.starts_with("kexguess2");
            CHECK((find_kex_method(name) != nullptr) != marker);
        }
        for (auto list = profile.ciphers; !list.empty();)
            CHECK(find_cipher(take_name(list)) != nullptr);
        for (auto list = profile.macs; !list.empty();)
            CHECK(find_mac(take_name(list)) != nullptr);
    }
}
