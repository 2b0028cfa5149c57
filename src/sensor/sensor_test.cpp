// A sensor without its sandbox, in this process: real sockets on loopback, the recorder's and the
// supervisor's ends of the channels in the test's hands.
#include "base/wire.hpp"
#include "net/address.hpp"
#include "sensor/sensor.hpp"

#include <boost/asio/io_context.hpp>

#include <arpa/inet.h>
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace skep;
using process::Descriptor;
using process::MessageKind;
namespace fs = std::filesystem;

namespace {

struct Fixture {
    fs::path directory = fs::temp_directory_path() / ("skep-sensor-" + std::to_string(::getpid()));
    Settings settings;
    boost::asio::io_context io;
    Descriptor control;
    Descriptor recorder;
    std::unique_ptr<process::RoleContext> context;
    std::unique_ptr<sensor::Sensor> sensor;
    net::Address address{"127.0.0.1", 0};

    explicit Fixture(std::initializer_list<const char*> assignments) {
        fs::create_directories(directory / "personas");
        auto text = persona::generate("router", 1'790'000'000);
        REQUIRE(text.has_value());
        std::ofstream{directory / "personas" / "router.toml"} << *text;
        for (const char* assignment :
             {"service.telnet.persona=router", "service.telnet.kind=telnet", "sensor.workers=1"})
            REQUIRE(settings.assign(assignment));
        for (const char* assignment : assignments)
            REQUIRE(settings.assign(assignment));
        auto pair = process::make_channel_pair();
        REQUIRE(pair.has_value());
        control = std::move(pair->second);
        context.reset(new process::RoleContext{.role = "sensor",
                                               .settings = settings,
                                               .state_directory = directory.string(),
                                               .control = pair->first.release()});
        auto made = sensor::Sensor::make(io, *context);
        REQUIRE(made.has_value());
        sensor = *std::move(made);
        sensor->start();
        attach_recorder();
        listen();
    }

    Fixture(const Fixture&) = delete;
    Fixture& operator=(const Fixture&) = delete;

    ~Fixture() { fs::remove_all(directory); }

    void attach_recorder() {
        auto pair = process::make_channel_pair();
        REQUIRE(pair.has_value());
        recorder = std::move(pair->first);
        ::fcntl(recorder.get(), F_SETFL, O_NONBLOCK);
        WireWriter name;
        name.bytes("recorder");
        REQUIRE(process::send_now(control.get(), MessageKind::peer, std::move(name).take(),
                                  pair->second.get()));
    }

    void listen() {
        const auto socket = net::listen_on(address);
        REQUIRE(socket.has_value());
        const Descriptor descriptor{*socket};
        address = *net::bound_address(*socket);
        WireWriter fields;
        fields.bytes("telnet").bytes(net::to_text(address));
        REQUIRE(process::send_now(control.get(), MessageKind::listener, std::move(fields).take(),
                                  descriptor.get()));
        turn();
    }

    void turn() {
        io.restart();
        io.poll();
    }

    Descriptor connect() {
        Descriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        sockaddr_in peer{};
        peer.sin_family = AF_INET;
        peer.sin_port = htons(address.port);
        ::inet_pton(AF_INET, "127.0.0.1", &peer.sin_addr);
        REQUIRE(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&peer), sizeof peer) ==
                0);
        turn();
        return socket;
    }

    /// The events that have reached the recorder's end and not been taken.
    std::vector<event::Event> events() {
        std::vector<event::Event> found;
        for (turn();;) {
            auto message = process::receive_now(recorder.get());
            if (!message) return found;
            if (message->kind != MessageKind::event) continue;
            WireReader fields{message->payload};
            fields.u64();
            auto event = event::from_json(fields.bytes());
            REQUIRE(event.has_value());
            found.push_back(*std::move(event));
        }
    }
};

std::size_t count(const std::vector<event::Event>& events,
                  std::string_view eventid,
                  std::string_view name = {}) {
    return static_cast<std::size_t>(std::ranges::count_if(events, [&](const event::Event& event) {
        return event.eventid() == eventid && (name.empty() || event.text_of("name") == name);
    }));
}

} // namespace

TEST_CASE("limits.connections_per_source: one more is refused with an event, and room comes back") {
    Fixture f{"limits.connections_per_source=2"};
    const auto first = f.connect();
    auto second = f.connect();
    const auto third = f.connect();
    auto events = f.events();
    CHECK(count(events, "session.connect") == 2);
    CHECK(count(events, "session.refused", "connections_per_source") == 1);
    char byte = 0;
    CHECK(::recv(third.get(), &byte, 1, 0) <= 0);
    second.reset();
    f.turn();
    f.turn();
    const auto fourth = f.connect();
    events = f.events();
    CHECK(count(events, "session.closed") == 1);
    CHECK(count(events, "session.connect") == 1);
}

TEST_CASE("limits.connections: the sensor is full for every source") {
    Fixture f{"limits.connections=1"};
    const auto first = f.connect();
    const auto second = f.connect();
    CHECK(count(f.events(), "session.refused", "connections") == 1);
}

TEST_CASE("sensors that share a socket share the limits") {
    Fixture f{"sensor.workers=3", "limits.connections_per_source=6"};
    const auto first = f.connect();
    const auto second = f.connect();
    const auto third = f.connect();
    const auto events = f.events();
    CHECK(count(events, "session.connect") == 2);
    CHECK(count(events, "session.refused", "connections_per_source") == 1);
}

TEST_CASE("limits.disk_free_bytes_sessions: under pressure connections are refused") {
    Fixture f{};
    WireWriter level;
    level.u8(2);
    REQUIRE(process::send_now(f.recorder.get(), MessageKind::pressure, std::move(level).take()));
    f.turn();
    const auto first = f.connect();
    CHECK(count(f.events(), "session.refused", "disk_free_bytes_sessions") == 1);
}

TEST_CASE("a sensor that is told to stop closes its sessions and keeps their events") {
    Fixture f{};
    const auto peer = f.connect();
    f.events();
    REQUIRE(process::send_now(f.control.get(), MessageKind::stop, {}));
    f.turn();
    const auto events = f.events();
    CHECK(count(events, "session.closed") == 1);
}
