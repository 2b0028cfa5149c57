// Draws one machine from a template: every choice is made once, and what depends on it follows.
#include "base/crypto/random.hpp"
#include "base/toml.hpp"
#include "persona/template.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>

extern "C" {
// Defined in templates.S: the bytes of the files in personas/.
extern const char skep_persona_template_debian[], skep_persona_template_debian_end[];
extern const char skep_persona_template_router[], skep_persona_template_router_end[];
}

namespace skep::persona {
namespace {

constexpr std::int64_t day_seconds = 86400;

std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(
                     crypto::random_below(static_cast<std::uint64_t>(high - low) + 1));
}

std::string hex_digits(std::size_t count) {
    std::string digits;
    for (std::size_t i = 0; i < count; ++i)
        digits += "0123456789abcdef"[crypto::random_below(16)];
    return digits;
}

std::string uuid4() {
    const auto variant = "89ab"[crypto::random_below(4)];
    return fmt::format("{}-{}-4{}-{}{}-{}", hex_digits(8), hex_digits(4), hex_digits(3), variant,
                       hex_digits(3), hex_digits(12));
}

std::int64_t to_unix(const toml::date& date) {
    const std::chrono::year_month_day day{
        std::chrono::year{date.year}, std::chrono::month{date.month}, std::chrono::day{date.day}};
    return std::chrono::sys_days{day}.time_since_epoch().count() * day_seconds;
}

/// A template that asks for what it does not have. Only a mistake in personas/ can cause it, so it
/// is thrown through the drawing code and caught once, in draw().
struct WrongTemplate {
    std::string what;
};

[[noreturn]] void wrong(std::string_view what) {
    throw WrongTemplate{std::string{what}};
}

const toml::array& array_of(const toml::table& table, std::string_view key) {
    const auto* found = table[key].as_array();
    if (found == nullptr || found->empty()) wrong(fmt::format("`{}` must be a list", key));
    return *found;
}

const toml::node& pick(const toml::array& choices) {
    return choices[crypto::random_below(choices.size())];
}

std::int64_t number_of(const toml::node& node) {
    const auto* number = node.as_integer();
    if (number == nullptr) wrong("a whole number is missing");
    return number->get();
}

std::string text_of(const toml::table& table, std::string_view key) {
    const auto* text = table[key].as_string();
    if (text == nullptr) wrong(fmt::format("the text `{}` is missing", key));
    return text->get();
}

std::int64_t number_in(const toml::table& table, std::string_view list) {
    return number_of(pick(array_of(table, list)));
}

std::int64_t number_in_range(const toml::table& table, std::string_view pair) {
    const auto& bounds = array_of(table, pair);
    return between(number_of(bounds[0]), number_of(bounds[1]));
}

/// The values that {words} of a template stand for.
class Words {
  public:
    explicit Words(const toml::table& root) : root_{root} {}

    void set(std::string_view name, std::string value) {
        values_.insert_or_assign(std::string{name}, std::move(value));
    }

    /// Takes every text, number and date of a row.
    void set_row(const toml::table& row) {
        for (const auto& [name, node] : row) {
            if (const auto* text = node.as_string()) set(name.str(), text->get());
            if (const auto* number = node.as_integer())
                set(name.str(), fmt::to_string(number->get()));
            if (const auto* date = node.as_date())
                set(name.str(), fmt::format("{}-{:02}-{:02}", date->get().year,
                                            int{date->get().month}, int{date->get().day}));
        }
    }

    std::string fill(std::string_view pattern) const {
        std::string out;
        for (;;) {
            const auto open = pattern.find('{');
            out += pattern.substr(0, open);
            if (open == std::string_view::npos) return out;
            const auto close = pattern.find('}', open);
            if (close == std::string_view::npos) wrong("a { without its }");
            out += word(pattern.substr(open + 1, close - open - 1));
            pattern.remove_prefix(close + 1);
        }
    }

    std::string fill_one_of(std::string_view list) const {
        const auto* text = pick(array_of(root_, list)).as_string();
        if (text == nullptr) wrong(fmt::format("`{}` must be a list of texts", list));
        return fill(text->get());
    }

  private:
    std::string word(std::string_view name) const {
        if (const auto found = values_.find(name); found != values_.end()) return found->second;
        if (name == "role") return fill_one_of("roles");
        if (name == "env") return fill_one_of("envs");
        if (name == "site") return fill_one_of("sites");
        if (name == "word") return fill_one_of("words");
        return drawn(name);
    }

