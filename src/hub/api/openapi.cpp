#include "hub/api/openapi.hpp"

extern "C" {
extern const char skep_hub_openapi[];
extern const char skep_hub_openapi_end[];
}

namespace skep::hub::api {

std::string_view openapi_text() {
    return {skep_hub_openapi, skep_hub_openapi_end};
}

} // namespace skep::hub::api
