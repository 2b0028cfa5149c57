// What operators ask of the broker: which cells there are, and to end one.
#include "base/bytes.hpp"
#include "base/wire.hpp"
#include "cell/broker_state.hpp"
#include "cell/cell_id.hpp"

#include <boost/json.hpp>

namespace skep::cell {
namespace json = boost::json;

namespace {

std::string_view kind_of(const process::CellRequest& request) {
    using Kind = process::CellRequest::Kind;
    if (request.kind == Kind::shell) return "shell";
    return request.kind == Kind::command ? "command" : "subsystem";
}

/// What sensors and attackers say is bytes: JSON gets it as UTF-8.
json::object row_of(const BrokerCell& cell) {
    return {{"cell", cell.id},
            {"persona", cell.persona},
            {"image", cell.image},
            {"src_ip", to_utf8(cell.src_ip)},
            {"protocol", to_utf8(cell.protocol)},
            {"session", to_utf8(cell.last_session)},
            {"sessions", cell.sessions.size()},
            {"used", iso8601(cell.used * 1'000'000)},
            {"state", cell.supervisor == nullptr ? "starting" : "running"}};
}

} // namespace

std::vector<std::string> Broker::list() const {
    std::vector<std::string> rows;
    rows.reserve(state_->cells.size());
    for (const auto& [id, cell] : state_->cells)
        rows.push_back(json::serialize(row_of(*cell)));
    return rows;
}

Result<std::string> Broker::show(const std::string& id) const {
    const auto found = state_->cells.find(id);
    if (found == state_->cells.end()) return fail(Fault::refused, "this cell does not run");
    auto row = row_of(*found->second);
    json::array programs;
    for (const auto& [number, session] : found->second->sessions)
        programs.push_back({{"session", to_utf8(session.request.session)},
                            {"username", to_utf8(session.request.username)},
                            {"kind", kind_of(session.request)},
                            {"command", to_utf8(session.request.command)},
                            {"terminal", session.request.terminal}});
    row["programs"] = std::move(programs);
    return json::serialize(row) + '\n';
}

Result<std::string> Broker::kill(const std::string& id) {
    const auto found = state_->cells.find(id);
    if (found == state_->cells.end() || found->second->supervisor == nullptr)
        return fail(Fault::refused, "this cell does not run");
    found->second->end_reason = "operator";
    WireWriter out;
    out.bytes(id);
    found->second->supervisor->send(MessageKind::cell_stop, std::move(out).take());
    return std::string{}; // read_cell() sees its end
}

Result<std::string> Broker::reset(const std::string& id) {
    if (!is_cell_id(id)) return fail(Fault::malformed, "a cell is named by 16 hexadecimal digits");
    const auto found = state_->cells.find(id);
    if (found == state_->cells.end()) {
        WireWriter out;
        out.bytes(id);
        state_->launcher.send(MessageKind::cell_stop, std::move(out).take());
        return std::string{};
    }
    const auto cell = found->second;
    // A supervisor that the launcher is just starting would come to a cell of the same name.
    if (cell->supervisor == nullptr) return fail(Fault::refused, "this cell is just starting");
    state_->end(*cell, "operator");
    state_->forget(cell);
    return std::string{};
}

} // namespace skep::cell
