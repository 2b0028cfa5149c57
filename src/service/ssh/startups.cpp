#include "service/ssh/startups.hpp"

#include "base/crypto/random.hpp"

namespace skep::service::ssh {

bool Startups::drops(std::size_t all, std::size_t of_source) const {
    const auto& [begin, percent, full, per_source] = limits_;
    if (per_source != 0 && of_source >= per_source) return true;
    if (all < begin) return false;
    if (all >= full || percent >= 100) return true;
    const auto chance = (100 - percent) * (all - begin) / (full - begin) + percent;
    return crypto::random_below(100) < chance;
}

bool Startups::admit(const std::string& source) {
    const auto found = by_source_.find(source);
    const auto of_source = found == by_source_.end() ? 0 : found->second;
    if (drops(count_, of_source)) return false;
    ++count_;
    ++by_source_[source];
    return true;
}

void Startups::release(const std::string& source) {
    const auto found = by_source_.find(source);
    if (found == by_source_.end()) return;
    --count_;
    if (--found->second == 0) by_source_.erase(found);
}

} // namespace skep::service::ssh
