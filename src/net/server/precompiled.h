#pragma once

// What the files that move bytes are made of, compiled once.

#include <boost/asio.hpp>
#include <boost/beast/http.hpp>

#include "base/precompiled.h"
