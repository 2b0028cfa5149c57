// What an attacker may write into authorized_keys: the verdict stays within its bounds, so that it
// fits into a message and comes back as it was, and no key opens that is not there.
//
// The input is the file.
#include "base/ssh_wire.hpp"
#include "cell/authorized_keys.hpp"
#include "process/message.hpp"

#include <cstdint>
#include <cstdlib>

using namespace skep;

namespace {

void check(bool holds) {
    if (!holds) std::abort();
}

std::string key_of(char fill) {
    SshWriter blob;
    blob.string("ssh-ed25519").string(std::string(32, fill));
    return std::move(blob).take();
}

void check_message(const KeyVerdict& verdict) {
    const process::KeyAnswer answer{.request = 1, .verdict = verdict};
    const auto bytes = process::encode(answer);
    check(bytes.size() < process::message_bytes_max);
    const auto again = process::decode_key_answer(bytes);
    check(again && again->verdict.held == verdict.held);
    check(again->verdict.options == verdict.options && again->verdict.notes == verdict.notes);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    static const std::string good = key_of('k'), absent = std::string(51, '\xfe');
    for (const auto& blob : {good, absent}) {
        const cell::ShownKey key{.blob = blob, .src_ip = "192.0.2.7", .now = 1'800'000'000};
        KeyVerdict openssh, dropbear;
        cell::judge_openssh_lines(text, "/root/.ssh/authorized_keys", key, openssh);
        cell::judge_dropbear_lines(text, key, dropbear);
        check(dropbear.notes.empty());
        if (blob == absent) check(!openssh.held && !dropbear.held);
        check_message(openssh);
        check_message(dropbear);
    }
    return 0;
}
