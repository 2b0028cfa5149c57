#include "base/crypto/key_blob.hpp"

#include "base/crypto/elliptic.hpp"
#include "base/crypto/openssl.hpp"

#include <algorithm>
#include <array>

namespace skep::crypto {

namespace {

constexpr std::array types{
    KeyType{"ssh-ed25519", "ssh-ed25519", KeyFamily::ed25519},
    KeyType{"ssh-ed25519-cert-v01@openssh.com", "ssh-ed25519", KeyFamily::ed25519},
    KeyType{"sk-ssh-ed25519@openssh.com", "sk-ssh-ed25519@openssh.com", KeyFamily::ed25519_sk},
    KeyType{"sk-ssh-ed25519-cert-v01@openssh.com", "sk-ssh-ed25519@openssh.com",
            KeyFamily::ed25519_sk},
    KeyType{"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", KeyFamily::ecdsa, Curve::p256},
    KeyType{"ecdsa-sha2-nistp256-cert-v01@openssh.com", "ecdsa-sha2-nistp256", KeyFamily::ecdsa,
            Curve::p256},
    KeyType{"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384", KeyFamily::ecdsa, Curve::p384},
    KeyType{"ecdsa-sha2-nistp384-cert-v01@openssh.com", "ecdsa-sha2-nistp384", KeyFamily::ecdsa,
            Curve::p384},
    KeyType{"ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521", KeyFamily::ecdsa, Curve::p521},
    KeyType{"ecdsa-sha2-nistp521-cert-v01@openssh.com", "ecdsa-sha2-nistp521", KeyFamily::ecdsa,
            Curve::p521},
    KeyType{"sk-ecdsa-sha2-nistp256@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
            KeyFamily::ecdsa_sk},
    KeyType{"sk-ecdsa-sha2-nistp256-cert-v01@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
            KeyFamily::ecdsa_sk},
    KeyType{"ssh-dss", "ssh-dss", KeyFamily::dsa},
    KeyType{"ssh-dss-cert-v01@openssh.com", "ssh-dss", KeyFamily::dsa},
    KeyType{"ssh-rsa", "ssh-rsa", KeyFamily::rsa},
    KeyType{"ssh-rsa-cert-v01@openssh.com", "ssh-rsa", KeyFamily::rsa},
};

/// What sshkey_type_from_name takes besides: names of signatures, and short ones in any case.
struct Alias {
    std::string_view name;
    std::string_view stands_for;
    bool any_case = false;
};

constexpr std::array aliases{
    Alias{"rsa-sha2-256", "ssh-rsa"},
    Alias{"rsa-sha2-512", "ssh-rsa"},
    Alias{"rsa-sha2-256-cert-v01@openssh.com", "ssh-rsa-cert-v01@openssh.com"},
    Alias{"rsa-sha2-512-cert-v01@openssh.com", "ssh-rsa-cert-v01@openssh.com"},
    Alias{"webauthn-sk-ecdsa-sha2-nistp256@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"},
    Alias{"RSA", "ssh-rsa", true},
    Alias{"DSA", "ssh-dss", true},
    Alias{"ED25519", "ssh-ed25519", true},
    Alias{"ED25519-SK", "sk-ssh-ed25519@openssh.com", true},
};

bool is_alias(const Alias& alias, std::string_view name) {
    if (!alias.any_case) return alias.name == name;
    const auto upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; };
    return std::ranges::equal(alias.name, name, {}, {}, upper);
}

const KeyType* find_type(std::string_view name) {
    for (const auto& alias : aliases)
        if (is_alias(alias, name)) name = alias.stands_for;
    const auto* const found = std::ranges::find(types, name, &KeyType::name);
    return found == types.end() ? nullptr : found;
}

unsigned bit_length(std::string_view magnitude) {
    return static_cast<unsigned>(BN_num_bits(openssl::number_of(magnitude).get()));
}

bool read_rsa(SshReader& reader, PublicKey& key) {
    constexpr unsigned modulus_bits_min = 1024; // SSH_RSA_MINIMUM_MODULUS_SIZE
    key.exponent = reader.mpint();
    key.modulus = reader.mpint();
    key.plain_blob.mpint(key.exponent);
    key.plain_blob.mpint(key.modulus);
    return reader.ok() && bit_length(key.modulus) >= modulus_bits_min;
}

bool read_dsa(SshReader& reader, PublicKey& key) {
    key.modulus = reader.mpint();
    key.plain_blob.mpint(key.modulus);
    for (int i = 0; i < 3; ++i) // q, g, y
        key.plain_blob.mpint(reader.mpint());
    return reader.ok();
}

bool read_ecdsa(SshReader& reader, PublicKey& key) {
    const auto curve = reader.cstring();
    key.point = reader.string();
    key.plain_blob.string(curve);
    key.plain_blob.string(key.point);
    return reader.ok() && curve == info(key.type->curve).ssh_name &&
           is_acceptable_point(key.type->curve, key.point);
}

bool read_ed25519(SshReader& reader, PublicKey& key) {
    constexpr std::size_t point_bytes = 32;
    key.point = reader.string();
    key.plain_blob.string(key.point);
    return reader.ok() && key.point.size() == point_bytes;
}

bool read_fields(SshReader& reader, PublicKey& key) {
    switch (key.type->family) {
    case KeyFamily::rsa: return read_rsa(reader, key);
    case KeyFamily::dsa: return read_dsa(reader, key);
    case KeyFamily::ecdsa: return read_ecdsa(reader, key);
    case KeyFamily::ed25519: return read_ed25519(reader, key);
    case KeyFamily::ecdsa_sk:
        if (!read_ecdsa(reader, key)) return false;
        break;
    case KeyFamily::ed25519_sk:
        if (!read_ed25519(reader, key)) return false;
        break;
    }
    key.application = reader.cstring();
    key.plain_blob.string(key.application);
    return reader.ok();
}

bool are_principals(std::string_view list) {
    constexpr std::size_t principals_max = 256; // SSHKEY_CERT_MAX_PRINCIPALS
    SshReader reader{list};
    for (std::size_t count = 0; reader.ok() && reader.left() > 0; ++count) {
        if (count == principals_max) return false;
        (void)reader.cstring();
    }
    return reader.ok();
}

bool are_options(std::string_view list) {
    SshReader reader{list};
    while (reader.ok() && reader.left() > 0) {
        (void)reader.string(); // its name
        (void)reader.string(); // its value
    }
    return reader.ok();
}

std::optional<PublicKey> parse(std::string_view blob, bool allows_certificate);

/// What follows the key in a certificate (PROTOCOL.certkeys), up to its end.
bool is_signed_certificate(SshReader& reader, std::string_view blob) {
    constexpr std::string_view user{"\0\0\0\1", 4};
    constexpr std::string_view host{"\0\0\0\2", 4};
    (void)reader.raw(8); // serial
    const auto kind = reader.raw(4);
    (void)reader.cstring(); // key id
    const auto principals = reader.string();
    (void)reader.raw(8); // valid after
    (void)reader.raw(8); // valid before
    const auto critical_options = reader.string();
    const auto extensions = reader.string();
    (void)reader.string(); // reserved
    const auto authority = reader.string();
    const auto signed_part = blob.substr(0, blob.size() - reader.left());
    const auto signature = reader.string();
    if (!reader.ok() || (kind != user && kind != host) || !are_principals(principals) ||
        !are_options(critical_options) || !are_options(extensions))
        return false;
    const auto signer = parse(authority, false);
    return signer && verify(*signer, {}, signature, signed_part);
}

std::optional<PublicKey> parse(std::string_view blob, bool allows_certificate) {
    SshReader reader{blob};
    PublicKey key;
    key.type = find_type(reader.cstring());
    if (key.type == nullptr) return std::nullopt;
    const bool is_certificate = key.type->is_certificate();
    if (is_certificate && !allows_certificate) return std::nullopt;
    key.plain_blob.string(key.type->plain);
    if (is_certificate) (void)reader.string(); // nonce
    if (!read_fields(reader, key)) return std::nullopt;
    if (is_certificate && !is_signed_certificate(reader, blob)) return std::nullopt;
    if (!reader.done()) return std::nullopt;
    return key;
}

} // namespace

std::optional<PublicKey> parse_public_key(std::string_view blob) {
    return parse(blob, true);
}

} // namespace skep::crypto
