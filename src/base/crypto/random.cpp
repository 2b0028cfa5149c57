#include "base/crypto/random.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>

namespace skep::crypto {

namespace {

/// Longer ones are secrets, and rare.
constexpr std::size_t pooled_max = 31;

void fill(void* bytes, std::size_t count) {
    if (RAND_bytes(static_cast<unsigned char*>(bytes), static_cast<int>(count)) != 1) std::abort();
}

/// Bytes made in advance: OpenSSL looks at each call whether the process was forked, and a
/// handshake makes ten. The kernel empties the page in a child, which then makes its own.
class Pool {
  public:
    Pool()
        : page_{::mmap(
              nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)} {
        if (page_ == MAP_FAILED) std::abort();
        if (::madvise(page_, sizeof(Page), MADV_WIPEONFORK) == 0) return;
        ::munmap(page_, sizeof(Page));
        page_ = nullptr; // a kernel without: every byte is asked for
    }

    ~Pool() {
        if (page_ == nullptr) return;
        OPENSSL_cleanse(page_, sizeof(Page));
        ::munmap(page_, sizeof(Page));
        page_ = nullptr;
    }

    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    void take(char* to, std::size_t count) {
        if (page_ == nullptr) return fill(to, count);
        auto& page = *static_cast<Page*>(page_);
        if (page.left < count) {
            fill(page.bytes.data(), page.bytes.size());
            page.left = page.bytes.size();
        }
        page.left -= count;
        std::memcpy(to, page.bytes.data() + page.left, count);
        OPENSSL_cleanse(page.bytes.data() + page.left, count);
    }

  private:
    struct Page {
        std::size_t left;
        std::array<char, 4096 - sizeof(std::size_t)> bytes;
    };

    void* page_;
};

} // namespace

std::string random_bytes(std::size_t count) {
    static thread_local Pool pool;
    std::string bytes(count, '\0');
    if (count > pooled_max)
        fill(bytes.data(), count);
    else
        pool.take(bytes.data(), count);
    return bytes;
}

std::uint64_t random_below(std::uint64_t below) {
    // Values at or above the largest multiple of `below` would favour small results.
    const std::uint64_t limit = UINT64_MAX - UINT64_MAX % below;
    for (;;) {
        std::uint64_t value = 0;
        const auto bytes = random_bytes(sizeof value);
        std::memcpy(&value, bytes.data(), sizeof value);
        if (value < limit) return value % below;
    }
}

} // namespace skep::crypto
