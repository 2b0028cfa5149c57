// The processes that `skep role` can be.
#pragma once

#include "recorder/role.hpp"
#include "sensor/role.hpp"
