// A program behind the sensor's line to cells, the cells' end and the recorder's in the test's
// hands.
#include "base/wire.hpp"
#include "sensor/program.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <array>
#include <catch2/catch.hpp>
#include <csignal>
#include <fcntl.h>
#include <optional>
#include <unistd.h>

using namespace skep;
using namespace skep::sensor;
using process::Descriptor;
using process::MessageKind;

// NOLINTBEGIN(bugprone-unchecked-optional-access): REQUIRE checks

namespace {

/// A coroutine's result, once it is there.
template <class Value> using Later = std::shared_ptr<std::optional<Result<Value>>>;

template <class Value> Task<void> keep(Task<Result<Value>> task, Later<Value> later) {
    auto result = co_await std::move(task);
    later->emplace(std::move(result));
}

struct Fixture {
    boost::asio::io_context io;
    process::RecorderLink recorder{io, 1000, 16384};
    CellsLink cells{io};
    Descriptor recorder_end, cells_end;

    Fixture() {
        ::signal(SIGPIPE, SIG_IGN); // as the sensor does
        auto pair = process::make_channel_pair();
        REQUIRE(pair.has_value());
        recorder.attach(std::move(pair->first));
        recorder_end = std::move(pair->second);
        pair = process::make_channel_pair();
        REQUIRE(pair.has_value());
        cells.attach(std::move(pair->first));
        cells_end = std::move(pair->second);
        for (const int end : {recorder_end.get(), cells_end.get()})
            ::fcntl(end, F_SETFL, O_NONBLOCK);
    }

    void turn() {
        io.restart();
        io.poll();
    }

    template <class Value> Later<Value> start(Task<Result<Value>> task) {
        auto later = std::make_shared<std::optional<Result<Value>>>();
        boost::asio::co_spawn(io, keep(std::move(task), later),
                              [](const std::exception_ptr& thrown) { REQUIRE_FALSE(thrown); });
        turn();
        return later;
    }

    /// The next message of a kind to the cells process.
    std::optional<process::Message> asked(MessageKind kind) {
        turn();
        for (;;) {
            auto message = process::receive_now(cells_end.get());
            if (!message) return std::nullopt;
            if (message->kind == kind) return std::move(*message);
        }
    }

    /// What was recorded, each chunk as its kind and its bytes.
    std::string recorded() {
        turn();
        std::string text;
        for (;;) {
            auto message = process::receive_now(recorder_end.get());
            if (!message) return text;
            if (message->kind != MessageKind::recording_data) continue;
            WireReader in{message->payload};
            in.u64();
            in.bytes();
            in.u32();
            in.u64();
            text += static_cast<char>(in.u8());
            text += in.bytes() + ' ';
        }
    }

    /// A program with the ends of three pipes in `far`.
    std::unique_ptr<CellProgram> open(std::array<Descriptor, 3>& far) {
        auto opening = start(cells.open({}));
        const auto message = asked(MessageKind::cell_open);
        REQUIRE(message.has_value());
        std::array<Descriptor, 3> near;
        for (unsigned i = 0; i < 3; ++i) {
            std::array<int, 2> pipe{};
            REQUIRE(::pipe(pipe.data()) == 0);
            near.at(i) = Descriptor{pipe.at(i == 0 ? 1 : 0)};
            far.at(i) = Descriptor{pipe.at(i == 0 ? 0 : 1)};
        }
        WireWriter out;
        out.u64(1).bytes("0123456789abcdef");
        const std::array<int, 3> ends{near[0].get(), near[1].get(), near[2].get()};
        const auto payload = std::move(out).take();
        REQUIRE(process::send_now(cells_end.get(), MessageKind::cell_opened, payload, ends));
        turn();
        REQUIRE(opening->has_value());
        REQUIRE((*opening)->has_value());
        ProgramContext context{io, recorder, cells, {}, "session-2", 1000};
        context.make_event = [](std::string_view eventid) { return event::Event{eventid, 1}; };
        return std::make_unique<CellProgram>(std::move(context), std::move(**opening).value(),
                                             service::ProgramRequest{});
    }

    void tell_exit(const process::CellExit& exit) {
        REQUIRE(
            process::send_now(cells_end.get(), MessageKind::cell_closed, process::encode(exit)));
        turn();
    }
};

} // namespace

