// What one of our processes may send another after a stranger has taken it over.
#include "cell/outlet.hpp"
#include "process/message.hpp"

#include <cstdlib>

using namespace skep;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view payload{reinterpret_cast<const char*>(data), size};
    if (const auto request = process::decode_cell_request(payload)) {
        const auto again = process::encode(*request);
        if (again != payload) std::abort();
    }
    if (const auto exit = process::decode_cell_exit(payload))
        if (process::encode(*exit) != payload) std::abort();
    if (const auto question = process::decode_key_question(payload))
        if (process::encode(*question) != payload) std::abort();
    if (const auto answer = process::decode_key_answer(payload))
        if (process::encode(*answer) != payload) std::abort();
    if (const auto sent = cell::decode_event(payload)) {
        const auto json = event::to_json(sent->event);
        if (json.contains('\n') || !event::from_json(json)) std::abort();
        const auto again = cell::decode_event(cell::encode_event(sent->request, sent->event));
        if (!again || event::to_json(again->event) != json) std::abort();
    }
    return 0;
}
