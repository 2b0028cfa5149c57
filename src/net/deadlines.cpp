#include "net/deadlines.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace skep::net {
using namespace std::chrono_literals;

struct Deadlines::Timer {
    boost::asio::steady_timer timer;
};

Deadlines::Deadlines(boost::asio::io_context& io)
    : timer_{new Timer{boost::asio::steady_timer{io}}} {
    tick();
}

Deadlines::~Deadlines() {
    stop();
}

void Deadlines::tick() {
    timer_->timer.expires_after(1s);
    timer_->timer.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        sweep(std::chrono::steady_clock::now());
        tick();
    });
}

void Deadlines::stop() {
    timer_->timer.cancel();
}

void Deadlines::start(Deadline& entry, std::chrono::milliseconds within) {
    remove(entry);
    entry.at_ = std::chrono::steady_clock::now() + within;
    entry.next_ = first_;
    if (first_ != nullptr) first_->previous_ = &entry;
    first_ = &entry;
}

void Deadlines::remove(Deadline& entry) {
    if (entry.previous_ != nullptr)
        entry.previous_->next_ = entry.next_;
    else if (first_ == &entry)
        first_ = entry.next_;
    if (entry.next_ != nullptr) entry.next_->previous_ = entry.previous_;
    entry.previous_ = nullptr;
    entry.next_ = nullptr;
}

void Deadlines::sweep(std::chrono::steady_clock::time_point now) {
    Deadline* entry = first_;
    while (entry != nullptr) {
        Deadline* const next = entry->next_;
        if (entry->at_ <= now) {
            remove(*entry);
            entry->expired(); // cancels a socket: its handler runs in a later turn of the loop
        }
        entry = next;
    }
}

} // namespace skep::net
