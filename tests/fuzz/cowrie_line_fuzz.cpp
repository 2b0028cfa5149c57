// A line of somebody's log: what it becomes goes through the journal and the store's row unharmed.
#include "hub/import/cowrie.hpp"
#include "hub/import/python_bytes.hpp"
#include "hub/store/record.hpp"

#include <cstdlib>

using namespace skep;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view line{reinterpret_cast<const char*>(data), size};
    (void)hub::from_python_bytes(line);
    const auto event = hub::from_cowrie(line);
    if (!event) return 0;
    const auto json = event::to_json(*event);
    if (json.contains('\n')) std::abort();
    const auto again = event::from_json(json);
    if (!again || again->id() != event->id()) std::abort();
    (void)hub::store::to_record(*again);
    return 0;
}
