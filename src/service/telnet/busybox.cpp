// telnetd of BusyBox 1.30 to 1.36 (networking/telnetd.c; the parts played here did not change).
#include "persona/persona.hpp"
#include "service/telnet/login.hpp"
#include "service/telnet/server.hpp"

#include <utility>

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
        while (auto token = decoder_.next(bytes))
            turn(*token);
        collect();
        if (state() != State::login) return;
        run_login();
        collect();
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

    ProgramRequest request() const override {
        ProgramRequest request;
        request.username = login_.username();
        request.term = "linux"; // what init gives its services
        request.columns = columns_;
        request.rows = rows_;
        return request;
    }

    std::size_t read_bytes_max() const noexcept override { return BusyboxDecoder::chunk_bytes_max; }

  private:
    void turn(const Token& token);
    void take(const Token& token);
    void run_login();
    void print_issue();
    void collect();

    BusyboxDecoder decoder_;
    Tty tty_;
    BusyboxLogin login_;
    std::string for_peer_; ///< Read from the terminal or made up, and not sent yet.
};

/// One turn of telnetd's loop: a token for the terminal, what was there to be sent before it, and
/// what the terminal had printed before it.
void Busybox::turn(const Token& token) {
    const bool send = !for_peer_.empty();
    auto printed = tty_.take_output();
    take(token);
    if (send) encode(std::exchange(for_peer_, {}), false, out.bytes);
    for_peer_ += printed;
}

void Busybox::collect() {
    encode(std::exchange(for_peer_, {}), false, out.bytes);
    encode(tty_.take_output(), false, out.bytes);
}

void Busybox::take(const Token& token) {
    switch (token.kind) {
    case Token::Kind::data:
        if (state() == State::accepted)
            typed += token.bytes;
        else
            tty_.type(token.bytes);
        break;
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
        // IAC NOP, whose IAC is then doubled like a terminal's, and only while nothing else waits.
        if (token.command == command::are_you_there && for_peer_.empty()) for_peer_ = "\xff\xf1";
        break;
    }
}

/// The login program gets its turn when telnetd has typed all of a packet; what is typed behind the
/// password stays for the shell.
void Busybox::run_login() {
    if (const auto signals = tty_.take_signals(); signals != Tty::no_signal) login_.signal(signals);
    while (state() == State::login && tty_.readable()) {
        const auto before = tty_.queued();
        login_.input();
        if (tty_.queued() == before) break; // it sleeps
    }
    if (state() == State::accepted) typed += tty_.take_input();
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
