// The lines of authorized_keys, as sshd and dropbear read them.
#include "base/bytes.hpp"
#include "base/ssh_wire.hpp"
#include "cell/authorized_keys.hpp"
#include "cell/key_options.hpp"
#include "cell/source_pattern.hpp"
#include "cell/text_line.hpp"

#include <algorithm>
#include <ctime>
#include <optional>

namespace skep::cell {
namespace {

constexpr std::size_t path_bytes_max = 200;     // `%.200s` of auth2-pubkeyfile.c
constexpr std::size_t dropbear_line_min = 10;   // MIN_AUTHKEYS_LINE
constexpr std::size_t dropbear_line_max = 4200; // MAX_AUTHKEYS_LINE
constexpr std::string_view refused = "Refused by key options";

void skip_blanks(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

std::string_view take_word(std::string_view& text) {
    const auto word = text.substr(0, text.find_first_of(" \t"));
    text.remove_prefix(word.size());
    skip_blanks(text);
    return word;
}

/// Its decoder of base64 passes over white space.
std::string decode(std::string_view word, bool& good) {
    std::string text{word};
    std::erase_if(text, [](char byte) { return byte == '\r' || byte == '\v' || byte == '\f'; });
    return from_base64(text, good);
}

/// The keys of all curves are one type to sshd.
std::string_view family_of(std::string_view type) {
    constexpr std::string_view ecdsa = "ecdsa-sha2-nistp";
    return type.starts_with(ecdsa) ? ecdsa : type;
}

/// Whether it has the form of a key: its type, then one or two strings.
bool is_key(std::string_view blob, std::string_view type) {
    SshReader in{blob};
    if (in.string() != type || !in.ok() || in.left() == 0) return false;
    for (int i = 0; i < 2 && in.left() > 0; ++i)
        in.string();
    return in.done();
}

/// sshkey_read(): a key of the wanted family, taken off `text`; empty if there is none.
std::string take_key(std::string_view& text, std::string_view wanted) {
    auto rest = text;
    const auto type = take_word(rest);
    if (family_of(type) != family_of(wanted)) return {};
    bool good = false;
    auto blob = decode(take_word(rest), good);
    if (!good || !is_key(blob, type)) return {};
    text = rest;
    return blob;
}

/// sshkey_advance_past_options(): false if a quote has no end.
bool skip_options(std::string_view& text) {
    bool quoted = false;
    std::size_t at = 0;
    for (; at < text.size() && (quoted || (text[at] != ' ' && text[at] != '\t')); ++at) {
        if (text[at] == '\\' && at + 1 < text.size() && text[at + 1] == '"')
            ++at;
        else if (text[at] == '"')
            quoted = !quoted;
    }
    const bool ended = at < text.size() || !quoted;
    text.remove_prefix(at);
    skip_blanks(text);
    return ended;
}

std::string as_time(std::int64_t seconds) {
    const std::time_t time = seconds;
    std::tm parts{};
    std::string text(32, '\0');
    if (::gmtime_r(&time, &parts) == nullptr) return {};
    text.resize(std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts));
    return text;
}

/// The notes of one file.
class Notes {
  public:
    Notes(std::string_view path, std::vector<std::string>& out)
        : path_{path.substr(0, path_bytes_max)}, out_{out} {}

    void next_line() { ++line_; }

    void add(std::string text) {
        if (out_.size() < key_notes_max) out_.push_back(std::move(text));
    }

    void add_here(std::string_view text) {
        add(std::string{path_} + ':' + std::to_string(line_) + ": " + std::string{text});
    }

