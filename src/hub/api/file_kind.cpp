#include "hub/api/file_kind.hpp"

#include "base/bytes.hpp"
#include "hub/api/target.hpp"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <unistd.h>

namespace skep::hub::api {
namespace {

constexpr std::size_t head_bytes = 64;

struct Magic {
    std::string_view bytes;
    std::string_view kind;
};

using namespace std::string_view_literals;

constexpr std::array magics{
    Magic{"#!"sv, "script"},
    Magic{"\x1f\x8b"sv, "gzip"},
    Magic{"BZh"sv, "bzip2"},
    Magic{"\xfd"
          "7zXZ\0"sv,
          "xz"},
    Magic{"PK\x03\x04"sv, "zip"},
    Magic{"\x28\xb5\x2f\xfd"sv, "zstd"},
    Magic{"MZ"sv, "windows program"},
    Magic{"dex\n"sv, "dex"},
    Magic{"%PDF-"sv, "pdf"},
    Magic{"<?php"sv, "php"},
    Magic{"\xca\xfe\xba\xbe"sv, "java or mach-o"},
};

struct Machine {
    unsigned number; ///< e_machine of the ELF header
    std::string_view name;
};

constexpr std::array machines{
    Machine{3, "i386"},    Machine{2, "sparc"},    Machine{4, "m68k"},        Machine{8, "mips"},
    Machine{20, "ppc"},    Machine{21, "ppc64"},   Machine{22, "s390"},       Machine{40, "arm"},
    Machine{42, "superh"}, Machine{62, "x86-64"},  Machine{93, "arc"},        Machine{183, "arm64"},
    Machine{195, "arcv2"}, Machine{243, "risc-v"}, Machine{258, "loongarch"},
};

std::string elf_kind(std::string_view head) {
    constexpr std::size_t machine_at = 18;
    constexpr std::size_t data_at = 5; // 1 little-endian, 2 big-endian
    if (head.size() < machine_at + 2) return "elf";
    const auto first = static_cast<unsigned char>(head[machine_at]);
    const auto second = static_cast<unsigned char>(head[machine_at + 1]);
    const bool big = head[data_at] == 2;
    const unsigned number = big ? first * 256U + second : second * 256U + first;
    const auto* found = std::ranges::find(machines, number, &Machine::number);
    if (found == machines.end()) return "elf";
    std::string kind = "elf " + std::string{found->name};
    // MIPS comes in both orders and a dropper brings both.
    if (number == 8) kind += big ? "eb" : "el";
    return kind;
}

bool is_text(std::string_view head) {
    // A character may be cut at the end of what was read.
    const auto whole = utf8_prefix(head, head.size() < head_bytes ? head.size() : head_bytes - 3);
    return is_utf8(whole) && std::ranges::all_of(whole, [](char c) {
               const auto byte = static_cast<unsigned char>(c);
               return byte >= 0x20 || c == '\n' || c == '\r' || c == '\t';
           });
}

} // namespace

std::string file_kind(std::string_view head) {
    head = head.substr(0, head_bytes);
    if (head.empty()) return "empty";
    if (head.starts_with("\x7f"
                         "ELF"))
        return elf_kind(head);
    for (const auto& magic : magics)
        if (head.starts_with(magic.bytes)) return std::string{magic.kind};
    return is_text(head) ? "text" : "data";
}

std::string artifact_path(std::string_view state_directory, std::string_view shasum) {
    if (!is_shasum(shasum)) return {};
    std::string path{state_directory};
    path += "/vault/";
    path += shasum.substr(0, 2);
    path += '/';
    path += shasum;
    return path;
}

std::string kind_of_artifact(std::string_view state_directory, std::string_view shasum) {
    const auto path = artifact_path(state_directory, shasum);
    if (path.empty()) return {};
    const process::Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (!file.valid()) return {};
    std::array<char, head_bytes> head{};
    const auto count = ::read(file.get(), head.data(), head.size());
    return count < 0 ? std::string{} : file_kind({head.data(), static_cast<std::size_t>(count)});
}

} // namespace skep::hub::api
