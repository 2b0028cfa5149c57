#include "base/crypto/elliptic.hpp"

#include <openssl/core_names.h>
#include <openssl/obj_mac.h>
#include <openssl/params.h>

#include <array>
#include <utility>

namespace skep::crypto {

using openssl::must;
using openssl::must_have;

namespace {

constexpr std::array<CurveInfo, 3> curves{{
    {Curve::p256, "nistp256", "P-256", NID_X9_62_prime256v1, 256, Hash::sha256},
    {Curve::p384, "nistp384", "P-384", NID_secp384r1, 384, Hash::sha384},
    {Curve::p521, "nistp521", "P-521", NID_secp521r1, 521, Hash::sha512},
}};

std::array<openssl::Group, curves.size()> make_groups() {
    std::array<openssl::Group, curves.size()> groups;
    for (std::size_t i = 0; i < curves.size(); ++i)
        groups[i].reset(must_have(EC_GROUP_new_by_curve_name(curves[i].nid)));
    return groups;
}

/// "log2(x) > log2(order)/2" and "x < order - 1", of both coordinates.
bool is_ordinary_coordinate(const BIGNUM* coordinate, const EC_GROUP* group) {
    const BIGNUM* order = EC_GROUP_get0_order(group);
    const openssl::Number bound{must_have(BN_dup(order))};
    must(BN_sub_word(bound.get(), 1) == 1);
    return BN_num_bits(coordinate) > BN_num_bits(order) / 2 && BN_cmp(coordinate, bound.get()) < 0;
}

} // namespace

const CurveInfo& info(Curve curve) {
    return curves[std::to_underlying(curve)];
}

const EC_GROUP* group_of(Curve curve) {
    static const auto groups = make_groups();
    return groups[std::to_underlying(curve)].get();
}

bool is_acceptable_point(Curve curve, std::string_view point) {
    const auto* const group = group_of(curve);
    const std::size_t coordinate_bytes = (info(curve).bits + 7) / 8;
    if (point.size() != 1 + 2 * coordinate_bytes ||
        point.front() != static_cast<char>(POINT_CONVERSION_UNCOMPRESSED))
        return false;
    const openssl::Point parsed{must_have(EC_POINT_new(group))};
    // Says no to points that are not on the curve. The curves' cofactor is 1, so every other one
    // has the order of the group.
    if (!openssl::succeeds(EC_POINT_oct2point(group, parsed.get(), openssl::bytes_of(point),
                                              point.size(), nullptr)))
        return false;
    const auto x = openssl::number_of(point.substr(1, coordinate_bytes));
    const auto y = openssl::number_of(point.substr(1 + coordinate_bytes));
    return is_ordinary_coordinate(x.get(), group) && is_ordinary_coordinate(y.get(), group);
}

openssl::Key public_key(Curve curve, std::string_view point) {
    const openssl::KeyContext context{
        must_have(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr))};
    // OSSL_PARAM holds pointers to non-const; nothing is written to by an import.
    std::string name = info(curve).openssl_name;
    std::string bytes{point};
    std::array parameters{
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name.data(), name.size()),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, bytes.data(), bytes.size()),
        OSSL_PARAM_construct_end()};
    EVP_PKEY* key = nullptr;
    must(EVP_PKEY_fromdata_init(context.get()) == 1 &&
         EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.data()) == 1);
    return openssl::Key{key};
}

} // namespace skep::crypto