  private:
    std::string_view path_;
    std::vector<std::string>& out_;
    std::size_t line_ = 0;
};

/// auth_authorise_keyopts()
bool authorize(const LineOptions& options, const ShownKey& key, Notes& notes) {
    constexpr std::size_t host_bytes_max = 200;
    if (options.expires != 0 && options.expires < key.now) {
        notes.add_here("entry expired at " + as_time(options.expires));
        return false;
    }
    if (options.principals) { // of a key that is no authority
        notes.add_here("principals on non-CA key");
        return false;
    }
    const auto from = options.from ? match_source(*options.from, key.src_ip) : SourceMatch::yes;
    if (from == SourceMatch::invalid) notes.add_here("invalid from criteria");
    if (from != SourceMatch::yes) {
        notes.add_here("Your host '" + std::string{key.src_ip.substr(0, host_bytes_max)} +
                       "' is not permitted to use this key for login.");
        return false;
    }
    notes.add_here(summarize(options));
    return true;
}

/// auth_check_authkey_line(): what the key may do, if this line has it.
std::optional<KeyOptions> judge_line(std::string_view line, const ShownKey& key, Notes& notes) {
    const auto wanted = SshReader{key.blob}.string();
    auto rest = line;
    std::string_view words;
    auto found = take_key(rest, wanted);
    if (found.empty()) {
        words = line;
        if (!skip_options(rest)) {
            notes.add("invalid key option string");
            return std::nullopt;
        }
        found = take_key(rest, wanted);
        if (found.empty()) return std::nullopt;
    }
    auto options = parse_openssh_options(words);
    if (!options) {
        notes.add_here("bad key options: " + options.error().detail());
        return std::nullopt;
    }
    // Such a key signs certificates and opens nothing itself.
    if (found != key.blob || options->cert_authority) return std::nullopt;
    if (!authorize(*options, key, notes)) {
        notes.add(std::string{refused});
        return std::nullopt;
    }
    return std::move(options->effect);
}

/// checkpubkey_line()
std::optional<KeyOptions> judge_dropbear_line(std::string_view line, const ShownKey& key) {
    if (line.size() < dropbear_line_min || line.size() > dropbear_line_max) return std::nullopt;
    const auto type = SshReader{key.blob}.string();
    if (line.contains('\0') || type.empty()) return std::nullopt;
    std::string_view words;
    if (!line.starts_with(type)) {
        skip_blanks(line);
        if (line.starts_with('#')) return std::nullopt;
        bool quoted = false, escaped = false;
        std::size_t at = 0;
        for (; at < line.size() && (quoted || (line[at] != ' ' && line[at] != '\t')); ++at) {
            escaped = !escaped && line[at] == '\\';
            if (!escaped && line[at] == '"') quoted = !quoted;
        }
        words = line.substr(0, at);
        line.remove_prefix(std::min(at + 1, line.size()));
        if (!line.starts_with(type)) return std::nullopt;
    }
    line.remove_prefix(type.size());
    if (!line.starts_with(' ')) return std::nullopt;
    line.remove_prefix(1);
    bool good = false;
    if (decode(line.substr(0, line.find(' ')), good) != key.blob || !good) return std::nullopt;
    return parse_dropbear_options(words);
}

} // namespace

void judge_openssh_lines(std::string_view text,
                         std::string_view path,
                         const ShownKey& key,
                         KeyVerdict& verdict) {
    if (SshReader{key.blob}.string().empty()) return;
    Notes notes{path, verdict.notes};
    while (!text.empty() && !verdict.held) {
        auto line = take_line(text);
        notes.next_line();
        line = line.substr(0, line.find('\0')); // C strings
        skip_blanks(line);
        if (line.empty() || line.front() == '#') continue;
        if (auto options = judge_line(line, key, notes)) {
            verdict.held = true;
            verdict.options = *std::move(options);
        }
    }
}

void judge_dropbear_lines(std::string_view text, const ShownKey& key, KeyVerdict& verdict) {
    while (!text.empty() && !verdict.held) {
        if (auto options = judge_dropbear_line(take_line(text), key)) {
            verdict.held = true;
            verdict.options = *std::move(options);
        }
    }
}

} // namespace skep::cell
