// The processes that `skep role` can be.
#pragma once

#include "sensor/role.hpp"