    static std::string drawn(std::string_view name) {
        if (name == "n") return fmt::to_string(between(1, 9));
        if (name == "nn") return fmt::format("{:02}", between(1, 24));
        if (name == "hex4") return hex_digits(4);
        if (name == "hex8") return hex_digits(8);
        if (name == "digits6") return fmt::to_string(between(210000, 989999));
        if (name == "digits8")
            return fmt::format("22{}", between(20010000000, 24112399999) / 100000);
        if (name == "octet") return fmt::to_string(between(1, 239));
        if (name == "private") return fmt::to_string(between(16, 31));
        if (name == "host") return fmt::to_string(between(4, 249));
        if (name == "uuid") return uuid4();
        wrong(fmt::format("nothing stands for {{{}}}", name));
    }

    const toml::table& root_;
    std::map<std::string, std::string, std::less<>> values_;
};

const toml::table& table_of(const toml::node& node) {
    const auto* table = node.as_table();
    if (table == nullptr) wrong("a row is missing");
    return *table;
}

/// A kernel that was out when the machine was booted and not older than such machines bear; else
/// the newest that was out; else the first.
const toml::table& pick_kernel(const toml::table& root, std::int64_t boot_time) {
    const auto age_max = number_of(*root.get("kernel_age_days")) * day_seconds;
    std::vector<const toml::table*> fit;
    const auto& all = array_of(root, "kernels");
    const auto* newest = &table_of(all[0]);
    for (const auto& node : all) {
        const auto& row = table_of(node);
        const auto* built = row["built"].as_date();
        if (built == nullptr) wrong("a kernel must have the date `built`");
        // Two days: nobody boots a kernel in the hour that it is uploaded.
        const auto age = boot_time - to_unix(built->get()) - 2 * day_seconds;
        if (age >= 0) newest = &row;
        if (age >= 0 && age <= age_max) fit.push_back(&row);
    }
    return fit.empty() ? *newest : *fit[crypto::random_below(fit.size())];
}

/// The processor that the platform is built with, any if it does not say.
const toml::table& pick_cpu(const toml::table& root, const toml::table& platform) {
    const auto& all = array_of(root, "cpu");
    const auto* named = platform["cpu"].as_string();
    if (named == nullptr) return table_of(pick(all));
    for (const auto& node : all)
        if (text_of(table_of(node), "model") == named->get()) return table_of(node);
    wrong(fmt::format("there is no processor `{}`", named->get()));
}

/// MemTotal: a page structure of 64 bytes for each page of 4 KiB is gone, and the kernel with its
/// tables and the firmware's areas (measured on Debian 12 with 1 GiB: 982636 KiB).
std::int64_t usable_memory_kib(std::int64_t memory_mib) {
    const auto plugged = memory_mib * 1024;
    return (plugged - plugged / 64 - between(49500, 76000)) / 4 * 4;
}

/// What df shows of an ext4 file system in a partition of a disk: the boot loader's space, the
/// inode tables (256 bytes for each 16 KiB), the journal and the bitmaps are not counted.
std::int64_t ext4_kib(std::int64_t disk_mib, std::int64_t swap_kib) {
    const auto partition = disk_mib * 1024 - between(1024, 131072) - swap_kib;
    const auto journal = partition >= 128LL << 20  ? 262144
                         : partition >= 32LL << 20 ? 131072
                                                   : 65536;
    const auto free_of_journal = partition < 16LL << 20 ? journal / 2 : journal;
    return (partition - partition / 64 - free_of_journal - partition / 8192) / 4 * 4;
}

void draw_hardware(const toml::table& root, const toml::table& platform, Persona& persona) {
    const auto& cpu = pick_cpu(root, platform);
    persona.cpu_model = text_of(cpu, "model");
    persona.cpu_vendor = text_of(cpu, "vendor");
    const auto& numbers = array_of(cpu, "numbers");
    persona.cpu_family = number_of(numbers[0]);
    persona.cpu_model_number = number_of(numbers[1]);
    persona.cpu_stepping = number_of(numbers[2]);
    persona.cpu_mhz = number_in(cpu, "mhz");
    persona.cpu_cache_kib = number_of(*cpu.get("cache_kib"));
    persona.cpu_flags = text_of(cpu, "flags");
    const auto& size = table_of(pick(array_of(root, "size")));
    persona.cpus = number_in(size, "cpus");
    persona.memory_kib = usable_memory_kib(number_of(*size.get("memory_mib")));
    persona.swap_kib = number_in(root, "swaps_kib");
    persona.disk_kib = ext4_kib(number_in(size, "disks_mib"), persona.swap_kib);
    persona.disk_used_kib =
        std::min(number_in_range(root, "used_kib"), persona.disk_kib * 7 / 10) / 4 * 4;
    persona.root_device = text_of(platform, "root_device");
    persona.root_type = text_of(root, "root_type");
    persona.mac = fmt::format("{}:{}:{}:{}", text_of(platform, "mac"), hex_digits(2), hex_digits(2),
                              hex_digits(2));
}

void draw_network(Words& words, Persona& persona) {
    persona.address = words.fill_one_of("networks");
    const auto slash = persona.address.find('/');
    auto host = persona.address.substr(0, slash);
    persona.gateway = host.substr(0, host.rfind('.')) + (between(0, 5) == 0 ? ".254" : ".1");
    std::ranges::replace(host, '.', '-');
    words.set("address_dashes", std::move(host));
}

void draw_system(const toml::table& root, Words& words, Persona& persona) {
    words.set_row(pick_kernel(root, persona.boot_time));
    const auto set = [&](std::string Persona::* member, std::string_view key) {
        persona.*member = words.fill(text_of(root, key));
        words.set(key, persona.*member);
    };
    set(&Persona::machine, "machine");
    set(&Persona::kernel_release, "kernel_release");
    set(&Persona::kernel_version, "kernel_version");
    set(&Persona::proc_version, "proc_version");
    persona.hostname = words.fill_one_of("hostnames");
    words.set("hostname", persona.hostname);
    persona.domain = words.fill_one_of("domains");
    persona.cmdline = words.fill_one_of("cmdlines");
    set(&Persona::issue, "issue");
    set(&Persona::motd, "motd");
    persona.image = text_of(root, "image");
    persona.telnet_server = text_of(root, "telnet_server");
    persona.ssh_server = text_of(root, "ssh_server");
    persona.ssh_identification = text_of(root, "ssh_identification"); // {revision} stays
    persona.every_user_is_root = root["every_user_is_root"].value_or(false);
}

struct Template {
    std::string_view name;
    const char* begin;
    const char* end;
};

constexpr std::array templates{
    Template{"debian", skep_persona_template_debian, skep_persona_template_debian_end},
    Template{"router", skep_persona_template_router, skep_persona_template_router_end},
};

} // namespace

