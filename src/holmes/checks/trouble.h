// Signs of trouble in what tools answered. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holmes {

// The first sum of a tool (the line above a table, the "health" of an object) that tells of
// something which is not as it should be: "3 rows; STATUS: 2 Bound, 1 Pending". Or the first
// answer, when nothing that was looked for exists. Restarts are history, and a sign only when the
// question is about them. It need not concern what a check asks about. nullopt: there is none.
std::optional<std::string> sign_of_trouble(std::string_view question,
                                           const std::vector<std::string>& answers);

}  // namespace holmes
