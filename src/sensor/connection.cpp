#include "sensor/connection.hpp"

#include "base/ids.hpp"
#include "sensor/program.hpp"

#include <boost/asio/io_context.hpp>

#include <array>

namespace skep::sensor {
namespace {

using service::Verdict;

constexpr std::size_t argument_bytes_max = 131072; // MAX_ARG_STRLEN, of which one is the NUL's
constexpr std::size_t modes_bytes_max = 1024;      // 204 of RFC 4254 section 8's pairs

/// The services' view of one connection. One object behind four interfaces keeps an idle connection
/// small.
class Connection final : public service::Events,
                         public service::Authenticator,
                         public service::Machine {
  public:
    Connection(Shared& shared, const Listener& listener, const net::Endpoints& ends)
        : shared_{shared}, listener_{listener}, ends_{ends}, start_{now()} {
        session_id(start_).copy(id_.data(), id_.size());
    }

    event::Event make(std::string_view eventid) const {
        event::Event event{eventid, now()};
        fill(event);
        return event;
    }

    void record(event::Event event) override {
        fill(event);
        shared_.recorder.record(std::move(event));
    }

    Micros now() const override { return system_clock().now(); }

    Verdict try_password(std::string_view user, std::string_view password) override {
        const auto verdict = shared_.policy.judge(ends_.peer_ip, user, password);
        auto event = make(verdict == Verdict::accepted ? "login.success" : "login.failed");
        event.text("username", user).text("password", password);
        shared_.recorder.record(std::move(event));
        if (verdict == Verdict::accepted) password_ = std::make_unique<std::string>(password);
        return verdict;
    }

    void accept_key(std::string_view user, std::string_view fingerprint) override {
        auto event = make("login.success");
        event.text("username", user).text("password", "").text("fingerprint", fingerprint);
        shared_.recorder.record(std::move(event));
    }

    Task<Result<std::unique_ptr<service::Program>>> open(service::ProgramRequest request) override {
        if (!shared_.settings.shells) co_return fail(Fault::refused, "level is low");
        auto asked = to_cell_request(request);
        auto opened = co_await shared_.cells.open(std::move(asked));
        if (!opened) {
            auto event = make("skep.fault");
            event.text("role", "sensor").text("message", "no program: " + opened.error().detail());
            shared_.recorder.record(std::move(event));
            co_return std::unexpected{opened.error()};
        }
        ProgramContext context{shared_.io, shared_.recorder, shared_.cells,
                               {},         next_recording(), shared_.settings.cell_output_bytes};
        context.make_event = [this](std::string_view eventid) { return make(eventid); };
        std::unique_ptr<service::Program> program =
            std::make_unique<CellProgram>(std::move(context), *std::move(opened), request);
        co_return program;
    }

    Task<Result<KeyVerdict>> judge_key(std::string_view user, std::string_view blob) override {
        if (!shared_.settings.shells) co_return KeyVerdict{};
        process::KeyQuestion question;
        question.persona = listener_.persona.name;
        question.key = cell_key(user);
        question.username = user;
        question.blob = blob;
        question.src_ip = ends_.peer_ip;
        co_return co_await shared_.cells.judge_key(std::move(question));
    }

    void connected() {
        auto event = make("session.connect");
        event.text("persona", listener_.persona.name).number("src_port", ends_.peer_port);
        event.text("dst_ip", ends_.own_ip).number("dst_port", ends_.own_port);
        shared_.recorder.record(std::move(event));
    }

    void closed(std::string_view reason) {
        auto event = make("session.closed");
        event.number("duration_ms", (now() - start_) / 1000).text("reason", reason);
        shared_.recorder.record(std::move(event));
    }

    void faulted(std::string_view what) {
        auto event = make("skep.fault");
        event.text("role", "sensor").text("message", what);
        shared_.recorder.record(std::move(event));
    }

    service::Session session(net::Stream& stream) {
        service::Session session{stream, *this, *this, *this, listener_.persona, ends_.peer_ip};
        session.src_port = ends_.peer_port;
        session.dst_ip = ends_.own_ip;
        session.dst_port = ends_.own_port;
        session.login_within = shared_.settings.login_within;
        session.idle_within = shared_.settings.idle_within;
        session.login_tries = shared_.settings.login_tries;
        session.ssh = &listener_.ssh;
        session.host_keys = listener_.host_keys;
        return session;
    }

  private:
    std::string_view id() const noexcept { return {id_.data(), id_.size()}; }

    void fill(event::Event& event) const {
        event.text("session", id()).text("src_ip", ends_.peer_ip);
        event.text("protocol", listener_.service->name).text("service", listener_.name);
        event.text("sensor", shared_.sensor_name);
    }

    /// Who shares a cell with this session, which logs in as `user`.
    std::string cell_key(std::string_view user) const {
        const auto& key = shared_.settings.cell_key;
        if (key == "one") return "one";
        if (key != "credential") return ends_.peer_ip;
        return std::string{user} + '\n' + (password_ ? *password_ : std::string{});
    }

    /// The session's name, for its later programs with a number.
    std::string next_recording() {
        std::string name{id()};
        if (++programs_ > 1) name += '-' + std::to_string(programs_);
        return name;
    }

    process::CellRequest to_cell_request(const service::ProgramRequest& request) const {
        process::CellRequest asked;
        asked.session = id();
        asked.persona = listener_.persona.name;
        asked.key = cell_key(request.username);
        asked.src_ip = ends_.peer_ip;
        asked.protocol = listener_.service->name;
        asked.username = request.username;
        asked.term = request.term;
        asked.columns = request.columns;
        asked.rows = request.rows;
        asked.environment = request.environment;
        asked.remote_host = ends_.peer_ip;
        asked.kind = static_cast<process::CellRequest::Kind>(request.kind);
        asked.terminal = request.terminal;
        asked.command = request.command;
        // One byte more than execve(2) takes fails as any longer one does.
        if (asked.command.size() > argument_bytes_max) asked.command.resize(argument_bytes_max);
        asked.modes = request.modes.substr(0, modes_bytes_max);
        asked.src_port = ends_.peer_port;
        asked.dst_ip = ends_.own_ip;
        asked.dst_port = ends_.own_port;
        asked.user_rc = request.user_rc;
        return asked;
    }

    Shared& shared_;
    const Listener& listener_;
    const net::Endpoints& ends_;
    Micros start_;
    std::array<char, session_id_bytes> id_{};
    std::unique_ptr<std::string> password_; ///< The accepted one; an idle connection is small.
    std::uint32_t programs_ = 0;
};

/// Ends a connection that has lived limits.session_seconds, or whose sensor stops.
struct LifeTime final : net::Deadline {
    net::TcpStream& stream;

