#include "process/recorder_link.hpp"

#include "base/wire.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

namespace skep::process {
namespace asio = boost::asio;

namespace {

/// The event as JSON, its texts cut until it fits a packet: JSON escapes can make a text six times
/// longer.
std::string fitting_json(event::Event event, std::size_t text_bytes_max) {
    constexpr std::size_t room_bytes = message_bytes_max - 64;
    for (;; text_bytes_max /= 2) {
        event::limit_texts(event, text_bytes_max);
        auto json = event::to_json(event);
        if (json.size() <= room_bytes || text_bytes_max == 0) return json;
    }
}

struct Held {
    std::uint64_t sequence;
    MessageKind kind;
    std::string payload;
    Descriptor descriptor;
};

} // namespace

struct RecorderLink::State {
    asio::io_context& io;
    std::size_t events_max;
    std::size_t text_bytes_max;
    std::deque<Held> held;
    std::uint64_t next = 1;
    std::unique_ptr<Channel> channel;
    Pressure pressure = Pressure::none;
    RecorderLink* owner;
    std::uint64_t generation =
        0; ///< Counts recorders, so that an old one's reader knows that it is replaced.

    State(asio::io_context& loop, std::size_t events, std::size_t bytes, RecorderLink* link)
        : io{loop}, events_max{events}, text_bytes_max{bytes}, owner{link} {}

    /// Holds `payload` behind its sequence number until it is acknowledged, and sends it if a
    /// recorder is there.
    void push(MessageKind kind, std::string_view payload, Descriptor descriptor = {}) {
        WireWriter head;
        head.u64(next);
        Held message{next++, kind, std::move(head).take(), std::move(descriptor)};
        message.payload += payload;
        send(message);
        held.push_back(std::move(message));
    }

    void send(const Held& message) {
        if (channel == nullptr) return;
        auto descriptor =
            message.descriptor.valid() ? message.descriptor.duplicate() : Descriptor{};
        channel->send(message.kind, message.payload, std::move(descriptor));
    }

    void acknowledge(std::uint64_t sequence) {
        while (!held.empty() && held.front().sequence <= sequence)
            held.pop_front();
        if (held.empty() && owner != nullptr && owner->on_drained) owner->on_drained();
    }

    void handle(const Message& message) {
        WireReader fields{message.payload};
        if (message.kind == MessageKind::acknowledged) {
            const auto sequence = fields.u64();
            if (fields.finish()) acknowledge(sequence);
        } else if (message.kind == MessageKind::pressure) {
            const auto level = fields.u8();
            if (fields.finish() && level <= 2) pressure = static_cast<Pressure>(level);
        } else if (message.kind == MessageKind::remembered) {
            auto source = fields.bytes();
            auto user = fields.bytes();
            auto password = fields.bytes();
            if (fields.finish() && owner != nullptr && owner->on_remembered)
                owner->on_remembered(std::move(source), std::move(user), std::move(password));
        }
    }

    /// Reads one recorder's answers until it is gone or replaced. `state` keeps this alive.
    static Task<void> read(std::shared_ptr<State> state, std::uint64_t generation) {
        for (;;) {
            const auto message = co_await state->channel->receive();
            if (state->generation != generation) co_return; // replaced: that channel is gone
            if (!message && message.error().kind() == Fault::malformed) continue;
            if (!message) break;
            state->handle(*message);
        }
        state->channel.reset();
    }
};

RecorderLink::RecorderLink(asio::io_context& io, std::size_t events_max, std::size_t text_bytes_max)
    : state_{std::make_shared<State>(io, events_max, text_bytes_max, this)} {}

RecorderLink::~RecorderLink() {
    state_->owner = nullptr;
    ++state_->generation;
    state_->channel.reset();
}

void RecorderLink::attach(Descriptor socket) {
    ++state_->generation;
    state_->channel = std::make_unique<Channel>(state_->io, std::move(socket));
    for (const auto& message : state_->held)
        state_->send(message);
    asio::co_spawn(state_->io, State::read(state_, state_->generation), asio::detached);
}

void RecorderLink::record(event::Event event) {
    WireWriter out;
    out.bytes(fitting_json(std::move(event), state_->text_bytes_max));
    state_->push(MessageKind::event, std::move(out).take());
}

void RecorderLink::artifact(event::Event template_event, Descriptor content) {
    WireWriter out;
    out.bytes(fitting_json(std::move(template_event), state_->text_bytes_max));
    state_->push(MessageKind::artifact, std::move(out).take(), std::move(content));
}

void RecorderLink::recording_open(std::string_view session,
                                  const event::Event& opened,
                                  std::uint32_t width,
                                  std::uint32_t height,
                                  std::string_view term) {
    WireWriter out;
    out.bytes(session).bytes(event::to_json(opened)).u32(width).u32(height).bytes(term);
    state_->push(MessageKind::recording_open, std::move(out).take());
}

void RecorderLink::recording_data(std::string_view session,
                                  std::uint32_t index,
                                  std::uint64_t micros,
                                  char kind,
                                  std::string_view data) {
    WireWriter out;
    out.bytes(session).u32(index).u64(micros).u8(static_cast<std::uint8_t>(kind)).bytes(data);
    state_->push(MessageKind::recording_data, std::move(out).take());
}

void RecorderLink::recording_close(std::string_view session, const event::Event& closed) {
    WireWriter out;
    out.bytes(session).bytes(event::to_json(closed));
    state_->push(MessageKind::recording_close, std::move(out).take());
}

void RecorderLink::remember(std::string_view source,
                            std::string_view user,
                            std::string_view password) {
    WireWriter out;
    out.bytes(source).bytes(user).bytes(password);
    state_->push(MessageKind::remember, std::move(out).take());
}

bool RecorderLink::full() const noexcept {
    return state_->held.size() >= state_->events_max;
}

std::size_t RecorderLink::unacknowledged() const noexcept {
    return state_->held.size();
}

Pressure RecorderLink::pressure() const noexcept {
    return state_->pressure;
}

} // namespace skep::process
