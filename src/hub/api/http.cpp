#include "hub/api/http.hpp"

#include <boost/json.hpp>

namespace skep::hub::api {

Response Response::error(unsigned status, std::string_view sentence) {
    Response response;
    response.status = status;
    const boost::json::object object{
        {"error", boost::json::string_view{sentence.data(), sentence.size()}}};
    response.body = boost::json::serialize(object);
    return response;
}

Response Response::json(std::string body) {
    Response response;
    response.body = std::move(body);
    return response;
}

} // namespace skep::hub::api
