#include "service/ssh/hassh.hpp"

#include "base/bytes.hpp"
#include "base/crypto/digest.hpp"

namespace skep::service::ssh {

std::string hassh_algorithms(std::string_view kex,
                             std::string_view ciphers,
                             std::string_view macs,
                             std::string_view compression) {
    std::string lists;
    lists.reserve(kex.size() + ciphers.size() + macs.size() + compression.size() + 3);
    lists.append(kex).append(1, ';').append(ciphers).append(1, ';');
    lists.append(macs).append(1, ';').append(compression);
    return lists;
}

std::string hassh(std::string_view algorithms) {
    return hex(crypto::digest(crypto::Hash::md5, algorithms));
}

} // namespace skep::service::ssh