    explicit LifeTime(net::TcpStream& of) : stream{of} {}

    void expired() override { stream.cancel(); }
};

std::string_view reason_of(const Result<void>& outcome) {
    return outcome ? std::string_view{"done"} : name(outcome.error().kind());
}

} // namespace

ConnectionSettings::ConnectionSettings(const Settings& settings)
    : cell_key{settings.text("cell.key")}, shells{settings.text("cell.level") != "low"},
      cell_output_bytes{static_cast<std::size_t>(settings.limit("cell_output_bytes"))},
      session_within{settings.limit("session_seconds")},
      login_within{settings.limit("login_seconds")}, idle_within{settings.limit("idle_seconds")},
      login_tries{settings.limit("login_tries")} {}

Task<void>
serve_connection(Shared& shared, const Listener& listener, int socket, net::Endpoints ends) {
    net::TcpStream stream{shared.io, socket, shared.deadlines};
    Connection connection{shared, listener, ends};
    connection.connected();
    LifeTime life{stream};
    shared.deadlines.start(life, shared.settings.session_within);
    try {
        auto session = connection.session(stream);
        const auto outcome = co_await listener.service->serve(session);
        connection.closed(reason_of(outcome));
    } catch (const std::exception& error) {
        connection.faulted(error.what());
        connection.closed("fault");
    }
    shared.deadlines.remove(life);
    if (shared.on_end) shared.on_end(ends.peer_ip);
}

} // namespace skep::sensor
