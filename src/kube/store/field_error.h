// What is wrong with a field, in the API server's words. Pure.
// Rules: apimachinery's field errors; values are shown as Go shows them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "kube/store/refusal.h"

namespace holmes::kube::field {

// A detail stands behind a colon; "" leaves it out.
Cause required(std::string field, std::string_view detail = "");
Cause forbidden(std::string field, std::string_view detail);
Cause invalid(std::string field, const json::value& value, std::string_view detail);
// Without the value, which may be large.
Cause invalid(std::string field, std::string_view detail);
Cause type_invalid(std::string field, const json::value& value, std::string_view detail);
Cause duplicate(std::string field, const json::value& value);
Cause not_supported(std::string field, const json::value& value,
                    const std::vector<std::string>& supported);
// "may not be more than 5000 bytes": also where characters are counted.
Cause too_long(std::string field, int64_t max);
Cause too_many(std::string field, int64_t actual, int64_t max);

// Double-quoted with Go's escapes (strconv.Quote).
std::string quoted(std::string_view text);
// A number as Go's %v prints it: 30, 0.5, 1e+06.
std::string number_text(double number);
// JSON as Go's encoder writes it: members in the order of their names, numbers without a needless
// fraction.
std::string encoded(const json::value& value);

}  // namespace holmes::kube::field
