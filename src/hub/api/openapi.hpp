// The description of the API, as bytes of the program (openapi.S).
#pragma once

#include <string_view>

namespace skep::hub::api {

/// The text of openapi.json.
std::string_view openapi_text();

} // namespace skep::hub::api
