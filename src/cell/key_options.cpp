#include "cell/key_options.hpp"

#include "base/bytes.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <limits>
#include <set>

namespace skep::cell {
namespace {

constexpr std::size_t permits_max = 4096;     // SSH_AUTHOPT_PERMIT_MAX
constexpr std::size_t environment_max = 1024; // SSH_AUTHOPT_ENV_MAX
constexpr std::size_t host_bytes_max = 1024;  // NI_MAXHOST less the NUL
constexpr std::int64_t port_max = 0xffff;
constexpr std::int64_t tunnel_any = 0x7fffffff; // SSH_TUNID_ANY

bool begins_with(std::string_view text, std::string_view name) {
    return to_lower(text.substr(0, name.size())) == to_lower(name);
}

/// strtonum(): -1 for what is none between 0 and `max`.
std::int64_t number(std::string_view text, std::int64_t max) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t\n\v\f\r"), text.size()));
    if (text.starts_with('+')) text.remove_prefix(1);
    std::int64_t value = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool good = error == std::errc{} && end == text.data() + text.size();
    return good && value >= 0 && value <= max ? value : -1;
}

/// The options of one line while they are read.
class Parser {
  public:
    explicit Parser(std::string_view line) : left_{line} {}

    Result<LineOptions> run();

  private:
    struct Flag {
        std::string_view name;
        bool negates; ///< `no-` may stand in front.
        void (*set)(LineOptions&, bool);
    };

    struct Value {
        std::string_view name;
        void (Parser::*take)();
    };

    bool at_end() const { return left_.empty() || left_[0] == ' ' || left_[0] == '\t'; }

    bool take_flag();
    bool take_value();
    /// opt_dequote()
    std::optional<std::string> dequote();
    void once(std::optional<std::string>& where, std::string_view complaint);
    void command();

    void principals() { once(out_.principals, "multiple \"principals\" clauses"); }

    void from() { once(out_.from, "multiple \"from\" clauses"); }

    void expiry();
    void environment();
    void permit(std::vector<ForwardPermit>& permits, bool bare_port);

    void permit_open() { permit(out_.effect.permit_open, false); }

    void permit_listen() { permit(out_.effect.permit_listen, true); }

    void tunnel();

    void complain(std::string_view text) {
        if (complaint_.empty()) complaint_ = text;
    }

