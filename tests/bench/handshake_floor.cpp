// The floor of an SSH handshake: the processor time of the primitives that no server can do without
// for curve25519-sha256 with an Ed25519 host key. Below it, what one connection's ciphers and MACs
// hold in memory.
//
// Usage: handshake_floor [ROUNDS]
#include "base/crypto/cipher.hpp"
#include "base/crypto/digest.hpp"
#include "base/crypto/key_agreement.hpp"
#include "base/crypto/mac.hpp"
#include "base/crypto/ssh_key.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <functional>
#include <malloc.h>
#include <memory>
#include <vector>

using namespace skep::crypto;

namespace {

/// One for the exchange hash, six for keys and initialisation vectors (RFC 4253 section 7.2).
constexpr std::size_t hashes = 7;
constexpr std::size_t batches = 10;

double processor_microseconds() {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

/// Processor time of one call: the best of ten batches, because others use the machine too.
double measure(std::size_t rounds, const std::function<void()>& run) {
    const auto batch = std::max<std::size_t>(rounds / batches, 1);
    double best = 0;
    for (std::size_t i = 0; i < batches; ++i) {
        const auto start = processor_microseconds();
        for (std::size_t round = 0; round < batch; ++round)
            run();
        const auto each = (processor_microseconds() - start) / static_cast<double>(batch);
        best = i == 0 ? each : std::min(best, each);
    }
    return best;
}

void print(const char* what, double microseconds) {
    fmt::print("{:<46} {:>10.1f} us\n", what, microseconds);
}

void measure_time(std::size_t rounds) {
    const auto host_key = HostKey::generate(KeyKind::ed25519);
    const auto client = make_x25519();
    const auto server = make_x25519();
    const std::string exchange(1500, 'x'); // identifications, KEXINITs, host key, public values
    const std::string key_input(32 + 32 + 1 + 32, 'k');
    const auto generate = measure(rounds, [] { (void)make_x25519(); });
    const auto derive = measure(rounds, [&] { (void)server->agree(client->public_value()); });
    const auto sign = measure(rounds, [&] { (void)host_key.sign("ssh-ed25519", exchange); });
    const auto hash = measure(rounds, [&] {
        (void)digest(Hash::sha256, exchange);
        for (std::size_t i = 1; i < hashes; ++i)
            (void)digest(Hash::sha256, key_input);
    });
    const auto all = measure(rounds, [&] {
        const auto ours = make_x25519();
        (void)ours->agree(client->public_value());
        (void)digest(Hash::sha256, exchange);
        (void)host_key.sign("ssh-ed25519", key_input);
        for (std::size_t i = 1; i < hashes; ++i)
            (void)digest(Hash::sha256, key_input);
    });
    print("X25519 key pair", generate);
    print("X25519 shared secret", derive);
    print("Ed25519 signature", sign);
    print("7 SHA-256", hash);
    print("handshake floor", all);
    print("sntrup761 encapsulation, not in the floor",
          measure(rounds / 4, [] { (void)encapsulate_sntrup761(std::string(1158, 'p')); }));
}

template <class Make> void print_size(const char* what, Make make) {
    constexpr std::size_t count = 1000;
    std::vector<decltype(make())> made;
    made.reserve(count);
    (void)make(); // what is set up once a process
    const auto before = ::mallinfo2().uordblks;
    for (std::size_t i = 0; i < count; ++i)
        made.push_back(make());
    const auto bytes = (::mallinfo2().uordblks - before) / count;
    fmt::print("{:<46} {:>10} bytes a direction\n", what, bytes + sizeof(made[0]));
}

void measure_size() {
    const std::string key(64, 'k'), iv(16, 'i');
    const auto some = [&](std::size_t bytes) { return std::string_view{key}.substr(0, bytes); };
    print_size("aes256-ctr", [&] { return AesCtr{some(32), iv}; });
    print_size("aes256-gcm", [&] { return AesGcm{some(32), some(12), true}; });
    print_size("chacha20-poly1305", [&] { return ChachaPoly{key}; });
    print_size("hmac-sha1", [&] { return PacketMac::hmac(Hash::sha1, some(20)); });
    print_size("hmac-sha2-256", [&] { return PacketMac::hmac(Hash::sha256, some(32)); });
    print_size("hmac-sha2-512", [&] { return PacketMac::hmac(Hash::sha512, key); });
    print_size("umac-64", [&] { return PacketMac::umac(8, some(16)); });
    print_size("umac-128", [&] { return PacketMac::umac(16, some(16)); });
}

} // namespace

int main(int argc, char** argv) {
    const std::size_t rounds = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 5000;
    if (rounds == 0) {
        fmt::print(stderr, "handshake_floor: the number of rounds must not be 0\n");
        return 1;
    }
    measure_time(rounds);
    measure_size();
    return 0;
}
