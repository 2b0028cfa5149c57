// telnetd of BusyBox 1.30 to 1.36 (networking/telnetd.c; the parts played here did not change).
#include "persona/persona.hpp"
#include "service/telnet/login.hpp"
#include "service/telnet/server.hpp"

namespace skep::service::telnet {
namespace {

using namespace std::string_view_literals;

/// Sent before anything else; what the client answers is not looked at.
constexpr auto greeting = "\xff\xfd\x01\xff\xfd\x1f\xff\xfb\x01\xff\xfb\x03"sv;

class Busybox final : public Server {
  public:
    explicit Busybox(Session& session) : Server{session}, login_{session, tty_} {}

    void start() override {
        out.bytes += greeting;
        tty_.modes.expand_tabs = true;
        print_issue();
        login_.start();
        collect();
    }

    void receive(std::string_view bytes) override {
        bytes = BusyboxDecoder::accept(bytes);
        while (auto token = decoder_.next(bytes)) {
            take(*token);
            if (state() == State::ended) return;
        }
    }

    void expire() override {
        login_.expire();
        collect();
    }

    void print(std::string_view bytes) override { encode(bytes, false, out.bytes); }

    Micros deadline() const noexcept override { return login_.deadline(); }

    State state() const noexcept override {
        if (login_.state() == Login::State::ended) return State::ended;
        return login_.state() == Login::State::accepted ? State::accepted : State::login;
    }

    TerminalRequest request() const override {
        TerminalRequest request;
        request.username = login_.username();
        request.term = "linux"; // what init gives its services
        request.columns = columns_;
        request.rows = rows_;
        return request;
    }

    std::size_t read_bytes_max() const noexcept override { return BusyboxDecoder::chunk_bytes_max; }

  private:
    void take(const Token& token);
    void type(std::string_view bytes);
    void print_issue();

    void collect() { encode(tty_.take_output(), false, out.bytes); }

    BusyboxDecoder decoder_;
    Tty tty_;
    BusyboxLogin login_;
};

void Busybox::take(const Token& token) {
    switch (token.kind) {
    case Token::Kind::data: type(token.bytes); break;
    case Token::Kind::negotiation: note_option(token); break;
    case Token::Kind::subnegotiation:
        if (token.bytes.size() == 4) {
            const auto at = [&](std::size_t i) {
                return static_cast<std::uint8_t>(token.bytes[i]);
            };
            note_size(static_cast<std::uint16_t>(at(0) << 8 | at(1)),
                      static_cast<std::uint16_t>(at(2) << 8 | at(3)));
        }
        break;
    case Token::Kind::command:
        // IAC NOP, its IAC doubled by mistake, and only while nothing else waits to be sent.
        if (token.command == command::are_you_there && out.empty()) out.bytes += "\xff\xff\xf1";
        break;
    }
}

/// The login program runs between two lines of a packet: it is faster than the server's loop.
void Busybox::type(std::string_view bytes) {
    while (!bytes.empty() && login_.state() == Login::State::running) {
        bytes.remove_prefix(tty_.type(bytes));
        if (const auto signal = tty_.take_signal(); signal != Tty::Signal::none)
            login_.signal(signal);
        while (login_.state() == Login::State::running && tty_.readable()) {
            const auto before = tty_.queued();
            login_.input();
            if (tty_.queued() == before) break; // it sleeps
        }
        collect();
    }
    if (login_.state() == Login::State::accepted) typed += bytes;
}

/// libbb/login.c, print_login_issue(): each LF gets a CR behind it.
void Busybox::print_issue() {
    tty_.print("\r\n");
    for (const char byte : session_.persona.issue) {
        tty_.print({&byte, 1});
        if (byte == '\n') tty_.print("\r");
    }
}

} // namespace

std::unique_ptr<Server> make_busybox(Session& session) {
    return std::make_unique<Busybox>(session);
}

} // namespace skep::service::telnet
