// What the two halves of the broker share: its sensors' side and its cells' side.
#pragma once

#include "base/task.hpp"
#include "base/time.hpp"
#include "cell/broker.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace skep::cell {
namespace asio = boost::asio;

using process::Channel;
using process::Descriptor;
using process::Message;
using process::MessageKind;

inline std::int64_t now_seconds() {
    return system_clock().now() / 1000000;
}

/// A connection of a sensor that has a shell, or waits for one.
struct BrokerSession {
    std::weak_ptr<Channel> sensor; ///< Gone when that sensor was restarted.
    std::uint64_t outer = 0;       ///< The sensor's number.
    process::CellRequest request;  ///< With our own number.
};

/// A question about a user's keys that waits for its cell's supervisor.
struct BrokerQuestion {
    std::weak_ptr<Channel> sensor;
    std::uint64_t outer = 0;
    process::KeyQuestion asked; ///< With our own number.
};

struct BrokerCell {
    std::string id;
    std::string persona;
    std::string image;
    std::string src_ip;
    std::string last_session;
    std::string protocol;
    std::shared_ptr<Channel> supervisor; ///< Null until the launcher has answered.
    std::map<std::uint64_t, BrokerSession> sessions;
    std::map<std::uint64_t, BrokerQuestion> questions;
    std::int64_t used = 0;
    std::string end_reason; ///< Why we ended it.
    bool wanted_new = true; ///< Whoever wants it wants it made if need be.
    bool may_be_new = true; ///< The launcher was told so; else it only resumes it.
};

struct Broker::State : std::enable_shared_from_this<Broker::State> {
    using Session = BrokerSession;
    using Question = BrokerQuestion;
    using Cell = BrokerCell;

    asio::io_context& io;
    BrokerPlan plan;
    process::RecorderLink& recorder;
    Channel launcher;
    asio::steady_timer timer;
    std::map<std::string, std::shared_ptr<Cell>> cells; ///< By id.
    std::uint64_t next_request = 1;
    std::function<void()> on_ready;
    std::function<void(std::string_view)> on_broken;
    bool stopping = false;

    State(asio::io_context& loop, BrokerPlan what, process::RecorderLink& link, Descriptor socket)
        : io{loop}, plan{std::move(what)}, recorder{link}, launcher{loop, std::move(socket)},
          timer{loop} {}

    void open(process::CellRequest request, const std::shared_ptr<Channel>& sensor);
    void ask(process::KeyQuestion asked, const std::shared_ptr<Channel>& sensor);
    void
    pass_on(MessageKind kind, std::string_view payload, const std::shared_ptr<Channel>& sensor);
    void lose(const std::shared_ptr<Channel>& sensor);
    void hear_sensor(Message message, const std::shared_ptr<Channel>& sensor);
    Result<std::shared_ptr<Cell>>
    find(const std::string& key, const std::string& persona, bool make_new);
    void launch(Cell& cell);
    bool make_room();
    void end(Cell& cell, std::string_view reason);
    void forget(const std::shared_ptr<Cell>& cell);
    void refuse(const Session& session, std::string_view reason);
    static void answer(const Question& question, KeyVerdict verdict);
    static void fail_questions(Cell& cell);
    void hear_launcher(Message message);
    void hear_cell(Cell& cell, Message message);
    void pass_event(Cell& cell, Message message);
    void stamp(const Cell& cell, std::uint64_t request, event::Event& event) const;

    static Task<void> read_launcher(std::shared_ptr<State> state);
    static Task<void> read_sensor(std::shared_ptr<State> state, std::shared_ptr<Channel> sensor);
    static Task<void> read_cell(std::shared_ptr<State> state, std::shared_ptr<Cell> cell);
    static Task<void> sweep(std::shared_ptr<State> state);
};

} // namespace skep::cell
