// The processes that `skep role` can be.
#pragma once

#include "cell/role.hpp"
#include "hub/role.hpp"
#include "recorder/role.hpp"
#include "sensor/role.hpp"