TEST_CASE("a program on pipes: input, both outputs, their ends, and the record of it") {
    Fixture f;
    std::array<Descriptor, 3> far;
    auto program = f.open(far);
    auto output = f.start(program->read_output(100));
    auto errors = f.start(program->read_errors(100));
    auto written = f.start(program->write("in"));
    CHECK((**written).has_value());
    std::array<char, 8> got{};
    CHECK(::read(far[0].get(), got.data(), got.size()) == 2);
    CHECK(::write(far[2].get(), "err", 3) == 3);
    f.turn();
    CHECK_FALSE(output->has_value());
    CHECK(***errors == "err");
    CHECK(::write(far[1].get(), "out", 3) == 3);
    f.turn();
    CHECK(***output == "out");
    CHECK(f.recorded() == "iin oerr oout ");
    program->end_input();
    CHECK(::read(far[0].get(), got.data(), got.size()) == 0);
    CHECK((**f.start(program->write("late"))).error().kind() == Fault::closed);
    far[1].reset();
    CHECK((**f.start(program->read_output(100))).error().kind() == Fault::closed);
    CHECK(::write(far[2].get(), std::string(1000, 'x').data(), 1000) == 1000);
    CHECK((**f.start(program->read_errors(2000))).error().kind() == Fault::over_limit);
    far[0].reset();
}

TEST_CASE("a program that is drained gives what is there and then ends its reads") {
    Fixture f;
    std::array<Descriptor, 3> far;
    auto program = f.open(far);
    auto errors = f.start(program->read_errors(100));
    CHECK(::write(far[1].get(), "out", 3) == 3);
    program->drain();
    f.turn();
    CHECK((**errors).error().kind() == Fault::closed);
    CHECK(***f.start(program->read_output(100)) == "out");
    CHECK((**f.start(program->read_output(100))).error().kind() == Fault::closed);
}

TEST_CASE("a program's end is told once and kept, signals and the hang-up go out") {
    Fixture f;
    std::array<Descriptor, 3> far;
    auto program = f.open(far);
    auto exited = f.start(program->exited());
    CHECK_FALSE(exited->has_value());
    program->signal("TERM");
    CHECK(f.asked(MessageKind::cell_signal).has_value());
    f.tell_exit({.request = 99, .status = 1});
    CHECK_FALSE(exited->has_value());
    f.tell_exit({.request = 1, .status = 0, .signal = SIGTERM, .core = false});
    REQUIRE(exited->has_value());
    CHECK((***exited).signal == "TERM");
    CHECK((***f.start(program->exited())).signal == "TERM");
    far[0].reset();
    CHECK((**f.start(program->write("x"))).error().kind() == Fault::closed);
    program.reset();
    CHECK(f.asked(MessageKind::cell_close).has_value());
}

TEST_CASE("a program that was hung up ends its reads and still tells its end") {
    Fixture f;
    std::array<Descriptor, 3> far;
    auto program = f.open(far);
    auto exited = f.start(program->exited());
    auto reading = f.start(program->read_output(10));
    program->hang_up();
    f.turn();
    REQUIRE(reading->has_value());
    CHECK((**reading).error().kind() == Fault::cancelled);
    CHECK((**f.start(program->read_output(10))).error().kind() == Fault::closed);
    CHECK((**f.start(program->write("x"))).error().kind() == Fault::closed);
    char byte = 0;
    CHECK(::read(far[0].get(), &byte, 1) == 0);
    f.tell_exit({.request = 1, .status = 5});
    REQUIRE(exited->has_value());
    CHECK((***exited).status == 5);
}

TEST_CASE("without the cells process a program's end is closed, and so are questions") {
    Fixture f;
    std::array<Descriptor, 3> far;
    auto program = f.open(far);
    auto exited = f.start(program->exited());
    auto held = f.start(f.cells.judge_key({}));
    f.cells_end.reset();
    f.turn();
    REQUIRE(exited->has_value());
    CHECK((**exited).error().kind() == Fault::closed);
    REQUIRE(held->has_value());
    CHECK((**held).error().kind() == Fault::closed);
}

TEST_CASE("a question about a key gets its answer") {
    Fixture f;
    process::KeyQuestion question;
    question.username = "root";
    auto held = f.start(f.cells.judge_key(question));
    const auto message = f.asked(MessageKind::cell_key);
    REQUIRE(message.has_value());
    const auto asked = process::decode_key_question(message->payload);
    REQUIRE(asked.has_value());
    CHECK(asked->username == "root");
    process::KeyAnswer answer;
    answer.request = asked->request;
    answer.verdict.held = true;
    answer.verdict.notes = {"note"};
    REQUIRE(process::send_now(f.cells_end.get(), MessageKind::cell_key_answer,
                              process::encode(answer)));
    f.turn();
    REQUIRE(held->has_value());
    CHECK((***held).held);
    CHECK((***held).notes.size() == 1);
}

TEST_CASE("a request that fits into no message is refused at once") {
    Fixture f;
    process::CellRequest request;
    request.command = std::string(process::message_bytes_max, 'x');
    auto opened = f.start(f.cells.open(std::move(request)));
    CHECK((**opened).error().kind() == Fault::over_limit);
}

// NOLINTEND(bugprone-unchecked-optional-access)
