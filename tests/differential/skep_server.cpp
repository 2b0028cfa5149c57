#include "skep_server.hpp"

#include "net/deadlines.hpp"
#include "net/tcp_stream.hpp"
#include "real_server.hpp"
#include "service/service.hpp"
#include "support/session_fakes.hpp"
#include "wire.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <csignal>
#include <pty.h>
#include <pwd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace skep::tests {
namespace asio = boost::asio;

namespace {

/// /bin/sh on a pty, as a login starts it.
class PtyShell final : public service::Program {
  public:
    PtyShell(const asio::any_io_executor& executor, const service::ProgramRequest& request)
        : master_{executor} {
        int master = -1;
        winsize size{};
        size.ws_col = static_cast<unsigned short>(request.columns);
        size.ws_row = static_cast<unsigned short>(request.rows);
        const std::string term = "TERM=" + request.term,
                          home = std::string{"/home/"} + TestUser::name;
        const auto* const user = ::getpwnam(TestUser::name); // NOLINT(concurrency-mt-unsafe)
        process_ = ::forkpty(&master, nullptr, nullptr, &size);
        if (process_ == 0) {
            std::string words[] = {term, "PS1=$ ", "PATH=/usr/bin:/bin", "HOME=" + home};
            char* environment[] = {words[0].data(), words[1].data(), words[2].data(),
                                   words[3].data(), nullptr};
            char name[] = "-sh";
            char* argv[] = {name, nullptr};
            if (::setgid(user->pw_gid) == 0 && ::setuid(user->pw_uid) == 0 &&
                ::chdir(home.c_str()) == 0)
                ::execve("/bin/sh", argv, environment);
            ::_exit(127);
        }
        master_.assign(master);
        master_.native_non_blocking(true);
    }

    ~PtyShell() override {
        hang_up();
        ::waitpid(process_, nullptr, 0);
    }

    void hang_up() override {
        ::kill(process_, SIGHUP);
        boost::system::error_code ignored;
        master_.close(ignored);
    }

    Task<Result<std::string>> read_output(std::size_t bytes_max) override {
        std::string bytes(bytes_max, '\0');
        boost::system::error_code error;
        auto token = asio::redirect_error(asio::use_awaitable, error);
        const auto buffer = asio::buffer(bytes);
        const auto count = co_await master_.async_read_some(buffer, token);
        if (error) co_return fail(Fault::closed);
        bytes.resize(count);
        co_return bytes;
    }

    Task<Result<void>> write(std::string_view bytes) override {
        if (::write(master_.native_handle(), bytes.data(), bytes.size()) < 0)
            co_return fail(Fault::closed);
        co_return Result<void>{};
    }

    void resize(std::uint32_t columns, std::uint32_t rows) override {
        winsize size{};
        size.ws_col = static_cast<unsigned short>(columns);
        size.ws_row = static_cast<unsigned short>(rows);
        ::ioctl(master_.native_handle(), TIOCSWINSZ, &size);
    }

    Task<Result<std::string>> read_errors(std::size_t) override { co_return fail(Fault::closed); }

    void end_input() override {}

    void drain() override {}

    void signal(std::string_view) override {}

    Task<Result<service::Exit>> exited() override { co_return fail(Fault::closed); }

  private:
    asio::posix::stream_descriptor master_;
    pid_t process_ = -1;
};

class PtyMachine final : public service::Machine {
  public:
    Task<Result<std::unique_ptr<service::Program>>> open(service::ProgramRequest request) override {
        const auto executor = co_await asio::this_coro::executor;
        std::unique_ptr<service::Program> shell = std::make_unique<PtyShell>(executor, request);
        co_return shell;
    }

    Task<Result<KeyVerdict>> judge_key(std::string_view, std::string_view) override {
        co_return KeyVerdict{};
    }
};

/// TestUser's password opens the door for that user only.
class OneUser final : public service::Authenticator {
  public:
    service::Verdict try_password(std::string_view user, std::string_view password) override {
        return user == TestUser::name && password == TestUser::password ? service::Verdict::accepted
                                                                        : service::Verdict::refused;
    }

    void accept_key(std::string_view, std::string_view) override {}
};

/// Everything of one connection that must outlive its coroutine.
struct Connection {
    net::TcpStream stream;
    FakeEvents events{system_clock(), {}};
    OneUser auth;
    PtyMachine machine;
    service::Session session;

    Connection(asio::io_context& io,
               int socket,
               net::Deadlines& deadlines,
               const persona::Persona& persona)
        : stream{io, socket, deadlines}, session{stream,
                                                 events,
                                                 auth,
                                                 machine,
                                                 persona,
                                                 "127.0.0.1",
                                                 1,
                                                 "127.0.0.1",
                                                 23,
                                                 std::chrono::seconds{60},
                                                 std::chrono::seconds{1800}} {}
};

Task<void> serve_one(std::shared_ptr<Connection> connection) {
    const auto* const telnet = service::find("telnet");
    const auto ended = co_await telnet->serve(connection->session);
    static_cast<void>(ended.has_value());
    connection->stream.close();
}

} // namespace

struct SkepServer::State {
    persona::Persona persona;
    asio::io_context io;
    net::Deadlines deadlines{io};
    int port = 0;
    asio::posix::stream_descriptor listener{io, listen_on_loopback(port)};
    std::thread thread;

    void accept() {
        listener.async_wait(asio::posix::stream_descriptor::wait_read,
                            [this](const boost::system::error_code& error) {
                                if (error) return;
                                const int socket = ::accept4(listener.native_handle(), nullptr,
                                                             nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
                                auto connection =
                                    std::make_shared<Connection>(io, socket, deadlines, persona);
                                asio::co_spawn(io, serve_one(connection), asio::detached);
                                accept();
                            });
    }
};

SkepServer::SkepServer(persona::Persona persona)
    : state_{new State{.persona = std::move(persona)}} {
    net::set_options(state_->listener.native_handle(),
                     service::find("telnet")->socket_options(state_->persona));
    state_->accept();
    state_->thread = std::thread{[this] { state_->io.run(); }};
}

SkepServer::~SkepServer() {
    state_->io.stop();
    state_->thread.join();
}

int SkepServer::port() const {
    return state_->port;
}

} // namespace skep::tests
