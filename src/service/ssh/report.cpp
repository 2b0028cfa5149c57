#include "service/ssh/report.hpp"

#include "service/ssh/clients.hpp"
#include "service/ssh/hassh.hpp"
#include "service/ssh/name_list.hpp"

namespace skep::service::ssh {
namespace {

constexpr std::size_t data_bytes_max = 1024;
constexpr std::size_t list_bytes_max = 8192; ///< Of one name-list of a KEXINIT.

struct ListField {
    std::string_view name;
    Offer offer;
};

// Cowrie's names for those from client to server, and the same pattern for the others.
constexpr ListField list_fields[] = {
    {"kexAlgs", Offer::kex},           {"keyAlgs", Offer::host_key},
    {"encCS", Offer::cipher_in},       {"encSC", Offer::cipher_out},
    {"macCS", Offer::mac_in},          {"macSC", Offer::mac_out},
    {"compCS", Offer::compression_in}, {"compSC", Offer::compression_out},
    {"langCS", Offer::language_in},    {"langSC", Offer::language_out},
};

std::vector<std::string> names(std::string_view list) {
    std::vector<std::string> result;
    while (!list.empty())
        result.emplace_back(take_name(list));
    return result;
}

} // namespace

std::int64_t Report::milliseconds() const {
    return (session_.events.now() - started_) / 1000;
}

void Report::version(std::string_view line) {
    event::Event event{"client.version", session_.events.now()};
    event.text("version", line);
    session_.events.record(std::move(event));
}

void Report::recognised(std::string_view identification, std::string_view hassh) {
    const auto label = recognise(identification, hassh);
    if (!label) return;
    event::Event event{"client.recognised", session_.events.now()};
    event.text("name", label->tool).text("kind", ssh::name(label->kind));
    if (!label->version.empty()) event.text("value", label->version);
    event.text("reason", ssh::name(label->by)).set("spoofed", label->spoofed);
    session_.events.record(std::move(event));
}

void Report::kex(std::string_view identification, const Proposal& client) {
    event::Event event{"client.kex", session_.events.now()};
    const auto algorithms = hassh_algorithms(client[Offer::kex], client[Offer::cipher_in],
                                             client[Offer::mac_in], client[Offer::compression_in]);
    const auto fingerprint = hassh(algorithms);
    event.text("hassh", fingerprint).text("hasshAlgorithms", algorithms);
    bool cut = false;
    for (const auto& field : list_fields) {
        const auto list = client[field.offer];
        cut = cut || list.size() > list_bytes_max;
        event.set(field.name, names(list.substr(0, list_bytes_max)));
    }
    event.set("guessed", client.guessed).number("duration_ms", milliseconds());
    if (cut) event.set("truncated", true);
    session_.events.record(std::move(event));
    recognised(identification, fingerprint);
}

void Report::keys(const Choice& choice) {
    event::Event event{"client.keys", session_.events.now()};
    event.text("kex", choice.kex->name).text("host_key", choice.host_key);
    event.text("cipher", choice.cipher_in->name);
    event.text("mac", choice.mac_in == nullptr ? "" : choice.mac_in->name);
    event.text("compression", choice.compress_in ? "zlib@openssh.com" : "none");
    event.number("duration_ms", milliseconds());
    session_.events.record(std::move(event));
}

void Report::weird(std::string_view name, std::string_view bytes) {
    if (!notes_.take()) return;
    event::Event event{"protocol.weird", session_.events.now()};
    event.text("name", name);
    if (!bytes.empty()) event.text("data", bytes.substr(0, data_bytes_max));
    if (bytes.size() > data_bytes_max) event.set("truncated", true);
    session_.events.record(std::move(event));
}

} // namespace skep::service::ssh
