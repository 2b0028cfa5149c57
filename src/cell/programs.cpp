#include "cell/programs.hpp"

#include <fmt/format.h>

#include <fstream>

namespace skep::cell {

Result<ProgramTable> ProgramTable::load(const std::string& file) {
    std::ifstream in{file};
    if (!in) return fail(Fault::refused, fmt::format("cannot read {}", file));
    ProgramTable table;
    std::string digest;
    std::uint64_t size = 0;
    for (std::string path; in >> digest >> size && std::getline(in >> std::ws, path);) {
        table.sizes.insert(size);
        table.path_of.emplace(digest, path);
    }
    return table;
}

} // namespace skep::cell