std::vector<std::string_view> template_names() {
    std::vector<std::string_view> names(templates.size());
    std::ranges::transform(templates, names.begin(), &Template::name);
    return names;
}

std::string_view template_text(std::string_view name) {
    const auto* found = std::ranges::find(templates, name, &Template::name);
    return found == templates.end() ? std::string_view{}
                                    : std::string_view{found->begin, found->end};
}

Result<Persona> draw(std::string_view name, std::string_view toml, std::int64_t now_seconds) {
    TRY(const auto root, parse_toml(toml, name));
    Persona persona;
    persona.name = name;
    try {
        Words words{root};
        persona.boot_time = now_seconds - number_in_range(root, "boot_days") * day_seconds -
                            between(0, day_seconds - 1);
        const auto& platform = table_of(pick(array_of(root, "platform")));
        draw_hardware(root, platform, persona);
        draw_network(words, persona);
        draw_system(root, words, persona);
    } catch (const WrongTemplate& fault) {
        return fail(Fault::refused, fmt::format("template {}: {}", name, fault.what));
    }
    if (const auto fault = contradiction(persona); !fault.empty())
        return fail(Fault::refused, fmt::format("template {}: {}", name, fault));
    return persona;
}

Result<std::string> generate(std::string_view template_name, std::int64_t now_seconds) {
    const auto text = template_text(template_name);
    if (text.empty())
        return fail(Fault::refused, fmt::format("there is no persona template `{}`; there are {}",
                                                template_name, fmt::join(template_names(), ", ")));
    TRY(const auto persona, draw(template_name, text, now_seconds));
    return to_toml(persona);
}

} // namespace skep::persona
