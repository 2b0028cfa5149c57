#include "service/telnet/server.hpp"

#include "persona/persona.hpp"

#include <algorithm>

namespace skep::service::telnet {

std::unique_ptr<Server> make_server(Session& session) {
    return session.persona.plays_busybox() ? make_busybox(session) : make_inetutils(session);
}

void Server::weird(std::string_view name, std::string_view bytes) {
    notes_.weird(session_.events, name, bytes);
}

void Server::note_option(const Token& token) {
    const auto verb = static_cast<std::uint16_t>(token.command - command::will);
    const auto key = static_cast<std::uint16_t>(token.option * 4 + verb);
    if (std::ranges::find(seen_, key) != seen_.end() || !notes_.take()) return;
    seen_.push_back(key);
    event::Event event{"telnet.option", session_.events.now()};
    event.text("command", verb_name(token.command)).number("option", token.option);
    event.text("option_name", option_name(token.option));
    session_.events.record(std::move(event));
}

void Server::note_size(std::uint16_t columns, std::uint16_t rows) {
    if (columns == columns_ && rows == rows_) return;
    columns_ = columns;
    rows_ = rows;
    resized = true;
    if (!notes_.take()) return;
    event::Event event{"client.size", session_.events.now()};
    event.number("width", columns).number("height", rows);
    session_.events.record(std::move(event));
}

void Server::note_variable(std::string_view name, std::string_view value) {
    if (!notes_.take()) return;
    event::Event event{"client.var", session_.events.now()};
    event.text("name", name).text("value", value);
    session_.events.record(std::move(event));
}

} // namespace skep::service::telnet
