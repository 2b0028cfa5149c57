#include "process/recorder_link.hpp"

#include "base/wire.hpp"

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <deque>
#include <memory_resource>

namespace skep::process {
namespace asio = boost::asio;

namespace {

constexpr std::size_t queued_bytes_max = std::size_t{256} * 1024;

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
    std::pmr::string payload;
    Descriptor descriptor;
};

/// What waits for its acknowledgement. The bytes lie in a pool of their own, in large blocks: a
/// burst of messages among the allocations of connections that stay would leave holes there.
struct Backlog {
    std::pmr::unsynchronized_pool_resource pool;
    std::pmr::deque<Held> messages{&pool};
};

} // namespace

struct RecorderLink::State {
    asio::io_context& io;
    std::size_t events_max;
    std::size_t text_bytes_max;
    std::unique_ptr<Backlog> backlog = std::make_unique<Backlog>();
    std::uint64_t next = 1; ///< Sequence number of the next message.
    std::uint64_t sent = 0; ///< Sequence number of the last one that the channel has.
    std::unique_ptr<Channel> channel;
    Pressure pressure = Pressure::none;
    RecorderLink& owner;

    State(asio::io_context& loop, std::size_t events, std::size_t bytes, RecorderLink& link)
        : io{loop}, events_max{events}, text_bytes_max{bytes}, owner{link} {}

    /// Holds `payload` behind its sequence number until it is acknowledged, and sends it if a
    /// recorder is there.
    void push(MessageKind kind, std::string_view payload, Descriptor descriptor = {}) {
        WireWriter head;
        head.u64(next);
        const auto number = std::move(head).take();
        std::pmr::string bytes{&backlog->pool};
        bytes.reserve(number.size() + payload.size());
        bytes.append(number).append(payload);
        backlog->messages.push_back({next++, kind, std::move(bytes), std::move(descriptor)});
        send();
    }

    /// Gives the channel no more than it needs to be busy: what it queues is a second copy.
    void send() {
        if (channel == nullptr) return;
        const auto& messages = backlog->messages;
        while (sent + 1 != next && channel->queued_bytes() < queued_bytes_max) {
            const auto& message =
                messages[static_cast<std::size_t>(++sent - messages.front().sequence)];
            auto descriptor =
                message.descriptor.valid() ? message.descriptor.duplicate() : Descriptor{};
            channel->send(message.kind, std::string{message.payload}, std::move(descriptor));
        }
    }

    void acknowledge(std::uint64_t sequence) {
        auto& messages = backlog->messages;
        while (!messages.empty() && messages.front().sequence <= std::min(sequence, sent))
            messages.pop_front();
        send();
        if (!messages.empty()) return;
        backlog = std::make_unique<Backlog>(); // gives its blocks back
        if (owner.on_drained) owner.on_drained();
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
            if (fields.finish() && owner.on_remembered)
                owner.on_remembered(std::move(source), std::move(user), std::move(password));
        } else if (message.kind == MessageKind::tried_elsewhere) {
            const auto source = fields.bytes();
            if (fields.finish() && owner.on_tried) owner.on_tried(source);
        }
    }

    void attach(Descriptor socket) {
        channel = std::make_unique<Channel>(io, std::move(socket));
        channel->listen([this](const Message& message) { handle(message); },
                        [this] { channel.reset(); });
        sent = backlog->messages.empty() ? next - 1 : backlog->messages.front().sequence - 1;
        send();
    }
};

RecorderLink::RecorderLink(asio::io_context& io, std::size_t events_max, std::size_t text_bytes_max)
    : state_{std::make_unique<State>(io, events_max, text_bytes_max, *this)} {}

RecorderLink::~RecorderLink() = default;

void RecorderLink::attach(Descriptor socket) {
    state_->attach(std::move(socket));
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

void RecorderLink::tried(std::string_view source) {
    WireWriter out;
    out.bytes(source);
    state_->push(MessageKind::tried, std::move(out).take());
}

bool RecorderLink::full() const noexcept {
    return state_->backlog->messages.size() >= state_->events_max;
}

std::size_t RecorderLink::unacknowledged() const noexcept {
    return state_->backlog->messages.size();
}

Pressure RecorderLink::pressure() const noexcept {
    return state_->pressure;
}

} // namespace skep::process
