#include "cell/outlet.hpp"

#include "base/wire.hpp"
#include "process/channel.hpp"

#include <type_traits>

namespace skep::cell {
namespace {

enum class Tag : std::uint8_t { text = 0, number = 1, list = 2, flag = 3 };

constexpr std::uint32_t values_max = 32;
constexpr std::uint32_t entries_max = 1024;
constexpr std::size_t payload_bytes_max = process::message_bytes_max - 1024;

} // namespace

std::string encode_event(std::uint64_t request, const event::Event& event) {
    WireWriter out;
    out.u64(request)
        .bytes(event.eventid())
        .bytes(event.id())
        .u64(static_cast<std::uint64_t>(event.time()));
    out.u32(static_cast<std::uint32_t>(event.values().size()));
    for (const auto& [name, value] : event.values()) {
        out.bytes(name);
        if (const auto* number = std::get_if<std::int64_t>(&value)) {
            out.u8(static_cast<std::uint8_t>(Tag::number)).u64(static_cast<std::uint64_t>(*number));
        } else if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
            out.u8(static_cast<std::uint8_t>(Tag::list))
                .u32(static_cast<std::uint32_t>(list->size()));
            for (const auto& entry : *list)
                out.bytes(entry);
        } else if (const auto* flag = std::get_if<bool>(&value)) {
            out.u8(static_cast<std::uint8_t>(Tag::flag)).u8(*flag ? 1 : 0);
        } else {
            const auto* text = std::get_if<std::string>(&value);
            out.u8(static_cast<std::uint8_t>(Tag::text))
                .bytes(text == nullptr ? std::string_view{} : std::string_view{*text});
        }
    }
    return std::move(out).take();
}

Result<SentEvent> decode_event(std::string_view payload) {
    WireReader in{payload};
    const auto request = in.u64();
    const auto eventid = in.bytes();
    auto id = in.bytes();
    const auto time = static_cast<Micros>(in.u64());
    const auto count = in.u32();
    if (count > values_max) return fail(Fault::malformed, "event");
    event::Event event{eventid, time, std::move(id)};
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto name = in.bytes();
        const auto tag = static_cast<Tag>(in.u8());
        if (tag == Tag::text) {
            event.text(name, in.bytes());
        } else if (tag == Tag::number) {
            event.number(name, static_cast<std::int64_t>(in.u64()));
        } else if (tag == Tag::flag) {
            event.set(name, in.u8() != 0);
        } else if (tag == Tag::list) {
            const auto entries = in.u32();
            if (entries > entries_max) return fail(Fault::malformed, "event");
            std::vector<std::string> list;
            for (std::uint32_t k = 0; k < entries; ++k)
                list.push_back(in.bytes());
            event.set(name, std::move(list));
        } else {
            return fail(Fault::malformed, "event");
        }
    }
    if (auto done = in.finish(); !done) return std::unexpected{done.error()};
    return SentEvent{request, std::move(event)};
}

void Outlet::send(std::uint64_t request, event::Event event) {
    auto text_bytes = text_bytes_;
    event::limit_texts(event, text_bytes);
    auto payload = encode_event(request, event);
    while (payload.size() > payload_bytes_max) {
        text_bytes /= 2;
        event::limit_texts(event, text_bytes);
        payload = encode_event(request, event);
    }
    if (!process::send_now(socket_.get(), process::MessageKind::cell_event, payload))
        closed_ = true;
}

void Outlet::send_artifact(std::uint64_t request,
                           const event::Event& event,
                           const process::Descriptor& content) {
    if (!process::send_now(socket_.get(), process::MessageKind::cell_artifact,
                           encode_event(request, event), content.get()))
        closed_ = true;
}

} // namespace skep::cell