    std::string_view left_;
    std::string_view complaint_;
    LineOptions out_;
    std::set<std::string, std::less<>> variables_;
    std::size_t opens_ = 0, listens_ = 0; ///< As many permits as there were.
};

bool Parser::take_flag() {
    static constexpr auto flags = std::to_array<Flag>({
        {"restrict", false,
         [](LineOptions& out, bool) {
             auto& effect = out.effect;
             effect.port_forwarding = effect.agent_forwarding = effect.x11_forwarding = false;
             effect.pty = effect.user_rc = false;
         }},
        {"cert-authority", false, [](LineOptions& out, bool on) { out.cert_authority = on; }},
        {"port-forwarding", true,
         [](LineOptions& out, bool on) { out.effect.port_forwarding = on; }},
        {"agent-forwarding", true,
         [](LineOptions& out, bool on) { out.effect.agent_forwarding = on; }},
        {"x11-forwarding", true, [](LineOptions& out, bool on) { out.effect.x11_forwarding = on; }},
        {"touch-required", true, [](LineOptions& out, bool on) { out.touch_required = on; }},
        {"verify-required", true, [](LineOptions& out, bool on) { out.verify_required = on; }},
        {"pty", true, [](LineOptions& out, bool on) { out.effect.pty = on; }},
        {"user-rc", true, [](LineOptions& out, bool on) { out.effect.user_rc = on; }},
    });
    for (const auto& flag : flags) {
        const bool negated = flag.negates && begins_with(left_, "no-");
        const auto text = left_.substr(negated ? 3 : 0);
        if (!begins_with(text, flag.name)) continue;
        left_ = text.substr(flag.name.size());
        flag.set(out_, !negated);
        return true;
    }
    return false;
}

bool Parser::take_value() {
    static constexpr auto values = std::to_array<Value>({
        {"command=", &Parser::command},
        {"principals=", &Parser::principals},
        {"from=", &Parser::from},
        {"expiry-time=", &Parser::expiry},
        {"environment=", &Parser::environment},
        {"permitopen=", &Parser::permit_open},
        {"permitlisten=", &Parser::permit_listen},
        {"tunnel=", &Parser::tunnel},
    });
    for (const auto& value : values) {
        if (!begins_with(left_, value.name)) continue;
        left_.remove_prefix(value.name.size());
        (this->*value.take)();
        return true;
    }
    return false;
}

Result<LineOptions> Parser::run() {
    while (!at_end()) {
        if (!take_flag()) take_value();
        if (!complaint_.empty()) return fail(Fault::malformed, std::string{complaint_});
        if (at_end()) break;
        if (left_[0] != ',') return fail(Fault::malformed, "unknown key option");
        left_.remove_prefix(1);
        if (left_.empty()) return fail(Fault::malformed, "unexpected end-of-options");
    }
    return std::move(out_);
}

std::optional<std::string> Parser::dequote() {
    if (!left_.starts_with('"')) {
        complain("missing start quote");
        return std::nullopt;
    }
    std::string text;
    std::size_t at = 1;
    for (; at < left_.size() && left_[at] != '"'; ++at) {
        if (left_[at] == '\\' && at + 1 < left_.size() && left_[at + 1] == '"') ++at;
        text += left_[at];
    }
    if (at == left_.size()) {
        complain("missing end quote");
        return std::nullopt;
    }
    left_.remove_prefix(at + 1);
    return text;
}

void Parser::once(std::optional<std::string>& where, std::string_view complaint) {
    if (where)
        complain(complaint);
    else
        where = dequote();
}

void Parser::command() {
    auto& command = out_.effect.command;
    once(command, "multiple \"command\" clauses");
    if (command && command->size() > key_command_bytes_max) complain("memory allocation failed");
}

void Parser::expiry() {
    const auto text = dequote();
    if (!text) return;
    const auto time = parse_expiry(*text);
    if (time == 0) complain("invalid expires time");
    out_.expires = out_.expires == 0 ? time : std::min(out_.expires, time);
}

/// PermitUserEnvironment is no: it is read and means nothing.
void Parser::environment() {
    if (variables_.size() > environment_max) return complain("too many environment strings");
    const auto text = dequote();
    if (!text) return;
    const auto name = text->substr(0, text->find('='));
    const bool good = std::ranges::all_of(name, [](char byte) {
        return (byte >= '0' && byte <= '9') || (to_lower(byte) >= 'a' && to_lower(byte) <= 'z') ||
               byte == '_';
    });
    if (name.empty() || name.size() == text->size() || !good)
        return complain("invalid environment string");
    variables_.insert(name);
}

/// handle_permit() and hpdelim2(): HOST:PORT, [HOST]:PORT or HOST/PORT.
void Parser::permit(std::vector<ForwardPermit>& permits, bool bare_port) {
    auto& count = bare_port ? listens_ : opens_;
    if (count > permits_max) return complain("too many permission directives");
    auto text = dequote();
    if (!text) return;
    if (bare_port && !text->contains(':')) text->insert(0, "*:");
    std::size_t end = text->find_first_of(":/");
    if (text->starts_with('[')) {
        end = text->find(']');
        if (end == std::string::npos) return complain("invalid permission hostname");
        ++end;
    }
    const bool ends = end >= text->size();
    if ((!ends && (*text)[end] != ':' && (*text)[end] != '/') ||
        std::min(end, text->size()) > host_bytes_max)
        return complain("invalid permission hostname");
    const auto port = ends ? std::string{} : text->substr(end + 1);
    const auto value = port == "*" ? 0 : number(port, port_max);
    if (value < 0 || (value == 0 && port != "*")) return complain("invalid permission port");
    ++count;
    std::string host = text->substr(0, end); // cleanhostname()
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    std::size_t bytes = host.size();
    for (const auto& permit : permits)
        bytes += permit.host.size();
    if (permits.size() < key_permits_max && bytes <= key_permit_bytes_max)
        permits.push_back({std::move(host), static_cast<std::uint32_t>(value)});
}

void Parser::tunnel() {
    const auto text = dequote();
    if (!text) return;
    const bool any = text->size() == 3 && begins_with(*text, "any");
    out_.tunnel = any ? tunnel_any : number(*text, tunnel_any - 2);
    if (*out_.tunnel < 0) complain("invalid tun device");
}

/// The text of an option of dropbear up to its quote; nothing if that is missing.
std::optional<std::string_view> up_to_quote(std::string_view& text, bool escapes) {
    bool escaped = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '"' && !(escapes && escaped)) {
            const auto value = text.substr(0, at);
            text.remove_prefix(at + 1);
            return value;
        }
        escaped = !escaped && text[at] == '\\';
    }
    return std::nullopt;
}

