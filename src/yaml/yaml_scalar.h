// What a YAML 1.1 scalar without quotes means, as kubectl reads it. Pure.
#pragma once

#include <string_view>

#include "base/json.h"

namespace holmes {

// null, a boolean, a number, or else a string. Source: https://yaml.org/type/ without base 60 and
// without timestamps, which kubectl takes as strings.
json::value read_plain_scalar(std::string_view text);

}  // namespace holmes
