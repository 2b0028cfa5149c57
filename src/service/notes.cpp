#include "service/notes.hpp"

namespace skep::service {

bool Notes::take() noexcept {
    if (left_ == 0) return false;
    --left_;
    return true;
}

void Notes::weird(Events& events, std::string_view name, std::string_view bytes) {
    if (!take()) return;
    event::Event event{"protocol.weird", events.now()};
    event.text("name", name);
    if (!bytes.empty()) event.text("data", bytes);
    events.record(std::move(event));
}

} // namespace skep::service
