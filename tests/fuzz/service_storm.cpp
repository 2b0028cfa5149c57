// 100,000 random, truncated and hostile sessions for each run, from a fixed seed: no crash, no leak
// (under the sanitizers), no growth of memory, and each session ends.
//
//   service_storm SERVICE [SESSIONS]
#include "support/service_session.hpp"

#include <array>
#include <cstdint>
#include <iostream>
#include <malloc.h>
#include <string>

using namespace std::string_view_literals;

namespace {

/// splitmix64: the same sessions on every machine.
class Dice {
  public:
    explicit Dice(std::uint64_t seed) : state_{seed} {}

    std::uint64_t below(std::uint64_t limit) {
        state_ += 0x9e3779b97f4a7c15;
        auto mixed = state_;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
        return (mixed ^ (mixed >> 31)) % limit;
    }

  private:
    std::uint64_t state_;
};

/// Packets of real dialogs: those that bring a session far, and those of attacks.
constexpr std::array pieces{
    "\xff\xfc\x25\xff\xfc\x18\xff\xfc\x20\xff\xfc\x23\xff\xfc\x27\xff\xfc\x24\xff\xfe\x25\xff\xfe\x26"sv,
    "\xff\xfc\x01\xff\xfc\x1f\xff\xfc\x21\xff\xfc\x22\xff\xfd\x01\xff\xfd\x03\xff\xfe\x05"sv,
    "\xff\xfb\x18\xff\xfb\x20\xff\xfb\x23\xff\xfb\x27\xff\xfb\x24\xff\xfb\x25\xff\xfb\x26"sv,
    "\xff\xfa\x18\x00NOSUCH\xff\xf0\xff\xfa\x20\x00"
    "9600,9600\xff\xf0"sv,
    "\xff\xfa\x27\x00\x00USER\x01-f root\x02\x03X\xff\xf0\xff\xfa\x23\x00h:0\xff\xf0"sv,
    "\xff\xfb\x22\xff\xfa\x22\x03\x00\x03\x00\x0a\x02\xff\xff\xff\xf0\xff\xfa\x22\x01\x00\xff\xf0"sv,
    "\xff\xfb\x1f\xff\xfa\x1f\xff\xff\x00\x18\xff\xf0\xff\xfb\x21\xff\xfd\x00\xff\xfb\x00\xff\xfb\x06"sv,
    "root\r\n"sv,
    "x\r\n"sv,
    "root\r\nx\r\nenable\r\nsystem\r\nsh\r\n"sv,
    "exit\r\n"sv,
    "\x03"sv,
    "\x04"sv,
    "\x1a\x13\x11\x16\xff\xff"sv,
    "a\tb\x7f\x7f\x17\x15\x12"sv,
    "\xff"sv,
    "\xff\xfa"sv,
    "\xff\xf4\xff\xf3\xff\xf5\xff\xf6\xff\xf7\xff\xf8\xff\xec\xff\xed\xff\xee\xff\xef"sv,
    "\xff\xfa\x05\x01\xff\xf0\xff\xfd\x12"sv,
    "GET / HTTP/1.0\r\n\r\n"sv,
    "/bin/busybox ECCHI\r\n"sv,
};

std::string packet(Dice& dice) {
    std::string bytes;
    const auto kind = dice.below(4);
    if (kind == 0) { // noise
        for (auto left = dice.below(60) + 1; left > 0; --left)
            bytes += static_cast<char>(dice.below(256));
        return bytes;
    }
    bytes = pieces.at(dice.below(pieces.size()));
    if (kind == 1) bytes.resize(dice.below(bytes.size()) + 1); // truncated
    if (kind == 2)                                             // hostile
        for (auto left = dice.below(4) + 1; left > 0; --left)
            bytes.at(dice.below(bytes.size())) =
                static_cast<char>(dice.below(3) == 0 ? dice.below(256) : 236 + dice.below(20));
    return bytes;
}

std::string session(Dice& dice) {
    std::string input;
    constexpr std::uint64_t breaks = 4;
    input += static_cast<char>(dice.below(4) | (dice.below(8) == 0 ? breaks : 0));
    input += static_cast<char>(dice.below(40));
    if (dice.below(3) != 0) // far enough to see a login
        for (const auto piece : {pieces[0], pieces[1], pieces[7]}) {
            input += static_cast<char>(piece.size());
            input += piece;
        }
    for (auto left = dice.below(5); left > 0; --left) {
        const auto bytes = packet(dice);
        input += static_cast<char>(bytes.size());
        input += bytes;
        if (dice.below(6) != 0) continue;
        input += '\0';
        input += static_cast<char>(dice.below(70));
    }
    return input;
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 2) return 2;
    const auto* const service = skep::service::find(argv[1]);
    const std::size_t sessions = argc > 2 ? std::stoul(argv[2]) : 100'000;
    const std::size_t warm_up = sessions / 10;
    constexpr std::size_t growth_bytes_max = 256 * 1024;
    Dice dice{20240607};
    std::size_t before = 0, written = 0, events = 0;
    for (std::size_t i = 0; i < sessions; ++i) {
        if (i == warm_up) before = ::mallinfo2().uordblks;
        const auto played = skep::tests::play_session(*service, session(dice));
        written += played.written;
        events += played.events;
    }
    const auto after = ::mallinfo2().uordblks;
    const auto growth = after > before ? after - before : 0;
    std::cout << sessions << " sessions, " << written << " bytes written, " << events
              << " events, memory grew by " << growth << " bytes\n";
    return growth > growth_bytes_max || written == 0 || events == 0;
}
