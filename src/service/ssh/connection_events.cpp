// What a connection leaves in the record.
#include "service/ssh/connection_base.hpp"

#include <utility>

namespace skep::service::ssh {

void ConnectionBase::weird(std::string_view name, std::string_view bytes) {
    notes_.weird(session_.events, name, bytes);
}

void ConnectionBase::refuse_message(std::string_view name, std::string_view bytes) {
    weird(name, bytes);
    end();
}

void ConnectionBase::record_size(std::uint32_t columns, std::uint32_t rows) {
    if (!notes_.take()) return;
    event::Event event{"client.size", session_.events.now()};
    event.number("width", columns).number("height", rows);
    session_.events.record(std::move(event));
}

void ConnectionBase::record_variable(std::string_view name, std::string_view value) {
    if (!notes_.take()) return;
    event::Event event{"client.var", session_.events.now()};
    event.text("name", name).text("value", value);
    session_.events.record(std::move(event));
}

void ConnectionBase::record_command(std::string_view command) {
    event::Event event{"command.input", session_.events.now()};
    event.text("input", command);
    session_.events.record(std::move(event));
}

void ConnectionBase::record_direct(std::string_view host,
                                   std::uint32_t port,
                                   std::string_view origin,
                                   std::uint32_t origin_port) {
    event::Event event{"direct-tcpip.request", session_.events.now()};
    event.text("dst_ip", host).number("dst_port", port);
    event.number("src_port", session_.src_port);
    event.text("originator", std::string{origin} + " " + std::to_string(origin_port));
    session_.events.record(std::move(event));
}

void ConnectionBase::record_forward(std::string_view name,
                                    std::string_view address,
                                    std::uint32_t port) {
    event::Event event{"forward.request", session_.events.now()};
    event.text("name", name).text("dst_ip", address).number("dst_port", port);
    session_.events.record(std::move(event));
}

void ConnectionBase::record_path(std::string_view name, std::string_view path) {
    event::Event event{"forward.request", session_.events.now()};
    event.text("name", name).text("path", path);
    session_.events.record(std::move(event));
}

void ConnectionBase::record_name(std::string_view eventid, std::string_view name) {
    event::Event event{eventid, session_.events.now()};
    event.text("name", name);
    session_.events.record(std::move(event));
}

} // namespace skep::service::ssh
