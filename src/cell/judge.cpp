#include "cell/judge.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace skep::cell {
namespace {

constexpr int interpreters_max = 4; // as the kernel's exec_binprm
constexpr std::size_t head_bytes = 4096;

std::string head_of(const Place& place) {
    const auto file = CellView::open_for_reading(place);
    std::string head(head_bytes, '\0');
    const auto size = file.valid() ? ::pread(file.get(), head.data(), head.size(), 0) : 0;
    head.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return head;
}

/// The interpreter of a `#!` line as the kernel's script loader reads it.
std::string interpreter_of(std::string_view head) {
    auto line = head.substr(2, std::min<std::size_t>(head.find('\n'), 256) - 2);
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    return std::string{line.substr(0, line.find_first_of(" \t"))};
}

/// Whether the kernel of this machine would start it: a whole header with a loadable segment, for
/// this processor.
bool starts_here(std::string_view head) {
    if (head.size() < sizeof(Elf32_Ehdr)) return false;
    const bool wide = head[EI_CLASS] == ELFCLASS64;
    if (wide) {
        Elf64_Ehdr header{};
        if (head.size() < sizeof header) return false;
        std::memcpy(&header, head.data(), sizeof header);
        return header.e_machine == EM_X86_64 &&
               (header.e_type == ET_EXEC || header.e_type == ET_DYN) && header.e_phnum > 0 &&
               header.e_phentsize == sizeof(Elf64_Phdr);
    }
    Elf32_Ehdr header{};
    std::memcpy(&header, head.data(), sizeof header);
    return header.e_machine == EM_386 && (header.e_type == ET_EXEC || header.e_type == ET_DYN) &&
           header.e_phnum > 0 && header.e_phentsize == sizeof(Elf32_Phdr);
}

/// The interpreter that a 64-bit program asks for; nothing if it asks for none, or where it does
/// not say in its first page.
std::optional<std::string> wanted_linker(std::string_view head) {
    Elf64_Ehdr header{};
    if (head.size() < sizeof header || head[EI_CLASS] != ELFCLASS64) return std::nullopt;
    std::memcpy(&header, head.data(), sizeof header);
    for (unsigned i = 0; i < header.e_phnum; ++i) {
        Elf64_Phdr part{};
        const auto at = header.e_phoff + std::uint64_t{i} * sizeof part;
        if (at > head.size() || head.size() - at < sizeof part) return std::nullopt;
        std::memcpy(&part, head.data() + at, sizeof part);
        if (part.p_type != PT_INTERP) continue;
        if (part.p_offset > head.size() || part.p_filesz < 2 ||
            part.p_filesz > head.size() - part.p_offset)
            return std::nullopt;
        return std::string{head.substr(part.p_offset, part.p_filesz - 1)};
    }
    return std::nullopt;
}

bool is_linker(std::string_view path) {
    const auto name = path.substr(path.find_last_of('/') + 1);
    return name.starts_with("ld-linux") || name.starts_with("ld.so") || name.starts_with("ld-musl");
}

/// `ld.so [--option [value]] PROGRAM`: the program.
std::string program_of_linker(const std::vector<std::string>& arguments) {
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        const auto& word = arguments[i];
        if (!word.starts_with("--")) return word;
        if (word == "--library-path" || word == "--preload" || word == "--audit" ||
            word == "--argv0" || word == "--inhibit-rpath" || word == "--glibc-hwcaps-prepend" ||
            word == "--glibc-hwcaps-mask")
            ++i;
    }
    return {};
}

Judgement judge_base(const CellView& view,
                     const Caller& caller,
                     const Place& place,
                     const std::vector<std::string>& arguments) {
    Judgement found{.verdict = Verdict::base, .instead = {}, .to_keep = {}};
    if (!is_linker(place.path)) return found;
    const auto program = program_of_linker(arguments);
    if (program.empty()) return found;
    auto loaded = view.find(caller, view.absolute(caller, AT_FDCWD, program));
    if (!loaded.regular() || view.is_base(loaded)) return found;
    if (!head_of(loaded).starts_with(ELFMAG)) return found;
    found.verdict = Verdict::foreign;
    found.to_keep.push_back(std::move(loaded));
    return found;
}

} // namespace

std::string_view name(Verdict verdict) {
    switch (verdict) {
    case Verdict::base: return "base";
    case Verdict::script: return "script";
    case Verdict::foreign:
    case Verdict::unable: return "foreign";
    case Verdict::absent: return "absent";
    }
    return "absent";
}

Judgement judge(const CellView& view,
                const Caller& caller,
                Place place,
                const std::vector<std::string>& arguments,
                int depth) {
    Judgement found;
    if (!place.exists()) return found;
    found.verdict = Verdict::unable;
    if (!place.regular() || (place.info.st_mode & 0111U) == 0) return found;
    const auto head = head_of(place);
    const bool elf = head.starts_with(ELFMAG);
    const bool base = view.is_base(place);
    if (base && elf) return judge_base(view, caller, place, arguments);
    if (elf) {
        if (const auto program = view.identical_program(place); !program.empty() && depth == 0) {
            found.verdict = Verdict::base;
            found.instead = view.executable_path(program);
            return found;
        }
        // A program for a linker that the image does not have, or of another machine, fails here as
        // it would anywhere.
        bool able = starts_here(head);
        if (const auto linker = wanted_linker(head); able && linker)
            able = view.find(caller, *linker).exists();
        found.verdict = able ? Verdict::foreign : Verdict::unable;
        found.to_keep.push_back(std::move(place));
        return found;
    }
    found.verdict = Verdict::script;
    if (head.starts_with("#!") && depth < interpreters_max) {
        auto below = judge(view, caller,
                           view.find(caller, view.absolute(caller, AT_FDCWD, interpreter_of(head))),
                           {}, depth + 1);
        if (below.verdict == Verdict::foreign) found.verdict = Verdict::foreign;
        found.to_keep = std::move(below.to_keep);
    }
    if (base && found.verdict == Verdict::script) found.verdict = Verdict::base;
    if (!base) found.to_keep.push_back(std::move(place));
    return found;
}

} // namespace skep::cell