/// What stands between the quotes of `permitopen="HOST:PORT"`; false if it is bad.
bool take_dropbear_permit(std::string_view& text, KeyOptions& out) {
    const auto target = up_to_quote(text, false);
    if (!target) return false;
    const auto colon = target->starts_with('[') ? target->find("]:") : target->find(':');
    if (colon == std::string_view::npos) return false;
    const bool bracket = target->starts_with('[');
    const auto port = target->substr(colon + (bracket ? 2 : 1));
    const auto value = port == "*" ? 0 : number(port, std::numeric_limits<std::uint32_t>::max());
    if (value < 0) return false;
    if (out.permit_open.size() < key_permits_max)
        out.permit_open.push_back(
            {std::string{target->substr(bracket ? 1 : 0, colon - (bracket ? 1 : 0))},
             static_cast<std::uint32_t>(value)});
    return true;
}

/// One option off `text`; false if it is bad.
bool take_dropbear_option(std::string_view& text, KeyOptions& out) {
    const auto take = [&](std::string_view name) {
        if (!begins_with(text, name)) return false;
        text.remove_prefix(name.size());
        return true;
    };
    if (take("no-port-forwarding")) {
        out.port_forwarding = false;
    } else if (take("no-agent-forwarding")) {
        out.agent_forwarding = false;
    } else if (take("no-x11-forwarding")) {
        out.x11_forwarding = false;
    } else if (take("no-pty")) {
        out.pty = false;
    } else if (take("restrict")) {
        out.port_forwarding = out.agent_forwarding = out.x11_forwarding = out.pty = false;
    } else if (take("command=\"")) {
        if (out.command) return false;
        const auto command = up_to_quote(text, true); // with its backslashes
        if (!command) return false;
        out.command = *command;
    } else if (take("permitopen=\"")) {
        return take_dropbear_permit(text, out);
    } else if (!take("no-touch-required")) {
        take("verify-required");
    }
    return true;
}

} // namespace

Result<LineOptions> parse_openssh_options(std::string_view line) {
    return Parser{line}.run();
}

std::string summarize(const LineOptions& options) {
    const auto& effect = options.effect;
    std::string text = "key options:";
    const auto add = [&](bool when, std::string_view word) {
        if (when) text += word;
    };
    add(effect.agent_forwarding, " agent-forwarding");
    add(effect.command.has_value(), " command");
    add(options.expires != 0, "expires"); // without a blank in 9.2p1
    add(!options.touch_required, " no-touch-required");
    add(!effect.permit_open.empty(), " permitopen");
    add(!effect.permit_listen.empty(), " permitlisten");
    add(effect.port_forwarding, " port-forwarding");
    add(options.principals.has_value(), " principals");
    add(effect.pty, " pty");
    add(options.verify_required, " uv");
    if (options.tunnel) text += " tun=" + std::to_string(*options.tunnel);
    add(effect.user_rc, " user-rc");
    add(effect.x11_forwarding, " x11-forwarding");
    return text;
}

std::int64_t parse_expiry(std::string_view text) {
    if (text.size() > 1 && to_lower(text.back()) == 'z')
        text.remove_suffix(1);
    else if (text.size() > 3 && begins_with(text.substr(text.size() - 3), "utc"))
        text.remove_suffix(3);
    constexpr std::size_t day = 8, minute = 12, second = 14; // bytes of the three forms
    if (text.size() != day && text.size() != minute && text.size() != second) return 0;
    std::string wanted = "%Y-%m-%d";
    std::string spaced{text.substr(0, 4)};
    constexpr std::string_view marks = "--T::";
    for (std::size_t at = 4, i = 0; at < text.size(); at += 2, ++i) {
        spaced += marks.at(i);
        spaced += text.substr(at, 2);
    }
    if (text.size() >= minute) wanted += "T%H:%M";
    if (text.size() == second) wanted += ":%S";
    std::tm parts{};
    const auto* end = ::strptime(spaced.c_str(), wanted.c_str(), &parts);
    if (end == nullptr || *end != '\0') return 0;
    return std::max<std::int64_t>(::timegm(&parts), 0);
}

std::optional<KeyOptions> parse_dropbear_options(std::string_view options) {
    KeyOptions out;
    while (!options.empty()) {
        if (!take_dropbear_option(options, out)) return std::nullopt;
        if (options.empty()) break;
        if (options[0] != ',') return std::nullopt;
        options.remove_prefix(1);
    }
    return out;
}

} // namespace skep::cell
